import { assertAlmostEquals, assertEquals } from "@std/assert";
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
