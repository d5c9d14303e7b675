import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  checkBigrams,
  ENGLISH_BIGRAMS,
  gibberishScore,
  isGibberish,
  trainBigrams,
} from "../../lib/secrets/gibberish.ts";

Deno.test("gibberishScore() is the mean of -ln p over neighbouring letters, all else removed", () => {
  const table = trainBigrams("ab ab ab\nac");
  const row = 52 * 10 + 4;
  // "ab" is counted thrice on the first line, "ba" twice; "ac" once on the second.
  assertAlmostEquals(gibberishScore("a-b", table), -Math.log(13 / row), 1e-12);
  assertAlmostEquals(gibberishScore("A1C", table), -Math.log(11 / row), 1e-12);
  assertEquals(gibberishScore("é", table), 0);
  assertEquals(gibberishScore("\u212a\u0130", table), gibberishScore("ki", table));
});

Deno.test("trainBigrams() counts no pair across lines, however they end", () => {
  assertEquals(trainBigrams("a\x85b\rc\r\nd").counts, trainBigrams("").counts);
});

Deno.test("isGibberish() with the default table tells English names from random keys", () => {
  const words = ["configuration", "the_password_of_the_user", "TestCaseWithSetup", "directory"];
  assertEquals(words.filter((word) => isGibberish(word)), []);
  let state = 1;
  const letter = (): string => String.fromCharCode(97 + (state = state * 48271 % 2147483647) % 26);
  const keys = Array.from({ length: 500 }, () => Array.from({ length: 32 }, letter).join(""));
  const share = keys.filter((key) => isGibberish(key)).length / keys.length;
  assert(share > 0.93, `${share} of random keys are gibberish`);
});

Deno.test("checkBigrams() says what is wrong with a table", () => {
  const wrong: [table: unknown, message: string][] = [
    [null, "Cannot read bigram table as it must be an object: null"],
    [{ ...ENGLISH_BIGRAMS, charset: "ab" }, 'as charset must be the letters a-z and A-Z: "ab"'],
    [{ ...ENGLISH_BIGRAMS, ngram_size: 3 }, "as ngram_size must be 2: 3"],
    [{ ...ENGLISH_BIGRAMS, counts: {} }, "as counts.a.a must be a positive number: undefined"],
    [
      { ...ENGLISH_BIGRAMS, counts: { ...ENGLISH_BIGRAMS.counts, b: { a: 0 } } },
      "as counts.b.a must be a positive number: 0",
    ],
  ];
  for (const [table, message] of wrong) assertThrows(() => checkBigrams(table), SyntaxError, message);
});
