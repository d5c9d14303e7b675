/**
 * The format of a secret's value: how other values of it are drawn, and which characters each of its places may hold.
 *
 * What the embedded corpus plants is recognised by its generators: thousands of draws tell which characters stand where
 * in values of a length. Anything else is described by itself: what all values of its kind share stays, digits stand for
 * digits, a run of letters and digits is of the smallest alphabet that holds it, and letters beyond ASCII stand for those
 * of their script and case (`letterClass`).
 *
 * @module
 */
import type { PythonRandom } from "../datasets/python_random.ts";
import { drawText, SECRET_FORMATS, type SecretFormat } from "../embedded/secret_formats.ts";
import { randomOf } from "../datasets/seeded_order.ts";
import { SHARED } from "../secrets/made_up_secret.ts";
import { letterClass } from "./letter_class.ts";

/** A value and what found it. */
export interface TaggedValue {
  /** The value itself. */
  value: string;
  /** Its kind. */
  tag: string;
}

/** A format. */
export interface ValueFormat {
  /** A generator's name, or "own" for a value that is described by itself. */
  name: SecretFormat | "own";
  /** The characters that may stand at each UTF-16 unit of the value. */
  slots: readonly string[];
  /** Whether it has so few values, at most about a million, that some of a thousand draws may be equal. */
  isSmall: boolean;
  /** Draws a value; of a generator's format it may be of another length. */
  draw(random: PythonRandom): string;
}

/** How many draws show each of 64 characters at each place, but for one time in 10^11. */
const DRAWS = 2000;
/** A format of fewer values is small: among as many draws some are equal, as a rule. */
const FEW_VALUES = DRAWS ** 2 / 4;
/** A value fits a format by chance, if its characters are of an alphabet in which so few of the format's values are: 2^-10. */
const CHANCE_BITS = 10;

const DIGITS = "0123456789";
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
/** The alphabets, from the smallest on. */
const ALPHABETS = [
  DIGITS,
  DIGITS + "abcdef",
  DIGITS + "ABCDEF",
  LOWER,
  UPPER,
  LOWER + DIGITS,
  UPPER + DIGITS,
  LOWER + UPPER,
  LOWER + UPPER + DIGITS,
];
/** Runs shorter than that are too short to tell their alphabet: each character is of its own class. */
const RUN = 8;
/** What e-mail addresses share: the domain of a provider, or the last label. */
const SHARED_MAIL =
  /@(?:gmail|googlemail|yahoo|hotmail|outlook|live|icloud|protonmail|qq|163|126|users\.noreply\.github)\.[a-z.]+$|\.[\p{L}\p{M}]+$/giu;
