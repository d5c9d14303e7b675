/**
 * Passwords that are words. By themselves they cannot be told from labels, types and placeholders; they are taken for
 * passwords where the name of their user stands beside them, or a sentence says so.
 *
 * @module
 */
import { isDummy } from "./token_checks.ts";
import { isReference } from "./value_checks.ts";

const LEAST = 4;
/** What stands in a password's place: its name, also in other languages, types, states, and users. */
const STAND_IN =
  /pass(?:word|wd|wort|code|phrase|e?$)|passw|pwd|secret|contrase|senha|wachtwoord|parola|heslo|salasana|username|credential|token|(?:my|your|the|some|new|old|any|db|user)_?(?:pass|pw|key)/i;
const WORD =
  /^(?:admin(?:istrator)?|root|guest|user\d?|test(?:er|ing)?\d?|none|null|nil|undefined|true|false|yes|no|on|off|default|required?|optional|mandatory|invalid|valid|incorrect|correct|wrong|empty|blank|missing|expired|weak|strong|hidden|masked|private|public|plain(?:text)?|encrypted|hashed|encoded|decrypted|disabled?|enabled?|allowed|denied|unknown|known|unset|set|reset|auto|random|generated?|prompt|ask|input|output|string|str|text|char|varchar|bytes?|any|object|number|integer|bool(?:ean)?|value|field|label|name|email|mail|login|auth|key|code|type|data|form|body|json|basic|bearer|digest|anonymous|nobody|self|this|postgres(?:ql)?|mysql|mongo(?:db)?|redis|rabbitmq|oracle|localhost|domain|here|todo|tbd|foo|bar|baz|qux|abcd?e?f?|xyz|hello|world|confirm(?:ation)?|forgot|change|update|current|original|same|equal|match(?:es)?|changed|not|simple|raw|clear|safe|secure|strict|ignore|skip|keep|omit|env|file|stdin|keyring|vault|interactive)$/i;

/**
 * Whether a value that is said to be a password may be one, be it a word.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isWordPassword } from "./word_passwords.ts";
 *
 * const values = ["whiteduke", "open_sesame", "mypassword", "required", "form.value", "abc"];
 * assertEquals(values.map(isWordPassword), [true, true, false, false, false, false]);
 * ```
 */
export function isWordPassword(value: string): boolean {
  const isMixed = /\d/.test(value) && /[A-Z]/.test(value) && !/^(?:pass|pw|test|your)/i.test(value);
  return value.length >= LEAST && new Set(value).size > 2 && /[A-Za-z]/.test(value) &&
    !WORD.test(value) && (isMixed || !STAND_IN.test(value)) && !isReference(value) && !isDummy(value) &&
    !/[()[\]{}<>]|^\W|^[A-Z_]+$|^[A-Z]*[a-z]+(?:[A-Z]+[a-z]+)+$/.test(value);
}

const PHRASE_STAND_IN =
  /^(?:my|your|the|some|new|old|user|db|smtp|app|admin|default|test|example|enter|confirm|forgot(?:ten)?|repeat|change|reset|retype|choose|type|invalid|wrong|show|hide)?[_-]?(?:my|your|the)?[_-]?(?:pass|secret)/i;
const LEAST_PHRASE = 12;

/**
 * {@linkcode isWordPassword} for one whose user stands beside it: a phrase may hold the word too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isPairedPassword } from "./word_passwords.ts";
 *
 * assertEquals(["thisisthepassword", "my_password", "quetzal"].map(isPairedPassword), [true, false, true]);
 * ```
 */
export function isPairedPassword(value: string): boolean {
  return isWordPassword(value) ||
    value.length >= LEAST_PHRASE && /^[a-z]+$/.test(value) && !PHRASE_STAND_IN.test(value);
}

const USER_NAME = "(?:user(?:_?name|_?id)?|login|account|uid|usr|email)";
const ANY_USER = /user|login|account|uid|usr|email/i;
/** The name of a user, as a value in quotes. */
const QUOTED_USER = new RegExp(
  `(${USER_NAME})\\\\?["'\`\\]]{0,2}\\s{0,20}(?:=>|:=|={1,3}|:|,)?\\s{0,20}\\\\?["'\`]([^"'\`\\n\\\\]{2,80})\\\\?["'\`]`,
  "gi",
);
/** The same without quotes, on a line of its own, with the blanks around what assigns. */
const BARE_USER = new RegExp(
  `^[ \\t#;*/-]{0,9}[\\w.-]{0,40}(${USER_NAME})([ \\t]{0,8})([=:])([ \\t]{0,8})([\\w.@\\\\-]{2,80})[ \\t]*(?:(?:#|//|;).*)?\\r?$`,
  "gim",
);
const NEAR = 300;
const NEAR_LINES = 5;

/** Where a value stands. */
export interface NamedPlace {
  /** Where its name begins. */
  index: number;
  start: number;
  isQuoted: boolean;
}

/**
 * Whether the name of a user stands in the few lines before a password, in the same syntax.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isBesideUser } from "./word_passwords.ts";
 *
 * const text = "user = Aladdin\n// of the lamp\npassword = open_sesame\n";
 * assertEquals(isBesideUser(text, { index: 30, start: 41, isQuoted: false }), true);
 * assertEquals(isBesideUser(text, { index: 30, start: 41, isQuoted: true }), false);
 * ```
 */
export function isBesideUser(text: string, { index, start, isQuoted }: NamedPlace): boolean {
  const near = text.slice(Math.max(0, index - NEAR), index);
  if (!ANY_USER.test(near)) return false;
  let from = near.length;
  for (let line = 0; line < NEAR_LINES && from > 0; line++) from = near.lastIndexOf("\n", from - 1);
  const before = near.slice(Math.max(0, from));
  if (isQuoted) {
    const [, name, user] = [...before.matchAll(QUOTED_USER)].at(-1) ?? [];
    return user !== undefined && !isLabel(user) && fitsName(user, name!);
  }
  const assigned = /([ \t]{0,8})([=:])([ \t]{0,8})$/.exec(text.slice(index, start));
  if (!assigned) return false;
  const user = [...before.matchAll(BARE_USER)].at(-1);
  return user !== undefined && user.slice(2, 5).join("|") === assigned.slice(1, 4).join("|") &&
    !isLabel(user[5]!) && !isReference(user[5]!) && fitsName(user[5]!, user[1]!);
}

/** Whether a user is an address where its name says so. */
function fitsName(user: string, name: string): boolean {
  return !/mail/i.test(name) || user.includes("@");
}

/** Whether what stands in a user's place only says so. */
function isLabel(user: string): boolean {
  return /^(?:e?-?mail|user(?:_?name| name)?|login|account|name|string|str|text|required|none|null|true|false)$/i
    .test(user);
}
