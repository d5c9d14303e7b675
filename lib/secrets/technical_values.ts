/**
 * Values that stand beside names of secrets and say something of them: names of algorithms, ranges of versions, rules of a
 * validation, sentences, pieces of strings. They were seen in public code that was read by hand (docs/detection.md).
 *
 * @module
 */

/** Parts of names of algorithms, between digits and what joins them. */
const OF_ALGORITHMS = new Set(
  ("aws aes rsa dsa ecdsa ecdh ecies ed ec chacha xchacha poly salsa hmac cmac kmac sha shake md gcm cbc ctr ecb cfb ofb " +
    "ccm siv xts hkdf pbkdf scrypt bcrypt argon pkcs oaep pss des camellia blowfish kyber ml kem secp p b k r v hs rs es " +
    "ps kw pad padding with and none curve x ssh nistp cert openssh ecc nist symmetric default a gcmkw dir")
    .split(" "),
);

function isAlgorithm(value: string): boolean {
  const parts = value.toLowerCase().split(/[^a-z]+/).filter((part) => part !== "");
  return parts.length > 0 && parts.every((part) => OF_ALGORITHMS.has(part)) && /^[\w./:+@-]+$/.test(value);
}

/** Ranges of versions, as lists of packages write them. */
const VERSIONS = /^(?:npm:|workspace:)\d[\w.-]*$|^(?:npm:|workspace:)?(?:[~^<>=!|,]{1,4}v?\d[\w.*+-]*)+$/;
/** Rules of a validation: `required|string|max:255`. */
const VALIDATION =
  /^[a-z_]+(?::[\w,.]+)?(?:\|[a-z_]+(?::[\w,.]+)?)+$|^(?:required|confirmed|nullable|sometimes)\|/;
/** A hash that says which. */
const HASHED = /^(?:hmac-)?(?:sha\d{1,3}|md5|blake\w{1,3})[:-]|-HMAC-SHA\d{1,3}$/i;
/** An expression whose last character belongs to the code around, and the first part of a joined string: `code=`. */
const PIECE = /^[A-Za-z_]\w*[),;]+$|^[A-Za-z]+(?:[_-][A-Za-z]+)*=$/;
/** A type: `?string`. */
const TYPE = /^\??(?:string|number|bool(?:ean)?|any|object|int|byte|char)(?:\[\]|\?|<.*>)?$/i;
/** A parameter of a query, a name of a locale or of a store, a pattern, an action of a route, a member, a constant. */
const NAME =
  /^[:?]\w+,?$|^[&?]\w+=|^\d+[iuf]\d+$|\{[\w$.]+[(}]|^[a-z]{2,3}_\w{2,4}$|^_[a-z\d]+(?:_[a-z\d]+)+$|^\^.*\$$|^[a-z]+(?:_[a-z]+)+[!?]$|^_[a-z]+(?:[A-Z][a-z\d]+)+$|^crwdns\d|^\d+\.(?:second|minute|hour|day|week|month|year)s?$|^[A-Z]{3,}=[\w-]+$|\w\?\.\w|^(?=.*(?:PASS|SECRET|TOKEN|KEY))[A-Z][A-Z\d]*(?:_[A-Z\d]+)+$/;
/** A part of a list of attributes: `uniqueIdentifier=user`. */
const ATTRIBUTE = /^[A-Za-z]+=[A-Za-z]+$/;
/** Letters beyond ASCII: words of another language have no digits. */
const OTHER_WORDS = /^(?=.*[^\0-\x7f])[^\d@#$%^*+=]*$/;

/** Words joined as the names of features are: `pm-27278-v2-password-registration`. */
function isFlag(value: string): boolean {
  const parts = value.split("-");
  return parts.length >= 4 && parts.every((part) => /^[a-z\d]+$/.test(part)) &&
    parts.filter((part) => /^[a-z]{2,}$/.test(part)).length >= parts.length / 2;
}

function isMostlyBeyond(value: string): boolean {
  return value.replace(/[\0-\x7f]/g, "").length > value.length * 0.4;
}

/**
 * Whether a value only says something of a secret.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isTechnical } from "./technical_values.ts";
 *
 * const technical = ["aes256-gcm96", "AWS4-HMAC-SHA256", "npm:^4.0.0", "<2.0.5|>=3,<3.0.3", "required|string|max:255",
 *   "hmac-sha256:f9320baf0249169e", "api_key_value)", "passcode=", "?string", "PROVIDER14-HMAC-SHA256", "A128CBC-HS256", "1132u16", "?min_passed,", "&code=7", "8文字以上",
 *   "x{name}", ":password", "en_001", "_sf2_meta", "^.{8,32}$", "fetch_password!", "_mockType2String", "pm-27278-v2-password-registration", "npm:2.0.1", "crwdns12368:0", "6.hours", "TYPE=ext4", "confirmed|", "Unlock?.Salt", "DB4_PASSWORD", "uniqueIdentifier=user", "APIトークン削除"];
 * assertEquals(technical.filter((value) => !isTechnical(value)), []);
 * const secrets = ["q7Zk2mX9", "hunter2|q7", "pässword77", "P2$word=", "q7Zk2mX9=="];
 * assertEquals(secrets.filter(isTechnical), []);
 * ```
 */
export function isTechnical(value: string): boolean {
  return isAlgorithm(value) || VERSIONS.test(value) || VALIDATION.test(value) || HASHED.test(value) ||
    PIECE.test(value) || TYPE.test(value) || NAME.test(value) || ATTRIBUTE.test(value) ||
    OTHER_WORDS.test(value) || isMostlyBeyond(value) || isFlag(value);
}

/**
 * Whether a base64 string is a text rather than random bytes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isEncodedText } from "./technical_values.ts";
 *
 * assertEquals(isEncodedText(btoa("https://host.invalid/path")), true);
 * assertEquals(isEncodedText("q7Zk2mX9Lp3vTt8w"), false);
 * ```
 */
export function isEncodedText(value: string): boolean {
  const base64 = value.replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  if (base64.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(base64)) return false;
  return /^[\t\n\r -~]+$/.test(atob(base64));
}
