/**
 * Values given to names that say that they are secret, in whatever syntax: assignments of programming languages and of
 * configuration files, quoted or not, XML, arguments of calls, defaults of variables of the environment.
 *
 * What is not quoted must be random by itself, or be a password that ends its line: in most languages a name would stand
 * there.
 *
 * @module
 */
import { asciiUnits } from "./ascii_units.ts";
import { MarkFinder } from "./marks.ts";
import { isTechnical } from "./technical_values.ts";
import { hasTokenChecksum, isPlaceholder } from "./token_checks.ts";
import { isLikePassword, isNumber, isPath, isRandom, isReference, isUuid, isWordy } from "./value_checks.ts";
import { isBesideUser, isPairedPassword, isWordPassword } from "./word_passwords.ts";

type Add = (start: number, end: number) => void;

/** The names. */
export const SECRET_NAME =
  /(?:api|access|secret|private|auth|encrypt|encryption|signing|master|license|shared|account|storage|primary|consumer|deploy|hmac|jwt|cipher|crypto|app|subscription|validation|decryption|project)[_.-]?key|_key(?![a-z])|secret|token|pass(?:word|wd|phrase|code)|pwd|credential|(?<![a-z])(?:pass|pw)(?=["'`]{0,1} {0,2}[:=])|_pass|[_-]auth(?![a-z])/iy;

const PASSWORD_NAME = /pass|pwd|^pw$/i;
const STRONG_NAME = /api[_.-]?key|client[_.-]?secret|(?:access|auth)[_.-]?token/i;
const PUBLIC_NAME =
  /public|hash|digest|sha|md5|checksum|etag|_id\b|csrf|authenticity|redacted|page_?token|idempotency|client_?request_?token|creation_?token|pagination|next_?token|token_?type|tokeni[sz]er|placeholder|_url|_uri|_path|_name|_file|_header|_field/i;
/** What a name goes on with when it tells something about the secret. */
const ABOUT =
  /^(?:s?[_.-]?(?:path|file|name|ur[il]|field|header|id|type|len(?:gth)?|size|count|expir\w*|ttl|timeout|regex|pattern|format|label|title|hint|error|message|prefix|suffix|policy|class|arn|alg\w*|endpoint|dir|index|column|version|source|provider|manager|service|handler|validator|length|lifetime|strategy|mode|status|time|date|at|enabled|required|location|scope|param\w*|model|store|selector|input|attr(?:ibute)?|accessor|salt|identifier|fingerprint|map|maps))s?$/i;
/** The same, before more words: `secretPathUrlEncoded`. */
const ABOUT_FIRST = /^_(?:path|file|name|ur[il]|field|header|type|label|accessor)(?=_)/i;
const ABOUT_FIRST_IN_CAMELS = /^(?:Path|File|Name|Ur[il]|Field|Header|Type|Label|Accessor)(?=[A-Z])/;
/** And after some. */
const ABOUT_LAST =
  /(?:_(?:path|file|name|ur[il]|field|header|type|label|pattern|format|regex|size|count|length|timeout|ttl|message|error|code|policy)|_(?:PATH|FILE|NAME|UR[IL]|FIELD|HEADER|TYPE|LABEL|PATTERN|FORMAT|REGEX|SIZE|COUNT|LENGTH|TIMEOUT|TTL|MESSAGE|ERROR|CODE|POLICY)|[a-z](?:Path|File|Name|Ur[il]|Field|Header|Type|Label|Pattern|Format|Regex|Size|Count|Length|Timeout|Ttl|Message|Error|Code|Policy))s?$/;
/** passed, passing, passenger */
const NO_PASSWORD = /^(?:ed|es|ing|enger|ive|ion|age)(?![a-z])/;
/** Names in a list of them. */
const LISTED = /^[A-Za-z]+\d{0,3}(?:_[A-Za-z]+\d{0,3}){2,}$/;

/** A name's rest, and the quote and bracket that close it. */
const TAIL = "([\\w.-]{0,30})(\\\\?[\"'`]?)\\]?\\)?";
const QUOTED = new RegExp(
  `${TAIL}\\s{0,8}(?:[=!]==?|(?<=\\.equals)\\(|:{0,3}=|=>|[?+|]=|:|,|\\|\\||\\?\\?|\\?:|(?::\\s?[\\w&' ]{1,20}|\\bstring\\s?|\\w{1,9}\\s)=|(?<=passw(?:or)?d)(?=[ \\t]{1,4}["']))\\s{0,20}` +
    "(?:(?:Some|Ok|String|Optional\\.of|Box::new|Secret\\w{0,9}(?:::new)?)\\(|[rbuf@$]{1,2}|'(?=\")|\"(?='))?" +
    "(\\\\?[\"'`])((?:(?!\\3)[^\\s\\\\]|\\\\[1-9]){5,300})\\3",
  "y",
);
const UNQUOTED = new RegExp(
  `${TAIL}[ \\t]{0,8}(?::{0,3}=|[?+|]=|=>|:)[ \\t]{0,8}` +
    '(?!["\'`;,<>(){}[\\]|&\\\\$])(?=([^\\s"\'`;,<>(){}[\\]\\\\]{6,300}))\\3(?=$|[\\s;,<)\\]}"\'`]|\\\\[nrt"])',
  "my",
);
const IN_XML =
  /([\w.:-]{0,30})(?:\s[^<>\n]{0,80})?>\s{0,40}(?:<!\[CDATA\[)?([^\s<>\]]{6,200})(?:\]\]>)?\s{0,40}<\//y;
const AS_VALUE =
  /([\w.-]{0,30})["']?[\s,]{0,40}(?:<\/key>\s{0,40}<string>|["']?\bvalue["']?\s{0,4}[=:]\s{0,4}|\{\s{1,20}(?:(?:type|description|sensitive)[^\n]{0,120}\n\s{0,20}){0,3}default\s{0,20}=\s{0,4})(?=["']|[^\s"'<>,;{}()]{6,200}(?:["'<\s]|$))["']?([^\s"'<>]{6,200})(?=["'<\s]|$)/my;
