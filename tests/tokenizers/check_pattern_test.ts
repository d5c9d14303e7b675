import { assertEquals, assertMatch } from "@std/assert";
import { checkPattern } from "../../lib/tokenizers/check_pattern.ts";
import { PRE_TOKENIZERS } from "../../lib/tokenizers/pre_tokenizers.ts";

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const BLANKS = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const CAPITALS = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const SMALL = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const SIGN = "[^\\r\\n\\p{L}\\p{N}]?";

/** Expressions of models' tokenizer.json files, beside those of PRE_TOKENIZERS. */
const OF_MODELS = {
  "GPT-2": "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "tiktoken's GPT-2": "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
  "Qwen 3.5": `${CONTRACTIONS}|${SIGN}[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|${BLANKS}`,
  "GPT-4o":
    `${SIGN}${CAPITALS}*${SMALL}+${CONTRACTIONS}?|${SIGN}${CAPITALS}+${SMALL}*${CONTRACTIONS}?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${BLANKS}`,
  "Mistral":
    `${SIGN}${CAPITALS}*${SMALL}+|${SIGN}${CAPITALS}+${SMALL}*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${BLANKS}`,
  "DeepSeek V3's words":
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
  "DeepSeek V3's numbers": "\\p{N}{1,3}",
  "DeepSeek V3's CJK": "[一-龥぀-ゟ゠-ヿ]+",
  "Ling":
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|\\s+(?!\\S)|\\s+",
  "Seed-Coder":
    `${CONTRACTIONS}|[^\r\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\r\n]+|\\s*[\r\n]+|\\s+(?!\\S)|\\s+`,
  "BLOOM": " ?[^(\\s|.,!?…。，、।۔،)]+",
  "Falcon's signs": "[\\p{P}\\$\\+<=>\\^~\\|`]+",
  "Falcon's numbers": "[0-9][0-9][0-9]",
  "Chameleon's blanks": "([\\t\\n]|    |  )",
  "SentencePiece's first blank": "\\A ",
  "SentencePiece's last blanks": "▁{1,64}\\z",
};

Deno.test("checkPattern() accepts the expressions of code models' tokenizers", () => {
  for (const [name, pattern] of Object.entries(OF_MODELS)) {
    assertEquals([name, checkPattern(pattern)], [name, undefined]);
  }
  for (const { steps } of Object.values(PRE_TOKENIZERS)) {
    for (const { pattern } of steps as { pattern?: { Regex: string } }[]) {
      if (pattern) assertEquals(checkPattern(pattern.Regex), undefined, pattern.Regex);
    }
  }
});

const REFUSED: readonly [string, RegExp][] = [
  ["(a+)+$", /repetition without a bound in a group/],
  ["(?:a*)*b", /repetition without a bound in a group/],
  ["(a|a)*b", /repeats a group/],
  ["(a|ab)(c|bcd)(d*)", /repetition without a bound in a group/],
  ["(?:a?){20}a", /repeats a group/],
  ["a*b", /must match behind a repetition without a bound/],
  [".+.", /must match behind/],
  ["a+?b", /must match behind/],
  ["a{2,}b", /must match behind/],
  ["\\s*\\s*x", /must match behind/],
  ["\\s*[\\r\\n]+", /must match behind/], // nothing takes the blanks that it gives up
  [`${SIGN}${CAPITALS}*${SMALL}+`, /must match behind/],
  [" +\\z", /must match behind a repetition without a bound/],
  ["\\s+$", /something else than characters, classes and groups at 3/],
  ["a?".repeat(7) + "b", /fit together in 128 ways, at most 64/],
  ["a{1,999}b", /in 999 ways/],
  ["(?:ab|a(?:b|bc)?)?".repeat(4) + "x", /in 625 ways/],
  [`(${"a?".repeat(7)}b)`, /in 128 ways/],
  ["", /matches the empty text/],
  ["a|", /matches the empty text/],
  ["a*", /matches the empty text/],
  ["(?=a)", /matches the empty text/],
  ["(?:a|b?)", /matches the empty text/],
  ["(a)\\1", /something else/],
  ["(?<=a)b", /something else/],
  ["(?<n>a)\\k<n>", /something else/],
  ["(?>a+)b", /something else/],
  ["(?i)a", /something else/],
  ["\\bx", /something else/],
  ["[[:alpha:]]", /something else/],
  ["[a&&b]", /something else/],
  ["[a", /something else/],
  ["\\", /something else/],
  ["(?!a+)b", /looks ahead to more/],
  ["a**", /repeats a repetition/],
  ["a{2}{3}", /repeats a repetition/],
  ["a{,5}b", /repeats a repetition/],
  ["(", /parentheses/],
  ["a)", /parentheses/],
  ["((((a))))", /more than 3 deep/],
  ["a".repeat(5000), /more than 4096 characters/],
];

for (const [pattern, reason] of REFUSED) {
  Deno.test(`checkPattern() refuses ${JSON.stringify(pattern.slice(0, 40))}`, () => {
    assertMatch(checkPattern(pattern) ?? "it is accepted", reason);
  });
}
