import { assertEquals } from "@std/assert";
import { haveTokens } from "../../lib/cli/have_tokens.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";

Deno.test("haveTokens() says what the tokens of whole texts say", async () => {
  const tokenizer = await openTokenizer("data/model");
  const line = "def run(self, value):  # 日本 😀\n    return value\n";
  const texts = [
    ...Array.from({ length: 60 }, (_, i) => line.repeat(10).slice(0, 7 * i)),
    ...[" ", "\n", "-", "a"].flatMap((one) => [2000, 2047, 2048, 2049, 5000].map((n) => one.repeat(n))),
    "a".repeat(2047) + "😀".repeat(9),
    " ".repeat(4000) + line.repeat(40),
    line.repeat(100),
  ].map((text, row) => ({ text: text.toWellFormed(), row }));
  const ids = await tokenizer.encodeIds(texts.map(({ text }) => text));
  for (const tokens of [1, 2, 64, 128, 129]) {
    assertEquals(await haveTokens(tokenizer, texts, tokens), ids.map(({ length }) => length >= tokens));
  }
});
