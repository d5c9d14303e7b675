/**
 * What tells a value that someone drew from one that someone wrote: words, paths, references, numbers of versions.
 *
 * @module
 */
import { BASE64, HEX, shannonEntropy } from "./entropy.ts";
import { gibberishScore } from "./gibberish.ts";
import { isDummy } from "./token_checks.ts";

const IS_HEX = /^(?:[\da-f]+|[\dA-F]+)$/;
const LEAST_RANDOM = 14;
/** Between the mean surprise of letters of English (2.7) and of random ones (4.8); 97 of 100 identifiers lie below. */
const LETTERS_OF_WORDS = 3.4;
const CLEARLY_WORDS = 3.1;

/**
 * Whether a value was drawn at random, by itself: of 14 characters or more, with digits among its letters, and letters
 * that follow one another unlike those of words.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isRandom } from "./value_checks.ts";
 *
 * const values = ["q7zk2mx9" + "bv4w8tj1", "Utf8ArrayOfBytes32", "1234567890123456", "0a1b2c3d".repeat(4)];
 * assertEquals(values.map(isRandom), [true, false, false, true]);
 * ```
 */
export function isRandom(value: string): boolean {
  if (value.length < LEAST_RANDOM || !/\d/.test(value) || !/[A-Za-z]/.test(value)) return false;
  if (IS_HEX.test(value)) {
    return shannonEntropy(value, HEX.charset) > 2.6 && value.replace(/\D/g, "").length >= 3;
  }
  const digits = value.replace(/\D/g, "").length;
  return digits >= 2 && digits <= value.length * 0.8 && gibberishScore(value) >= LETTERS_OF_WORDS &&
    shannonEntropy(value, BASE64.charset) > 2.9 && !/\d{9}/.test(value.replace(/^\d+|\d+$/g, ""));
}

/**
 * Whether a value is words with a number, such as a name with a version.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isWordy } from "./value_checks.ts";
 *
 * assertEquals(["refresh_token_v2", "q7Zk2mX9"].map(isWordy), [true, false]);
 * ```
 */
export function isWordy(value: string): boolean {
  const letters = value.replace(/[^A-Za-z]/g, "").length;
  return letters >= value.length * 0.65 && /[a-z]{4}|[A-Z]{4}/.test(value) &&
    gibberishScore(value) < CLEARLY_WORDS;
}

const PATH =
  /^(?:\.{0,2}|~|[A-Za-z]:)[\\/](?![^\\/]*=)|^[\w.-]+(?:\/[a-z._-]+\d?){2,}$|^[\w.-]*\/[\w./@-]*\.[a-z]\w{0,7}$/;
const FILE =
  /^[\w./-]+\.(?:py|js|ts|json|ya?ml|txt|md|pem|key|crt|cer|p12|pfx|jks|xml|html?|php|rb|go|rs|java|properties|env|conf|cfg|ini|sh|css|pub|enc|gpg|local|com|org|net|io)$/i;
/** Members, calls, templates, and what a shell or a template fills in. */
const REFERENCE =
  /^[$%@&*!#{<[(]|^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$|^[A-Za-z_][\w.:]*[([]|::|->|\$\{|\{\{|^(?:env|var|vault|secret|ssm|kms|ref|op|keyring|aws|arn|urn|sha\d+|md5|enc|file|ssh|git|data|blob|about)[:.-]|^(?:self|this|os|process|config|settings|options|request|args|ctx)\b/i;
const NUMBER =
  /^[\d.,:_/-]+(?:[a-z]{1,3}|px)?$|^0x[\da-f]{1,16}n?$|^\d+(?:\.\d+)+[\w.+-]*$|^\d{4}-\d\d-\d\d/i;
/** Names of types and algorithms. */
const TECHNICAL =
  /(?<![A-Za-z])(?:[uifvrxpnhb]|s3|ec|ed|es|ps|web|win|aes|rsa|ecdsa|dsa|hmac|crc|tls|k8s|e2e|log4j)[-_]?\d{1,5}|(?:[Uu]?[Ii]nt|[Ff]loat|[Uu][Tt][Ff]|[Bb]ase|SHA|[Ss]ha|MD|[Mm]d|AES|RSA|HMAC|[Oo]?[Aa]uth|[Hh]ttp|[Ii][Pp]v|[Cc]urve|[Ee]d|[Xx]|[Aa]rgon|[Pp]ython|[Jj]ava)[-_]?\d{1,5}/g;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Whether a value is the path or name of a file.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isPath } from "./value_checks.ts";
 *
 * assertEquals(["/run/secrets/db_1", "key2.pem", "q7Zk/2mX9"].map(isPath), [true, true, false]);
 * ```
 */
export function isPath(value: string): boolean {
  return PATH.test(value) || FILE.test(value);
}

/**
 * Whether a value is a number, a version, a date, or the like.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isNumber } from "./value_checks.ts";
 *
 * assertEquals(["1.3.6.1.5.5.7", "2026-01-02", "1q7Zk2mX9"].map(isNumber), [true, true, false]);
 * ```
 */
export function isNumber(value: string): boolean {
  return NUMBER.test(value);
}

/**
 * Whether a value stands for something else: a path, a reference, a number, an address, a placeholder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isReference } from "./value_checks.ts";
 *
 * const values = ["/run/secrets/db_1", "${TOKEN}", "os.environ", "key2.pem", "1.2.3", "q7Zk/2mX9"];
 * assertEquals(values.map(isReference), [true, true, true, true, true, false]);
 * ```
 */
export function isReference(value: string): boolean {
  return isPath(value) || REFERENCE.test(value) || isNumber(value) ||
    isDummy(value);
}

/**
 * Whether a value is a UUID.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isUuid } from "./value_checks.ts";
 *
 * assertEquals(isUuid("182663ab-3ccb-20c3-1097-3ce15d0bfa45"), true);
 * ```
 */
export function isUuid(value: string): boolean {
  return UUID.test(value);
}

/**
 * Whether a value that nothing quotes may be a password: letters, and digits within or signs, but no name of a type, of a
 * variable or of an algorithm.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isLikePassword } from "./value_checks.ts";
 *
 * const values = ["hunter2hunter2", "dY^5Ke76", "Uint8Array", "password1", "changed"];
 * assertEquals(values.map(isLikePassword), [true, true, false, false, false]);
 * ```
 */
export function isLikePassword(value: string): boolean {
  if (!/[A-Za-z]/.test(value)) return false;
  const rest = value.replace(TECHNICAL, "");
  const hasSign = /[!@#$%^&*?+~=]/.test(value) && !/^[\w.-]+[=?*]{1,2}$/.test(value);
  if (hasSign) return true;
  return /\d\D|\d\d/.test(rest) && !/^(?:pass|pwd|user|token|key|secret|test)/i.test(value);
}
