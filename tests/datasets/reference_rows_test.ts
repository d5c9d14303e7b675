import { assert, assertEquals, assertRejects } from "@std/assert";
import { forgetExamples } from "../../lib/datasets/examples.ts";
import type { ForgetRow } from "../../lib/datasets/forget_set.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { keptByReference, referenceRows } from "../../lib/datasets/reference_rows.ts";
import { trainTokenizer } from "../../lib/datasets/train_tokenizer.ts";
import { parseTokenizer } from "../../lib/tokenizers/tokenizer.ts";

const tokenizer = parseTokenizer(await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }), "bytes.json");

/**
 * The reference's mask by its definition: offsets cut or padded to the window, padding at (0, 0); secrets that begin past the
 * end of the last are cut off, and a token is secret when it touches one that is left.
 */
function plainMask(characters: number, spans: readonly [number, number][], length: number) {
  const offsets = Array.from({ length }, (_, t) => t < characters ? [t, t + 1] as const : [0, 0] as const);
  const last = offsets.at(-1)![1];
  const kept = spans.filter(([start]) => start <= last);
  const mask = offsets.map(([start, end]) => Number(kept.some(([from, to]) => start <= to && end >= from)));
  return { kept, mask };
}

function row(
  doc_id: string,
  spans: readonly (readonly [string | null, number, number])[],
  window = 0,
): ForgetRow {
  return { doc_id, window, spans: JSON.stringify(spans), ma: 1, mask_tokens: 9 };
}

Deno.test("referenceRows() leaves the documents, secrets and masks that the reference's definition does", async () => {
  const random = new PythonRandom(3);
  const [length, seen] = [24, { short: 0, marked: 0, cut: 0, dropped: 0 }];
  for (let round = 0; round < 200; round++) {
    const characters = 8 + random.randbelow(40);
    const spans = Array.from({ length: 1 + random.randbelow(3) }, (): [number, number] => {
      const start = random.randbelow(3) === 0 ? 0 : random.randbelow(characters - 2);
      return [start, start + 1 + random.randbelow(characters - start - 1)];
    }).sort(([a], [b]) => a - b);
    const source = {
      tokenizer,
      windowTokens: length,
      documents: [{ docId: "a", path: null, text: "-".repeat(characters) }],
    };
    const { rows, ...left } = await referenceRows(source, [row("a", spans.map((span) => ["KEY", ...span]))]);
    const { kept, mask } = plainMask(characters, spans, length);
    assertEquals(left.short, Number(kept.length === 0 && characters < length));
    if (kept.length === 0) {
      seen.dropped++;
      seen.short += left.short;
      assertEquals(rows, []);
      continue;
    }
    assertEquals(left.secrets, spans.length - kept.length);
    const [example] = await forgetExamples(source, rows);
    assertEquals(example!.secrets.map(({ start, end }) => [start, end]), kept);
    const padding = Array(length - example!.ids.length).fill(Number(example!.marksPadding ?? false));
    assertEquals([...example!.mask, ...padding], mask, JSON.stringify({ characters, spans }));
    if (example!.marksPadding) seen.marked++;
    if (left.secrets > 0) seen.cut++;
  }
  assert(Object.values(seen).every((count) => count > 10), JSON.stringify(seen));
});

Deno.test("referenceRows() takes first windows alone, and keeps shorter documents where it is asked to", async () => {
  const documents = ["a", "b"].map((docId, i) => ({ docId, path: null, text: "-".repeat(i ? 9 : 40) }));
  const source = { tokenizer, documents, windowTokens: 24 };
  const rows = [row("a", [["KEY", 2, 5]]), row("a", [["KEY", 30, 33]], 12), row("b", [["KEY", 2, 5]])];
  const { rows: taken, ...left } = await referenceRows(source, rows);
  assertEquals([taken.map(({ doc_id }) => doc_id), left], [["a"], { windows: 1, short: 1, secrets: 0 }]);
  const { rows: all, short } = await referenceRows(source, rows, { keepsShort: true });
  assertEquals([all.map(({ doc_id, marksPadding }) => [doc_id, marksPadding]), short], [
    [["a", false], ["b", false]],
    0,
  ]);
  // what only another window's secret is left of is nothing to forget
  assertEquals((await referenceRows(source, [row("b", [["KEY", 2, 5], [null, 0, 1]])])).short, 1);
  await assertRejects(
    () => referenceRows(source, [row("c", [["KEY", 2, 5]])]),
    RangeError,
    'Cannot find document "c" in the corpus',
  );
});

Deno.test("keptByReference() keeps a secret that begins where the last token ends, or straddles that", () => {
  const text = { ids: new Int32Array(9), ends: Uint32Array.from({ length: 9 }, (_, t) => t + 1) };
  const spans = [3, 4, 5].map((start) => ({ start, end: start + 3 }));
  const { kept, cut, padding } = keptByReference(text, spans, 4);
  assertEquals([kept.map(({ start }) => start), cut.length, padding], [[3, 4], 1, 0]);
});
