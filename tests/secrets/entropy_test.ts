import { assertAlmostEquals, assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { BASE64, HEX, highEntropyStrings, shannonEntropy } from "../../lib/secrets/entropy.ts";

Deno.test("shannonEntropy() counts the charset's characters only", () => {
  assertEquals(shannonEntropy("abcdefgh", HEX.charset), 6 * 3 / 8);
  assertAlmostEquals(shannonEntropy("aab", HEX.charset), Math.log2(3) - 2 / 3, 1e-12);
});

Deno.test("highEntropyStrings() takes no tie with the limit", () => {
  assertEquals(highEntropyStrings("'01234567'", HEX), []);
  assertEquals(highEntropyStrings("'0123456789ab'", HEX), [[1, 13]]);
});

Deno.test("highEntropyStrings() lowers the entropy of short decimal numbers", () => {
  assertEquals(highEntropyStrings("'0123456789'", HEX), []);
  assertEquals(highEntropyStrings(`'${"0123456789".repeat(8)}'`, HEX), [[1, 81]]);
});

Deno.test("highEntropyStrings() consumes both quotes of a match", () => {
  const value = "0123456789abcdef";
  assertEquals(highEntropyStrings(`'a'${value}'`, HEX), []);
  assertEquals(highEntropyStrings(`'z'${value}'`, HEX), [[3, 19]]);
  assertEquals(highEntropyStrings(`"${value}'`, HEX), []);
  assertEquals(highEntropyStrings(`''${value}'`, HEX), [[2, 18]]);
});

Deno.test("highEntropyStrings() takes a backslash for a base64 character", () => {
  const value = "abcdefghijklmnopqrstuvwxyz\\n";
  assertEquals(highEntropyStrings(`'${value}'`, BASE64), [[1, 29]]);
});

Deno.test("highEntropyStrings() finds what the plain expression does", () => {
  const plain = { base64: /(['"])([A-Za-z0-9+/\\\-_=]+)\1/g, hex: /(['"])([0-9a-fA-F]+)\1/g };
  const pieces = [
    "'",
    '"',
    "'",
    '"',
    "a",
    "0",
    " ",
    "é",
    "-",
    "\\",
    "x",
    "\n",
    "0123456789abcdef",
    "qZ7xK2vJ9mWq4bXf8pTzR3hL",
  ];
  const random = new PythonRandom(11);
  const isHigh = (value: string, limit: number) =>
    shannonEntropy(value, limit === HEX.limit ? HEX.charset : BASE64.charset) > limit;
  let count = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from(
      { length: 1 + random.randbelow(12) },
      () => pieces[random.randbelow(pieces.length)]!,
    )
      .join("");
    for (const [expression, rule] of [[plain.base64, BASE64], [plain.hex, HEX]] as const) {
      const wanted = Array.from(
        text.matchAll(expression),
        ({ 2: value, index }) => ({ value: value!, start: index + 1 }),
      )
        .filter(({ value }) => !/^[0-9]+$/.test(value) && isHigh(value, rule.limit))
        .map(({ value, start }) => [start, start + value.length]);
      assertEquals(highEntropyStrings(text, rule), wanted, JSON.stringify(text));
      count += wanted.length;
    }
  }
  assertEquals(count > 300, true);
});
