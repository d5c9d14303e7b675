/**
 * A made-up value in the place of a secret, of the same format: letters for letters, digits for digits, what all values
 * of a kind share kept, so that code that parses it still does. E-mails stand at `.invalid` (RFC 2606), addresses in the
 * documentation ranges (RFC 5737, RFC 3849). The same value and key give the same replacement, wherever it stands.
 *
 * @module
 */
import { createHmac } from "node:crypto";
import { encodeJwtPart } from "./jwt.ts";
import type { SecretTag } from "./secret_span.ts";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";

/** What values of a kind share, at their start, and what an OpenAI token has in its middle. */
export const SHARED = new RegExp(
  [
    "^A(?:3T|BIA|CCA|KIA|SIA)",
    '^[\\s=:"]?A(?:KC|P[0-9A-F])',
    "^AccountKey=",
    "^gl(?:pat|dt|ft|soat|rt|cbt|imt|ptt|agent|oas)-",
    "^GR1348941",
    "^gh[pousr]_?",
    "^npm_",
    "^pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)",
    "^SG\\.",
    "^xox[abopsr]-",
    "^https://hooks\\.slack\\.com/services/",
    "^sq0csp-",
    "^[rs]k_live_",
    "^sk-(?:proj-|ant-[a-z0-9]+-)?",
    "^hf_",
    "^dckr_pat_",
    "^dapi",
    "^AIza",
    "^(?:AC|SK)(?=[a-z0-9]{32}$)",
    "T3BlbkFJ",
    "-us[0-9]{1,2}$",
    "-----(?:BEGIN|END)[A-Z ]+-----",
  ].join("|"),
  "g",
);

/** Draws below a bound from a keyed hash of the value: the same every time, and nothing to be learnt from it. */
class HashDraw {
  readonly #key: Uint8Array;
  readonly #value: string;
  #bytes: Uint8Array = new Uint8Array(0);
  #next = 0;
  #block = 0;

  constructor(key: Uint8Array, value: string) {
    this.#key = key;
    this.#value = value;
  }

  below(bound: number): number {
    if (this.#next + 4 > this.#bytes.length) {
      this.#bytes = createHmac("sha256", this.#key).update(`made up ${this.#block++}\0${this.#value}`)
        .digest();
      this.#next = 0;
    }
    const { buffer, byteOffset } = this.#bytes;
    const number = new DataView(buffer, byteOffset + this.#next).getUint32(0);
    this.#next += 4;
    return Math.floor(number / 2 ** 32 * bound);
  }

  text(alphabet: string, length: number): string {
    return Array.from({ length }, () => alphabet[this.below(alphabet.length)]).join("");
  }
}

/** Letters for letters, digits for digits, all else as it is; hexadecimal digits only where there are no others. */
function alike(text: string, draw: HashDraw): string {
  const isHex = /^[0-9a-f]{8,}$|^[0-9A-F]{8,}$/.test(text);
  return text.replace(/[a-z]|[A-Z]|[0-9]/g, (c) => {
    if (isHex) return draw.text(/[A-Z]/.test(text) ? DIGITS + "ABCDEF" : DIGITS + "abcdef", 1);
    return draw.text(/[a-z]/.test(c) ? LOWER : /[A-Z]/.test(c) ? UPPER : DIGITS, 1);
  });
}

function madeUpEmail(value: string, draw: HashDraw): string {
  const at = value.lastIndexOf("@");
  const labels = value.slice(at + 1).split(".").slice(0, -1).join(".");
  return `${alike(value.slice(0, at), draw)}@${alike(labels, draw)}.invalid`;
}

function madeUpAddress(value: string, draw: HashDraw): string {
  if (value.includes(":")) return `2001:db8::${draw.text(DIGITS + "abcdef", 4)}`;
  return `${["192.0.2", "198.51.100", "203.0.113"][draw.below(3)]}.${1 + draw.below(254)}`;
}

/** A token that parses, unsigned: its claims are as long as they were, as near as JSON allows. */
function madeUpJwt(value: string, draw: HashDraw): string {
  const [header = "", claims = "", ...signature] = value.split(".");
  const length = Math.max(1, Math.floor(claims.length * 3 / 4) - '{"sub":""}'.length);
  return [header, encodeJwtPart({ sub: draw.text(LOWER + DIGITS, length) }), alike(signature.join("."), draw)]
    .join(".");
}

function madeUpKey(value: string, draw: HashDraw): string {
  let [made, from] = ["", 0];
  for (const { 0: shared, index } of value.matchAll(SHARED)) {
    made += alike(value.slice(from, index), draw) + shared;
    from = index + shared.length;
  }
  return made + alike(value.slice(from), draw);
}

/**
 * A made-up value of a secret's format.
 *
 * @param key of the keyed hash that it is drawn from
 *
 * @example
 * ```ts
 * import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
 * import { madeUpSecret } from "./made_up_secret.ts";
 *
 * const key = new Uint8Array(32);
 * const made = madeUpSecret("npm_" + "aB3".repeat(12), { tag: "KEY", detector: "Npm" }, key);
 * assertMatch(made, /^npm_([a-z][A-Z]\d){12}$/);
 * assertEquals(made, madeUpSecret("npm_" + "aB3".repeat(12), { tag: "KEY", detector: "Npm" }, key));
 * assertNotEquals(made, "npm_" + "aB3".repeat(12));
 * assertMatch(madeUpSecret("ada.l@mail.org", { tag: "EMAIL", detector: "Email" }, key), /^[a-z]{3}\.[a-z]@[a-z]{4}\.invalid$/);
 * ```
 */
export function madeUpSecret(
  value: string,
  { tag, detector }: { tag: SecretTag; detector: string },
  key: Uint8Array,
): string {
  const draw = new HashDraw(key, value);
  if (tag === "EMAIL" && value.includes("@")) return madeUpEmail(value, draw);
  if (tag === "IP_ADDRESS") return madeUpAddress(value, draw);
  return detector === "JWT" ? madeUpJwt(value, draw) : madeUpKey(value, draw);
}
