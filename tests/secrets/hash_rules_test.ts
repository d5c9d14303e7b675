import { assertEquals } from "@std/assert";
import { fileHasHashes, HashRule } from "../../lib/secrets/hash_rules.ts";

const KEY = "q7".repeat(16);

Deno.test("fileHasHashes() allows 2 % of the line breaks, rounded down, for either word", () => {
  const cases = ["", "SHAPE", "ha sh", "sha hash".padEnd(58, "\n"), "hash hash" + "\n".repeat(50)];
  assertEquals(cases.map(fileHasHashes), [false, true, false, false, true]);
  assertEquals(fileHasHashes("sha\n" + "\r".repeat(50)), true);
});

Deno.test("HashRule.isHash() looks before the value, on its line or the one above", () => {
  const cases: [text: string, isHash: boolean][] = [
    [`MD5: ${KEY}`, true],
    [`md5\n ${KEY}`, false],
    [`md5\n${KEY}`, true],
    [`md5\r\n${KEY}`, true],
    [`md5\x85${KEY}`, true],
    [`md5\n\n${KEY}`, false],
    [`${KEY} md5`, false],
    [`a ${KEY} md5 ${KEY}`, false],
    [`kilobytes ${KEY}`, true],
  ];
  for (const [text, expected] of cases) {
    assertEquals(new HashRule(text).isHash(KEY, text.indexOf(KEY)), expected, JSON.stringify(text));
  }
});

Deno.test("HashRule.isHash() holds for values of 32, 40 and 64 characters only", () => {
  const lengths = [31, 32, 33, 40, 64];
  const results = lengths.map((length) =>
    new HashRule("md5 " + "q".repeat(length)).isHash("q".repeat(length), 4)
  );
  assertEquals(results, [false, true, false, true, true]);
  assertEquals(new HashRule("md5 " + "😀".repeat(32)).isHash("😀".repeat(32), 4), true);
});