/** What stands between the characters that tell a value from others. */
const BETWEEN = /[\p{P}\p{Z}$+<=>^`|~]/u;

/** The places of the values of one format and length. */
type Slots = readonly Set<string>[];

let known: { name: SecretFormat; isSmall: boolean; byLength: ReadonlyMap<number, Slots> }[] | undefined;

/** The generators' places, found by drawing; 0.2 seconds, once. */
function knownFormats() {
  return known ??= (Object.keys(SECRET_FORMATS) as SecretFormat[]).map((name) => {
    const random = randomOf(0, name);
    const byLength = new Map<number, Set<string>[]>();
    const values = new Set<string>();
    for (let i = 0; i < DRAWS; i++) {
      const value = SECRET_FORMATS[name](random);
      values.add(value);
      let slots = byLength.get(value.length);
      if (!slots) byLength.set(value.length, slots = Array.from(value, () => new Set<string>()));
      slots.forEach((slot, at) => slot.add(value[at]!));
    }
    return { name, isSmall: values.size < DRAWS, byLength };
  });
}

/**
 * The format of a value: of all generators' that it fits, and not by chance, the one with the fewest values.
 *
 * @example
 * ```ts
 * import { assertEquals, assertMatch } from "@std/assert";
 * import { PythonRandom } from "../datasets/python_random.ts";
 * import { formatOf } from "./value_format.ts";
 *
 * const npm = formatOf({ value: "npm_" + "aB3".repeat(12), tag: "KEY" });
 * assertEquals([npm.name, npm.slots[0], npm.slots[4]!.length], ["npm", "n", 62]);
 * const own = formatOf({ value: "sk_9f3a77c0d4", tag: "KEY" });
 * assertMatch(own.draw(new PythonRandom(1)), /^[a-z]{2}_[0-9a-f]{10}$/);
 * ```
 */
export function formatOf(secret: TaggedValue): ValueFormat {
  const { value } = secret;
  const fits = knownFormats().flatMap(({ name, isSmall, byLength }) => {
    const places = byLength.get(value.length);
    if (!places?.every((place, at) => place.has(value[at]!))) return [];
    const slots = places.map((place) => [...place].sort().join(""));
    return fitsByChance(value, slots) ? [] : [{ name, slots, isSmall }];
  });
  const [best] = fits.sort((a, b) => bitsOf(a.slots) - bitsOf(b.slots));
  if (best) return { ...best, draw: SECRET_FORMATS[best.name] };
  const own = ownSlots(secret);
  const isSmall = bitsOf(own) < Math.log2(FEW_VALUES);
  return { name: "own", slots: own, isSmall, draw: (random) => drawOwn(secret, own, random) };
}

/**
 * Whether other values of a format are others for the most part: at least half of the tokens that tell a value from others
 * (that hold letters, digits, marks or signs, but not punctuation alone and what all values of its kind share) have a
 * character that may be another. Else a model that knows the value knows most of each control, and they say nothing.
 *
 * @param tokens of the value: where each begins and ends, in UTF-16 units
 * @returns false also where there is no other value
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatOf, isReplaceable } from "./value_format.ts";
 *
 * const tokens = { starts: [0, 0, 0, 2], ends: [2, 2, 2, 3] }; // three for a sign, as of a byte-level vocabulary
 * const secrets = ["🔥1", "---"].map((value) => ({ value, tag: "KEY" }));
 * assertEquals(secrets.map((secret) => isReplaceable(secret, formatOf(secret), tokens)), [false, false]);
 * ```
 */
export function isReplaceable(
  secret: TaggedValue,
  { name, slots }: Pick<ValueFormat, "name" | "slots">,
  { starts, ends }: { starts: ArrayLike<number>; ends: ArrayLike<number> },
): boolean {
  if (name !== "own") return true;
  const tells = Array.from(secret.value, (c) => Array.from(c.split(""), () => !BETWEEN.test(c))).flat();
  for (const [start, end] of sharedParts(secret)) tells.fill(false, start, end);
  let [own, replaced] = [0, 0];
  for (let t = 0; t < starts.length; t++) {
    const holds = (isMeant: (at: number) => boolean) =>
      Array.from({ length: ends[t]! - starts[t]! }, (_, i) => starts[t]! + i).some(isMeant);
    if (holds((at) => tells[at]!)) own++;
    if (holds((at) => slots[at]!.length > 1)) replaced++;
  }
  return replaced > 0 && 2 * replaced >= own;
}

/** Whether a value is of a smaller alphabet than the format's where that has a choice: a hexadecimal digest fits base64. */
function fitsByChance(value: string, slots: readonly string[]): boolean {
  const chosen = slots.flatMap((slot, at) =>
    slot.length > 1 ? [{ size: slot.length, character: value[at]! }] : []
  );
  const alphabet = alphabetOf(chosen.map(({ character }) => character));
  if (!alphabet) return false;
  const saved = chosen.reduce((sum, { size }) => sum + Math.max(0, Math.log2(size / alphabet.length)), 0);
  return saved > CHANCE_BITS;
}

/** The smallest alphabet that holds some characters. */
function alphabetOf(characters: readonly string[]): string | undefined {
  return ALPHABETS.find((letters) => characters.every((c) => letters.includes(c)));
}

/** The logarithm of how many values there are. */
function bitsOf(slots: readonly string[]): number {
  return slots.reduce((sum, { length }) => sum + Math.log2(length), 0);
}

/**
 * The stretches of a value that all values of its kind have in common.
 *
 * @returns half-open, in UTF-16 units
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sharedParts } from "./value_format.ts";
 *
 * assertEquals(sharedParts({ value: "ada@mail.invalid", tag: "EMAIL" }), [[8, 16]]);
 * ```
 */
export function sharedParts({ value, tag }: TaggedValue): [number, number][] {
  const pattern = tag === "EMAIL" ? SHARED_MAIL : tag === "KEY" ? SHARED : /$^/g;
  return Array.from(value.matchAll(pattern), ({ 0: part, index }) => [index, index + part.length]);
}

function ownSlots(secret: TaggedValue): string[] {
  const { value, tag } = secret;
  const slots = value.split("").map(letterClass);
  for (const { 0: run, index } of value.matchAll(/[A-Za-z0-9]+/g)) {
    const isRun = run.length >= RUN && tag === "KEY" || tag === "IP_ADDRESS" && value.includes(":");
    const alphabet = isRun ? alphabetOf([...run]) : undefined;
    if (alphabet) slots.fill(alphabet, index, index + run.length);
  }
  for (const [start, end] of sharedParts(secret)) {
    for (let at = start; at < end; at++) slots[at] = value[at]!;
  }
  return slots;
}

function drawOwn({ value, tag }: TaggedValue, slots: readonly string[], random: PythonRandom): string {
  if (tag === "IP_ADDRESS" && !value.includes(":")) {
    return value.replace(/\d+/g, ({ length }) => String(drawOctet(length, random)));
  }
  return slots.map((letters) => letters.length === 1 ? letters : drawText(random, letters, 1)).join("");
}

/** A part of an IPv4 address with that many digits. */
function drawOctet(digits: number, random: PythonRandom): number {
  if (digits === 1) return random.randbelow(10);
  return digits === 2 ? 10 + random.randbelow(90) : 100 + random.randbelow(156);
}
