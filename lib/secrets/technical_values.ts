/**
 * Values that stand beside names of secrets and say something of them: names of algorithms, ranges of versions, rules of a
 * validation, pieces of strings. They were seen in public code that was read by hand (docs/detection.md).
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

/** Words joined as the names of features are. */
function isFlag(value: string): boolean {
  const parts = value.split("-");
  return parts.length >= 4 && parts.every((part) => /^[a-z\d]+$/.test(part)) &&
    parts.filter((part) => /^[a-z]{2,}$/.test(part)).length >= parts.length / 2;
}

function isMostlyBeyond(value: string): boolean {
  return value.replace(/[\0-\x7f]/g, "").length > value.length * 0.4;
}

/** A form of values that are no secrets. */
export interface TechnicalForm {
  /** What has the form. */
  name: string;
  form: { test(value: string): boolean };
  /** Values of the form. */
  examples: readonly string[];
  /** Values near to it that may be secrets: not of this form nor of another. */
  counterExamples: readonly string[];
}

/** The forms of values that only say something of a secret; their examples are run as tests. */
export const TECHNICAL_FORMS: readonly TechnicalForm[] = [
  {
    name: "name of an algorithm",
    form: { test: isAlgorithm },
    examples: ["aes256-gcm96", "AWS4-HMAC-SHA256", "A128CBC-HS256"],
    counterExamples: ["aes256-hunter", "q7-aes-128!"],
  },
  {
    name: "name of a signature with its maker",
    form: /-HMAC-SHA\d{1,3}$/i,
    examples: ["PROVIDER14-HMAC-SHA256"],
    counterExamples: ["HMAC_SHA256_q7Zk2mX9"],
  },
  {
    name: "hash that says which",
    form: /^(?:hmac-)?(?:sha\d{1,3}|md5|blake\w{1,3})[:-]/i,
    examples: ["hmac-sha256:f9320baf0249169e", "sha512-Zk2mX9"],
    counterExamples: ["sha256f9320baf"],
  },
  {
    name: "range of versions",
    form: /^(?:npm:|workspace:)\d[\w.-]*$|^(?:npm:|workspace:)?(?:[~^<>=!|,]{1,4}v?\d[\w.*+-]*)+$/,
    examples: ["npm:^4.0.0", "npm:2.0.1", "<2.0.5|>=3,<3.0.3"],
    counterExamples: ["npm_q7Zk2mX9", "=q7>=2"],
  },
  {
    name: "rule of a validation",
    form: /^[a-z_]+(?::[\w,.]+)?(?:\|[a-z_]+(?::[\w,.]+)?)+$|^(?:required|confirmed|nullable|sometimes)\|/,
    examples: ["required|string|max:255", "confirmed|"],
    counterExamples: ["hunter2|q7"],
  },
  {
    name: "name and what closes the call around it",
    form: /^[A-Za-z_]\w*[),;]+$/,
    examples: ["api_key_value)", "token;"],
    counterExamples: ["q7-Zk2mX9)"],
  },
  {
    name: "first part of a joined string",
    form: /^[A-Za-z]+(?:[_-][A-Za-z]+)*=$/,
    examples: ["passcode="],
    counterExamples: ["q7Zk2mX9=="],
  },
  {
    name: "type",
    form: /^\??(?:string|number|bool(?:ean)?|any|object|int|byte|char)(?:\[\]|\?|<.*>)?$/i,
    examples: ["?string", "byte[]"],
    counterExamples: ["string7x"],
  },
  {
    name: "number with its type",
    form: /^\d+[iuf]\d+$/,
    examples: ["1132u16"],
    counterExamples: ["1132q16"],
  },
  {
    name: "name of a parameter of a query",
    form: /^[:?]\w+,?$|^[&?]\w+=/,
    examples: [":password", "?min_passed,", "&code=7"],
    counterExamples: ["P2$word="],
  },
  {
    name: "date of a signed query",
    form: /^[a-z]{1,9}=\d{4}-\d\d-\d\dT[\d:%A]+Z$/i,
    examples: ["st=2025-03-04T07:24:52Z"],
    counterExamples: ["st=q7Zk2mX9-03-04"],
  },
  {
    name: "text with a place for a value",
    form: /\{[\w$.]+[(}]/,
    examples: ["x{name}", "{user.password(}"],
    counterExamples: ["q7{Zk2-mX9}"],
  },
  {
    name: "name of a locale",
    form: /^[a-z]{2,3}_\w{2,4}$/,
    examples: ["en_001"],
    counterExamples: ["q7_Zk2mX9"],
  },
  {
    name: "name of something private",
    form: /^_[a-z\d]+(?:_[a-z\d]+)+$|^_[a-z]+(?:[A-Z][a-z\d]+)+$/,
    examples: ["_sf2_meta", "_mockType2String"],
    counterExamples: ["_q7Zk2mX9"],
  },
  {
    name: "pattern",
    form: /^\^.*\$$/,
    examples: ["^.{8,32}$"],
    counterExamples: ["^q7Zk2mX9"],
  },
  {
    name: "name of a method that changes or asks",
    form: /^[a-z]+(?:_[a-z]+)+[!?]$/,
    examples: ["fetch_password!"],
    counterExamples: ["hunter_2!"],
  },
  {
    name: "mark of a translation",
    form: /^crwdns\d/,
    examples: ["crwdns12368:0"],
    counterExamples: ["crwdnsq7Zk2"],
  },
  {
    name: "length of time",
    form: /^\d+\.(?:second|minute|hour|day|week|month|year)s?$/,
    examples: ["6.hours", "1.day"],
    counterExamples: ["6.hoursq7"],
  },
  {
    name: "constant and its value",
    form: /^[A-Z]{3,}=[\w-]+$/,
    examples: ["TYPE=ext4"],
    counterExamples: ["Q7=Zk2mX9"],
  },
  {
    name: "member of what may not be there",
    form: /\w\?\.\w/,
    examples: ["Unlock?.Salt"],
    counterExamples: ["q7Zk?..mX9"],
  },
  {
    name: "name of a variable of the environment",
    form: /^(?=.*(?:PASS|SECRET|TOKEN|KEY))[A-Z][A-Z\d]*(?:_[A-Z\d]+)+$/,
    examples: ["DB4_PASSWORD"],
    counterExamples: ["Q7ZK2_MX9L"],
  },
  {
    name: "attribute of a name in a directory",
    form: /^[A-Za-z]+=[A-Za-z]+$/,
    examples: ["uniqueIdentifier=user"],
    counterExamples: ["q7=Zk2"],
  },
  {
    name: "name of a feature",
    form: { test: isFlag },
    examples: ["pm-27278-v2-password-registration"],
    counterExamples: ["correct-horse-battery"],
  },
  {
    name: "words of another alphabet, which have no digits",
    form: /^(?=.*[^\0-\x7f])[^\d@#$%^*+=]*$/,
    examples: ["пароль", "mot-clé"],
    counterExamples: ["pässword77"],
  },
  {
    name: "text of another alphabet",
    form: { test: isMostlyBeyond },
    examples: ["8文字以上", "APIトークン削除"],
    counterExamples: ["q7Zk2mX9é"],
  },
];

/**
 * Whether a value only says something of a secret.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isTechnical } from "./technical_values.ts";
 *
 * assertEquals(["aes256-gcm96", "required|string|max:255", "DB4_PASSWORD"].map(isTechnical), [true, true, true]);
 * assertEquals(["q7Zk2mX9", "hunter2|q7"].map(isTechnical), [false, false]);
 * ```
 */
export function isTechnical(value: string): boolean {
  return TECHNICAL_FORMS.some(({ form }) => form.test(value));
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
