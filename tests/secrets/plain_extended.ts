/**
 * The rules of the extended profile that are only tried at marks, as plain searches of the whole text: what they must find.
 *
 * @module
 */
import { isIpAddress } from "../../lib/secrets/ip_address.ts";
import { hasTokenChecksum, isPlaceholder } from "../../lib/secrets/token_checks.ts";

type Add = (start: number, end: number) => void;

const EMAIL =
  /(?<![\w.%+/-])[\w.%+-]{0,63}\w@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){1,8}[A-Za-z]{2,24}(?![\w-])/g;
const NO_EMAIL =
  /^(?:git|svn|hg|noreply|no-reply)@|@(?:[\w.-]+\.)?example\.[a-z]+$|@localhost|\.(?:png|jpe?g|gif|svg|webp|ico|js|mjs|ts|tsx|css|scss|html?|json|ya?ml|md|py|rb|go|rs|java|txt|sh)$/i;

function findEmails(text: string, add: Add): void {
  for (const { 0: value, index } of text.includes("@") ? text.matchAll(EMAIL) : []) {
    if (NO_EMAIL.test(value) || IN_ADDRESS.test(text.slice(Math.max(0, index - 72), index))) continue;
    add(index, index + value.length);
  }
}

/** `scheme://user:`, after which a password stands and no e-mail address. */
const IN_ADDRESS = /:\/\/[^\s@/"'<>]{0,64}:$/;

const OCTET = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const IPV4 = new RegExp(`(?<![\\w.-])${OCTET}(?:\\.${OCTET}){3}(?![\\w-]|\\.\\d)`, "g");
const IPV6 = /(?<![\w:.])(?=[\da-f:]{0,39}\d)[\da-f]{1,4}(?::[\da-f]{0,4}){2,7}(?![\w:.])/gi;
const BEFORE_VERSION =
  /(?:(?<![a-z])(?:version|release|ver|v|rev|build|section|rfc|chapter|oid)|version__|[<>~^]=?|[=!]=)[^\n\d]{0,12}$|[a-z]\/$/i;

function findAddresses(text: string, add: Add): void {
  for (const { 0: value, index } of text.matchAll(IPV4)) {
    if (/^(?:0|255)\./.test(value) || /^(?:\d\.){3}\d$/.test(value) && !isNearHost(text, index)) continue;
    if (!BEFORE_VERSION.test(text.slice(Math.max(0, index - 24), index))) add(index, index + value.length);
  }
  for (const { 0: value, index } of text.matchAll(IPV6)) {
    const groups = value.split(":").filter((group) => group !== "");
    if (groups.length >= 3 && groups.some((group) => group.length >= 3) && isIpAddress(value)) {
      add(index, index + value.length);
    }
  }
}

function isNearHost(text: string, index: number): boolean {
  return /dns|server|host|addr|ip\b/i.test(text.slice(Math.max(0, index - 60), index));
}

const NAME =
  /(?:api|access|secret|private|auth|encryption|signing|master)[_-]?key|secret|token|pass(?:word|wd|phrase)|pwd|credential/gi;
const GIVEN = /[\w-]{0,30}["'`]?\]?\s{0,8}(?::=|=>|=|:)\s{0,8}(["'`])([^"'`\s\\]{8,200})\1/y;
const PUBLIC_NAME =
  /public|hash|digest|sha|md5|checksum|etag|_id\b|csrf|pagination|next_?token|token_?type|tokeni[sz]er|placeholder|_url|_uri|_path|_name|_file|_header|_field/i;
const WORDS = /^[A-Za-z]+(?:[ _./:-][A-Za-z]+)*[_./:-]?$|^[\w./-]+\.[a-z]{2,4}$|^[a-z_]+[.(]/;

/** Addresses without a query, names of cloud resources, and marks such as a language model's `<|endoftext|>`. */
const NAME_OF_THING = /^https?:\/\/[^?@]*$|^arn:|^(?:<\/?|[[{|]).*[>\]}|]$/;

/** A value given to a name that says what it is. */
function findNamedValues(text: string, add: Add): void {
  for (const { 0: name, index } of text.matchAll(NAME)) {
    GIVEN.lastIndex = index + name.length;
    const match = GIVEN.exec(text);
    if (!match) continue;
    const value = match[2]!;
    const line = text.slice(
      Math.max(0, index - 40),
      index + match[0].length + name.length - value.length - 1,
    );
    if (PUBLIC_NAME.test(line.slice(line.lastIndexOf("\n") + 1))) continue;
    if (NAME_OF_THING.test(value) || WORDS.test(value) || isNoSecret(value)) continue;
    const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
    const start = GIVEN.lastIndex - 1 - value.length;
    if (kinds >= 2 && /\d|[^A-Za-z0-9_.-]/.test(value)) add(start, start + value.length);
  }
}

/** Whether a value only marks a secret's place, is a UUID, or has the form of a token and another checksum. */
function isNoSecret(value: string): boolean {
  const isForged = /^(?:gh[pousr]|npm)_[A-Za-z0-9]{36}$/.test(value) && !hasTokenChecksum(value);
  return isForged || UUID.test(value) || isPlaceholder(value);
}

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** By detector. */
export const PLAIN_RULES = { Email: findEmails, IpAddress: findAddresses, NamedValue: findNamedValues };
