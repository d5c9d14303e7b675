import { assertEquals } from "@std/assert";
import { maskDocument, maskText } from "../../lib/evaluation/masked_document.ts";

/** A token for each character. */
const tokensOf = (text: string) => ({
  ids: new Int32Array(text.length),
  starts: Uint32Array.from({ length: text.length }, (_, i) => i),
  ends: Uint32Array.from({ length: text.length }, (_, i) => i + 1),
});

Deno.test("maskText() hides all but two characters of each long secret, and keeps lines and lengths", () => {
  const long = "abcdefgh".repeat(2);
  assertEquals(
    maskText(`${long} ghij`, [{ start: 0, end: 16 }, { start: 17, end: 21 }]),
    "ab•••••••••••••• ••••",
  );
  assertEquals(maskText("abc\ndef", [{ start: 0, end: 7 }]), "•••\n•••");
  const overlapping = [{ start: 0, end: 16 }, { start: 8, end: 24 }];
  assertEquals(maskText(long + "abcdefgh", overlapping), "ab" + "•".repeat(22));
  assertEquals(maskText("ab", []), "ab");
});

Deno.test("maskDocument() places tokens by line and column around the first secret", () => {
  const lines = ["x = 1", "y = 2", "k = abcdef", "z = 3", "w = 4"];
  const text = lines.join("\r\n");
  const start = text.indexOf("abcdef");
  const placed = maskDocument({ text, tokens: tokensOf(text) }, [{ start, end: start + 6 }], { around: 1 });
  const shown = Map.groupBy(placed, ({ line }) => line);
  assertEquals(
    [...shown.values()].map((tokens) => tokens.map((token) => token.text).join("")),
    ["y = 2", "k = ••••••", "z = 3"],
  );
  const secret = placed.filter(({ isSecret, text }) => isSecret && text !== "");
  assertEquals(secret.map(({ column }) => column), [3, 4, 5, 6, 7, 8, 9]); // the neighbour before counts
  assertEquals(secret.map((token) => token.text).join(""), " ••••••");
});

Deno.test("maskDocument() shows nothing of a document without secrets", () => {
  assertEquals(maskDocument({ text: "x", tokens: tokensOf("x") }, []), []);
});
