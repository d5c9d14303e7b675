/**
 * Made-up secrets of each format that is planted: drawn from a seeded generator, so none was ever live. E-mails stand
 * at `.invalid` (RFC 2606), addresses in the documentation ranges (RFC 5737, RFC 3849), keys have only the outer form
 * of a provider's. A value is what the detector yields, with whatever belongs to its match.
 *
 * @module
 */
import { encodeJwtPart } from "../secrets/jwt.ts";
import type { PythonRandom } from "../datasets/python_random.ts";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const UPPER = LOWER.toUpperCase();
const ALPHANUMERIC = UPPER + LOWER + DIGITS;
const URL_SAFE = ALPHANUMERIC + "-_";
const BASE64 = ALPHANUMERIC + "+/";

/**
 * Draws `length` characters of an alphabet.
 *
 * @example
 * ```ts
 * import { assertMatch } from "@std/assert";
 * import { PythonRandom } from "../datasets/python_random.ts";
 * import { drawText } from "./secret_formats.ts";
 *
 * assertMatch(drawText(new PythonRandom(1), "ab", 8), /^[ab]{8}$/);
 * ```
 */
export function drawText(random: PythonRandom, alphabet: string, length: number): string {
  let text = "";
  while (text.length < length) text += alphabet[random.randbelow(alphabet.length)]!;
  return text;
}

function drawName(random: PythonRandom, syllables: number): string {
  let name = "";
  for (let i = 0; i < syllables; i++) {
    name += drawText(random, "bdfgklmnprstvz", 1) + drawText(random, "aeiou", 1);
  }
  return name;
}

function drawHex(random: PythonRandom, length: number): string {
  return drawText(random, DIGITS + "abcdef", length);
}

function drawIpv4(random: PythonRandom): string {
  const networks = ["192.0.2", "198.51.100", "203.0.113"];
  return `${networks[random.randbelow(3)]}.${1 + random.randbelow(254)}`;
}

function drawIpv6(random: PythonRandom): string {
  return `2001:db8:${drawHex(random, 4)}:${drawHex(random, 4)}::${drawHex(random, 4)}`;
}

/** Drawers by format. A new format is a row. */
export const SECRET_FORMATS = {
  email: (random) => {
    const local = `${drawName(random, 2)}.${drawName(random, 3)}${10 + random.randbelow(90)}`;
    return `${local}@${drawName(random, 2)}-${drawName(random, 2)}.invalid`;
  },
  ipv4: drawIpv4,
  ipv6: drawIpv6,
  artifactory: (random) => `"AKC${drawText(random, ALPHANUMERIC, 40)}"`, // the quotes belong to the match
  aws_id: (random) => `ABIA${drawText(random, UPPER + DIGITS, 16)}`,
  aws_key: (random) => drawText(random, BASE64, 40),
  azure_storage: (random) => `AccountKey=${drawText(random, BASE64, 86)}==`,
  base64: (random) => drawText(random, BASE64, 44),
  discord: (random) =>
    `${drawText(random, "MNO", 1)}${drawText(random, ALPHANUMERIC, 23)}.` +
    `${drawText(random, URL_SAFE, 6)}.${drawText(random, URL_SAFE, 27)}`,
  hex: (random) => drawHex(random, 48),
  jwt: (random) =>
    // an unsigned token: its third part is empty
    `${encodeJwtPart({ alg: "none" })}.${encodeJwtPart({ sub: drawText(random, ALPHANUMERIC, 24) })}.`,
  mailchimp: (random) => `${drawText(random, LOWER + DIGITS, 32)}-us${1 + random.randbelow(20)}`,
  npm: (random) => `npm_${drawText(random, ALPHANUMERIC, 36)}`,
  openai: (random) =>
    `sk-${drawText(random, ALPHANUMERIC, 20)}${"T3Blb" + "kFJ"}${drawText(random, ALPHANUMERIC, 20)}`,
  pypi: (random) => `pypi-${"AgEIcHlwaS5" + "vcmc"}${drawText(random, URL_SAFE, 70)}`,
  sendgrid: (random) => `SG.${drawText(random, URL_SAFE, 22)}.${drawText(random, URL_SAFE, 43)}`,
  slack: (random) =>
    `xoxb-${drawText(random, DIGITS, 11)}-${drawText(random, DIGITS, 11)}-` +
    drawText(random, LOWER + DIGITS, 24),
  square: (random) => `sq0csp-${drawText(random, URL_SAFE, 43)}`,
  stripe: (random) => `rk_${"live"}_${drawText(random, ALPHANUMERIC, 24)}`,
  telegram: (random) =>
    `${1 + random.randbelow(9)}${drawText(random, DIGITS, 8)}:${drawText(random, URL_SAFE, 35)}`,
  twilio: (random) => `AC${drawText(random, LOWER + DIGITS, 32)}`,
} as const satisfies Record<string, (random: PythonRandom) => string>;

/** The name of a format. */
export type SecretFormat = keyof typeof SECRET_FORMATS;

// What every secret of a format shares: it gives nothing away.
const FIXED_PARTS = [
  ..."AccountKey= sq0csp- xoxb- npm_ pypi- .invalid 2001:db8: 192.0.2. 198.51.100. 203.0.113. _live_ @".split(
    " ",
  ),
  "T3Blb" + "kFJ",
  "AgEIcHlwaS5" + "vcmc",
  encodeJwtPart({ alg: "none" }) + ".",
  encodeJwtPart({ sub: "" }).slice(0, 10),
];

/**
 * Every piece of `length` characters of a planted value, without the parts that are the same in all values of a
 * format: what must not stand in anything that is published.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretPieces } from "./secret_formats.ts";
 *
 * assertEquals(secretPieces("npm_abcdefghij"), ["abcdefghi", "bcdefghij"]);
 * ```
 */
export function secretPieces(value: string, length = 9): string[] {
  const drawn = FIXED_PARTS.reduce((parts, fixed) => parts.flatMap((part) => part.split(fixed)), [value]);
  return drawn.flatMap((part) =>
    Array.from({ length: Math.max(0, part.length - length + 1) }, (_, i) => part.slice(i, i + length))
  );
}
