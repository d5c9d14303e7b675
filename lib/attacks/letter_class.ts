/**
 * Which letters and digits may stand for one another in made-up values.
 *
 * ASCII has three classes. A letter of another alphabet stands for those of its script and case that its languages write
 * today: the ones that a national standard has, as the encodings of its time (koi8-r for Russian, GB 2312's first level for
 * Chinese, KS X 1001 for Korean) were made of what people need. A script's block would do worse: it has letters that were
 * given up centuries ago and those of other languages, which any model finds harder than the letters of a name, so that a
 * name would seem memorized. A letter that no such standard has stands for the others in its part of the script's block.
 * The documents at hand would tell as much, but then shards of one corpus would draw different values.
 *
 * @module
 */

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const ASCII = ["0123456789", LOWER, LOWER.toUpperCase()];

/** Scripts in everyday use (Unicode Standard Annex #31, table 5); letters of others stay as they are. */
const SCRIPTS = Array.from(
  ("Arabic Armenian Bengali Bopomofo Cyrillic Devanagari Ethiopic Georgian Greek Gujarati Gurmukhi Han Hangul Hebrew " +
    "Hiragana Kannada Katakana Khmer Lao Latin Malayalam Myanmar Oriya Sinhala Tamil Telugu Thaana Thai Tibetan")
    .split(" "),
  (script) => new RegExp(`\\p{Script=${script}}`, "u"),
);

/** What has a case, or none; the rest, such as marks and letters that modify others, stays as it is. */
const CATEGORIES = [/\p{Lu}/u, /\p{Ll}/u, /\p{Lo}/u];

/** Bytes, from and to. */
type Range = readonly [number, number];

const HALF: Range = [0x80, 0xff];
const ROW: Range = [0xa1, 0xfe];
/** Encodings of a script's letters, those with the fewest first; of those of two bytes the rows of what is common. */
const ENCODINGS: readonly {
  script: string;
  labels: readonly string[];
  lead?: Range;
  trails: readonly Range[];
}[] = [
  { script: "Cyrillic", labels: ["koi8-r"], trails: [HALF] },
  { script: "Cyrillic", labels: ["koi8-u"], trails: [HALF] },
  { script: "Cyrillic", labels: ["windows-1251"], trails: [HALF] },
  { script: "Greek", labels: ["iso-8859-7"], trails: [HALF] },
  { script: "Arabic", labels: ["iso-8859-6"], trails: [HALF] },
  { script: "Arabic", labels: ["windows-1256"], trails: [HALF] },
  { script: "Latin", labels: ["windows-1252"], trails: [HALF] },
  { script: "Latin", labels: ["windows-1250", "windows-1254", "windows-1257"], trails: [HALF] },
  { script: "Han", labels: ["gbk"], lead: [0xb0, 0xd7], trails: [ROW] },
  { script: "Han", labels: ["euc-jp"], lead: [0xb0, 0xcf], trails: [ROW] },
  { script: "Han", labels: ["big5"], lead: [0xa4, 0xc6], trails: [[0x40, 0x7e], ROW] },
  { script: "Hangul", labels: ["euc-kr"], lead: [0xb0, 0xc8], trails: [ROW] },
];

/** The classes of letters that were looked up. */
const known = new Map<string, string>(ASCII.flatMap((letters) => Array.from(letters, (c) => [c, letters])));
let areRead = false;

/**
 * The letters or digits for which a character stands, itself among them.
 *
 * @param character one code point
 * @returns each of one UTF-16 unit; the character alone where there is no other
 *
 * @example
 * ```ts
 * import { assert, assertEquals } from "@std/assert";
 * import { letterClass } from "./letter_class.ts";
 *
 * assertEquals(["7", "-", "😀"].map(letterClass), ["0123456789", "-", "😀"]);
 * assertEquals([..."жЖё"].map((letter) => letterClass(letter).length), [33, 33, 33]);
 * assert(letterClass("李").includes("王"));
 * ```
 */
export function letterClass(character: string): string {
  const found = known.get(character);
  if (found !== undefined) return found;
  if (!isPlain(character)) return character;
  if (!areRead) readEncodings();
  if (!known.has(character)) add(/\p{Nd}/u.test(character) ? digitsOf(character) : blockOf(character));
  return known.get(character) ?? character;
}

/** Whether it is a letter or digit beyond ASCII, of one unit. */
function isPlain(character: string): boolean {
  return character.length === 1 && /[^\0-\x7f]/.test(character) && /\p{L}|\p{Nd}/u.test(character);
}

function add(letters: readonly string[]): void {
  const all = letters.join("");
  for (const letter of letters) known.set(letter, all);
}

function readEncodings(): void {
  areRead = true;
  for (const { script, labels, lead, trails } of ENCODINGS) {
    const leads = lead ? bytesOf(lead).map((byte) => [byte]) : [[]];
    const codes = leads.flatMap((first) =>
      trails.flatMap((trail) => bytesOf(trail).map((byte) => Uint8Array.of(...first, byte)))
    );
    const texts = labels.map((label) => new TextDecoder(label))
      .flatMap((decoder) => codes.map((code) => decoder.decode(code)));
    const isOfScript = new RegExp(`^\\p{Script=${script}}$`, "u");
    const letters = [...new Set(texts)].filter((text) => text.length === 1 && isOfScript.test(text));
    for (const category of CATEGORIES) {
      add(letters.filter((letter) => category.test(letter) && !known.has(letter)));
    }
  }
}

function bytesOf([from, to]: Range): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** The letters of its script and case among its 256 neighbours that no encoding has. */
function blockOf(letter: string): string[] {
  const [script, category] = [SCRIPTS, CATEGORIES].map((all) => all.find((one) => one.test(letter)));
  if (!script || !category) return [letter];
  const first = letter.charCodeAt(0) & ~0xff;
  return Array.from({ length: 256 }, (_, i) => String.fromCharCode(first + i)).filter((other) =>
    script.test(other) && category.test(other) && !known.has(other)
  );
}

/** The ten digits of its kind, which stand in a row. */
function digitsOf(digit: string): string[] {
  let zero = digit.charCodeAt(0);
  while (/\p{Nd}/u.test(String.fromCharCode(zero - 1))) zero--;
  return Array.from({ length: 10 }, (_, i) => String.fromCharCode(zero + i));
}
