import { assert, assertEquals } from "@std/assert";
import { type Branch, toDecodeBatches } from "../../lib/decoding/decode_batches.ts";

/** A branch of a text that decodes `steps` tokens more. */
function branch(text: number, steps: number): Branch {
  return { start: { text, position: 9, token: 0, until: 10 + steps }, result: new Int32Array(steps + 1) };
}

/** Row-steps of all batches. */
function work(branches: readonly Branch[], rows: number): number {
  return toDecodeBatches(branches, rows).reduce((sum, batch) => {
    const steps = Math.max(...batch.branches.map((one) => (one?.result.length ?? 1) - 1));
    return sum + steps * batch.branches.length;
  }, 0);
}

Deno.test("toDecodeBatches() deals every branch once, beside its own text, within the rows", () => {
  const branches = Array.from({ length: 500 }, (_, i) => branch((i * i) % 13, (i * 7) % 100));
  for (const rows of [1, 8, 64]) {
    const batches = toDecodeBatches(branches, rows);
    const dealt = batches.flatMap((batch) => batch.branches.filter((one) => one !== null));
    assertEquals(new Set(dealt).size, branches.length);
    assertEquals(dealt.length, branches.length);
    for (const { texts, rowsPerText, branches } of batches) {
      assertEquals(branches.length, texts.length * rowsPerText);
      assert(branches.length <= rows);
      assert(Number.isInteger(Math.log2(texts.length)) && Number.isInteger(Math.log2(rowsPerText)));
      branches.forEach((one, row) =>
        assert(one === null || one.start.text === texts[Math.floor(row / rowsPerText)])
      );
    }
  }
});

Deno.test("toDecodeBatches() wastes little when most positions of texts of one length start a decode", () => {
  const branches = Array.from({ length: 32 * 127 }, (_, i) => branch(i % 32, Math.floor(i / 32)))
    .filter((_, i) => i * 2654435761 % 10 < 7);
  const wanted = branches.reduce((sum, { result }) => sum + result.length - 1, 0);
  assert(work(branches, 256) < 1.25 * wanted, `${work(branches, 256)} row-steps for ${wanted}`);
});

Deno.test("toDecodeBatches() gives each text one row when each has one branch", () => {
  const [batch, ...rest] = toDecodeBatches([branch(0, 4), branch(1, 4), branch(2, 4), branch(3, 4)], 256);
  assertEquals([batch!.texts.length, batch!.rowsPerText, rest.length], [4, 1, 0]);
});

Deno.test("toDecodeBatches() deals nothing when there is nothing to decode", () => {
  assertEquals(toDecodeBatches([], 8), []);
});
