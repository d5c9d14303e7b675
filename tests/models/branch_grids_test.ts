import { assert, assertEquals } from "@std/assert";
import { type Branch, toGrids } from "../../lib/models/branch_grids.ts";

/** A branch of a text that decodes `steps` tokens more. */
function branch(text: number, steps: number): Branch {
  return { start: { text, position: 9, token: 0, until: 10 + steps }, result: new Int32Array(steps + 1) };
}

/** Row-steps of all grids. */
function work(branches: readonly Branch[], rows: number): number {
  return toGrids(branches, rows).reduce((sum, grid) => {
    const steps = Math.max(...grid.branches.map((one) => (one?.result.length ?? 1) - 1));
    return sum + steps * grid.branches.length;
  }, 0);
}

Deno.test("toGrids() deals every branch once, beside its own text, within the rows", () => {
  const branches = Array.from({ length: 500 }, (_, i) => branch((i * i) % 13, (i * 7) % 100));
  for (const rows of [1, 8, 64]) {
    const grids = toGrids(branches, rows);
    const dealt = grids.flatMap((grid) => grid.branches.filter((one) => one !== null));
    assertEquals(new Set(dealt).size, branches.length);
    assertEquals(dealt.length, branches.length);
    for (const { texts, rowsPerText, branches } of grids) {
      assertEquals(branches.length, texts.length * rowsPerText);
      assert(branches.length <= rows);
      assert(Number.isInteger(Math.log2(texts.length)) && Number.isInteger(Math.log2(rowsPerText)));
      branches.forEach((one, row) =>
        assert(one === null || one.start.text === texts[Math.floor(row / rowsPerText)])
      );
    }
  }
});

Deno.test("toGrids() wastes little when most positions of texts of one length start a decode", () => {
  const branches = Array.from({ length: 32 * 127 }, (_, i) => branch(i % 32, Math.floor(i / 32)))
    .filter((_, i) => i * 2654435761 % 10 < 7);
  const wanted = branches.reduce((sum, { result }) => sum + result.length - 1, 0);
  assert(work(branches, 256) < 1.25 * wanted, `${work(branches, 256)} row-steps for ${wanted}`);
});

Deno.test("toGrids() gives each text one row when each has one branch", () => {
  const [grid, ...rest] = toGrids([branch(0, 4), branch(1, 4), branch(2, 4), branch(3, 4)], 256);
  assertEquals([grid!.texts.length, grid!.rowsPerText, rest.length], [4, 1, 0]);
});

Deno.test("toGrids() deals nothing when there is nothing to decode", () => {
  assertEquals(toGrids([], 8), []);
});