const BY_COMMAND = /([\w.-]{0,30})[ \t]{1,8}["']?([^\s"'=]{6,200})["']?[ \t]*$/my;
const LINE_OF_COMMAND = /(?:^|\n)[ \t]*(?:ENV|ARG|setenv|SetEnv|set|env)[ \t]+[\w.-]*$/;
/** A line that begins with the name, but for what declares or comments it out. */
const LINE_OF_CONFIGURATION =
  /(?:^|\n|\\n)[ \t]*(?:[-#;*]|\/\/)?[ \t]*(?:(?:export|ENV|ARG|set|setx|declare|-e|--env)[ \t]+)?["']?(?:[\w.-]|\/(?!\/))*$/;
/** A variable of the environment, in a command. */
const VARIABLE = /(?:^|[\s"'`;(])[A-Z][A-Z0-9_]*$/;
const WORDS = /^[A-Za-z]+(?:[ _./:-][A-Za-z]+)*[_./:-]?$|^[\w./-]+\.[a-z]{2,4}$|^[a-z_]+[.(]/;
/** Between two strings rather than in one, a selector of a page, or a route of Rails. */
const NO_STRING = /^[,;:)\]}+].*[,:=({[+]$|^[#.][A-Za-z][A-Za-z-]*$|^[\w-]+(?:\/[\w-]+)+#\w+$/;
/** Addresses without a query, names of cloud resources, and marks such as a language model's `<|endoftext|>`. */
const NAME_OF_THING =
  /^[a-z][\w+.-]{0,20}:\/\/[^?@:]*$|^https?:\/\/[^?@]*$|^arn:|^(?:<\/?|[[{|]).*[>\]}|]$|^\w+\(.*\);?$/;

/** What compares a value, after a name. */
const COMPARED = /[=!]=|\.equals\(/;
/** Of a word that is given to a variable of the environment. */
const LEAST_WORD = 7;
/** Of a random value whose name only says that it is a key. */
const LEAST_KEY = 20;
/** A JSON web token, which has dots as members have. */
const TOKEN_OF_PARTS = /^eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}$/;
const SIGNED_WORDS = /^\w{4,}[!@#$%^&*]\w{4,}$/;

let names: MarkFinder | undefined;

/**
 * Adds the values of a text that are given to secret names.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findNamedValues } from "./named_values.ts";
 *
 * const found: string[] = [];
 * const text = "DB_PASSWORD=hunter2hunter2\napi_key: 'q7Zk2mX9aa'\ntoken = parse(text)\n";
 * findNamedValues(text, (start, end) => void found.push(text.slice(start, end)));
 * assertEquals(found, ["hunter2hunter2", "q7Zk2mX9aa"]);
 * ```
 */
export function findNamedValues(text: string, add: Add): void {
  let end = 0;
  names ??= new MarkFinder([SECRET_NAME]);
  names.walk(asciiUnits(text), (_, index) => {
    SECRET_NAME.lastIndex = index;
    const name = index < end ? undefined : SECRET_NAME.exec(text)?.[0];
    if (name === undefined) return;
    end = index + name.length;
    addNamedValue(text, { name, index }, add);
  });
}

/** A value that was read, and how. */
interface Read {
  value: string;
  start: number;
  tail: string;
  isQuoted: boolean;
}

/**
 * Adds the value that is given to a name, where it is one of a secret.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { addNamedValue } from "./named_values.ts";
 *
 * const found: number[][] = [];
 * addNamedValue("token: 'q7Zk2mX9aa'", { name: "token", index: 0 }, (start, end) => void found.push([start, end]));
 * assertEquals(found, [[8, 18]]);
 * ```
 */
export function addNamedValue(
  text: string,
  { name, index }: { name: string; index: number },
  add: Add,
): void {
  const isKey = /^_key$/i.test(name);
  if (isKey && name !== "_KEY") return;
  const at = index + name.length;
  const before = text.slice(Math.max(0, index - 60), index);
  const read = readValue(text, at, before);
  if (!read) return;
  const { value, start, tail, isQuoted } = read;
  const line = before.slice(-40) + text.slice(index, start);
  if (PUBLIC_NAME.test(line.slice(line.lastIndexOf("\n") + 1))) return;
  if (
    ABOUT.test(tail) || /pass$/i.test(name) && NO_PASSWORD.test(tail) || ABOUT_FIRST.test(tail) ||
    ABOUT_FIRST_IN_CAMELS.test(tail) || ABOUT_LAST.test(tail) ||
    /[a-z]/.test(tail.slice(0, 1)) && /[A-Z]/.test(tail.slice(1, 2)) && ABOUT.test(tail)
  ) return;
  const isPassword = PASSWORD_NAME.test(name) || PASSWORD_NAME.test(tail);
  if (isUuid(value)) {
    const lead = /[\w.-]*$/.exec(before)![0];
    if (STRONG_NAME.test(lead + name + tail)) add(start, start + value.length);
    return;
  }
  if (value.replace(/[,;]$/, "") === /[\w.-]*$/.exec(before)![0] + name + tail) return;
  if (!isQuoted && LISTED.test(value)) return;
  const isSecret = /^secret$/i.test(name) && tail === "";
  const isCompared = COMPARED.test(text.slice(at, start));
  if (isNoSecret(value) || isCompared && !isPassword && !isSecret) return;
  if (isKey && (value.length < LEAST_KEY || !isRandom(value))) return;
  const isVariable = isPassword && text[at + tail.length] === "=" && VARIABLE.test(before + name + tail);
  const isLine = isPassword && LINE_OF_CONFIGURATION.test(before) && endsLine(text, start + value.length);
  const isFound = isQuoted
    ? isQuotedSecret(value, isPassword || isSecret && SIGNED_WORDS.test(value))
    : isBareSecret(value, isVariable || isLine);
  const isWord = (): boolean => {
    if (isCompared && isQuoted && (isPassword && tail === "" || isSecret) && isWordPassword(value)) {
      return true;
    }
    if (!isPassword || !(isQuoted || isLine)) return false;
    if (isVariable && isLine && value.length >= LEAST_WORD && isWordPassword(value)) return true;
    return isPairedPassword(value) && isBesideUser(text, { index, start, isQuoted });
  };
  if (isFound || isWord()) add(start, start + value.length);
}

function readValue(text: string, at: number, before: string): Read | undefined {
  const read = (pattern: RegExp, group: number, isQuoted: boolean, from?: number): Read | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    const value = match?.[group];
    if (!match || value === undefined) return undefined;
    const start = from === undefined
      ? match.index + match[0].lastIndexOf(value)
      : pattern.lastIndex - from - value.length;
    return { value, start, tail: match[1]!, isQuoted };
  };
  const quoted = read(QUOTED, 4, true);
  if (quoted) {
    return text.slice(at, quoted.start).includes(",") && !isArgument(text, at, quoted) ? undefined : quoted;
  }
  const next = text[at + /^[\w.-]{0,30}/.exec(text.slice(at, at + 31))![0].length];
  if (next === ">" || next === " " && /<[\w.:-]*$/.test(before)) {
    const inXml = /<[\w.:-]*$/.test(before) ? read(IN_XML, 2, false) : undefined;
    if (inXml) return { ...inXml, isQuoted: true };
  }
  const asValue = read(AS_VALUE, 2, false);
  if (asValue) return { ...asValue, isQuoted: true };
  if (LINE_OF_COMMAND.test(before)) {
    const byCommand = read(BY_COMMAND, 2, false);
    if (byCommand) return byCommand;
  }
  const bare = read(UNQUOTED, 3, false);
  return bare && { ...bare, value: bare.value.replace(/&[\w-]+=.*$/, "") }; // the next of a query
}

/** After a comma a value is only given to a name that is quoted itself, and often something else stands there. */
function isArgument(text: string, at: number, { start, value }: Read): boolean {
  return /^[\w.-]*\\?["'`]/.test(text.slice(at, start)) && !isWordy(value) && !LISTED.test(value) &&
    !/^["'`]\s?:/.test(text.slice(start + value.length, start + value.length + 3)) &&
    (isRandom(value) || isLikePassword(value)) && !value.startsWith("-");
}

function endsLine(text: string, end: number): boolean {
  return /^(?:[ \t]*(?:#|\/\/|;)[^\n]*|[ \t,;"']*)(?:\r?\n|\\[nr]|$)/.test(text.slice(end, end + 200));
}

/** Whether a value only marks a secret's place, or has the form of a token and another checksum. */
function isNoSecret(value: string): boolean {
  const isForged = /^(?:gh[pousr]|npm)_[A-Za-z0-9]{36}$/.test(value) && !hasTokenChecksum(value);
  return isForged || isPlaceholder(value) || isTechnical(value) || NAME_OF_THING.test(value) ||
    NO_STRING.test(value);
}

function isQuotedSecret(value: string, isPassword: boolean): boolean {
  if (
    WORDS.test(value) && !isRandom(value.slice(value.indexOf(".") + 1)) || value.length < (isPassword ? 6 : 8)
  ) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  if (kinds < 2 || !/\d|[^A-Za-z0-9_.-]/.test(value)) return false;
  return !isPath(value) && !isNumber(value) && (isPassword || !isWordy(value));
}

function isBareSecret(value: string, isWholeLine: boolean): boolean {
  if (isReference(value) && !TOKEN_OF_PARTS.test(value)) return false;
  if (isRandom(value)) return true;
  return isWholeLine && value.length >= 7 && !WORDS.test(value) && isLikePassword(value);
}
