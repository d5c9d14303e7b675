import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { CHUNK_ORDERS, type ChunkRow, cutChunks, replayedRows } from "../../lib/unlearning/cut_chunks.ts";
import { sampleRows } from "../../lib/unlearning/chunk_drift.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";

const GIVEN = { order: "given", seed: 42 } as const;

function rowsOf(...values: string[]): ChunkRow[] {
  return values.map((word) => ({ values: [...word] }));
}

Deno.test("cutChunks() has each row once, and values that are shared together, in any order and size", () => {
  const random = new PythonRandom(7);
  for (let round = 0; round < 60; round++) {
    const rows = Array.from({ length: random.randbelow(40) }, () => ({
      values: Array.from({ length: random.randbelow(4) }, () => `${random.randbelow(60)}`),
      ma: random.randbelow(3) / 2,
    }));
    const size = 1 + random.randbelow(12);
    for (const order of CHUNK_ORDERS) {
      const chunks = cutChunks(rows, { rows: size, order, seed: round });
      assertEquals(chunks.flat().sort((a, b) => a - b), [...rows.keys()]);
      const homes = new Map<string, number>();
      for (const [i, chunk] of chunks.entries()) {
        assertEquals(chunk, chunk.toSorted((a, b) => a - b), "in the table's order");
        assert(chunk.length > 0);
        for (const value of chunk.flatMap((row) => rows[row]!.values)) {
          assertEquals(homes.get(value) ?? i, i, "a value in two chunks");
          homes.set(value, i);
        }
      }
    }
  }
});

Deno.test("cutChunks() of nothing, of one row, of rows of their own, and of more than there are", () => {
  const cases: [ChunkRow[], number, number[][]][] = [
    [[], 4, []],
    [rowsOf("a"), 1, [[0]]],
    [rowsOf("a"), 9, [[0]]],
    [rowsOf("a", "b", "c", "d", "e"), 2, [[0, 1], [2, 3], [4]]],
    [rowsOf("a", "b", "c"), 1, [[0], [1], [2]]],
    [rowsOf("a", "b", "c"), 3, [[0, 1, 2]]],
    [rowsOf("a", "b", "c"), 100, [[0, 1, 2]]],
    [rowsOf("", "", ""), 1, [[0], [1], [2]]], // without values nothing is shared
  ];
  for (const [rows, size, chunks] of cases) assertEquals(cutChunks(rows, { ...GIVEN, rows: size }), chunks);
});

Deno.test("cutChunks() lets a chunk grow by rows that share a value, and gives more than that a chunk of its own", () => {
  assertEquals(cutChunks(rowsOf("a", "b", "c", "b"), { ...GIVEN, rows: 2 }), [[0, 1, 3], [2]]);
  assertEquals(cutChunks(rowsOf("x", "a", "a", "a", "y"), { ...GIVEN, rows: 2 }), [[1, 2, 3], [0, 4]]);
  assertEquals(cutChunks(rowsOf("ab", "x", "bc", "y", "cd"), { ...GIVEN, rows: 1 }), [[0, 2, 4], [1], [3]]); // by rows between
  assertEquals(cutChunks(rowsOf("aa", "b"), { ...GIVEN, rows: 1 }), [[0], [1]]); // twice in one row
});

Deno.test("cutChunks() takes rows as given, by the seed, or the best known first", () => {
  const rows = [0.9, 1, 0.9, 1].map((ma, i) => ({ values: [`${i}`], ma, mask_tokens: i }));
  assertEquals(cutChunks(rows, { rows: 1, order: "hardest", seed: 1 }), [[3], [1], [2], [0]]);
  const many = Array.from({ length: 50 }, (_, i) => ({ values: [`${i}`] }));
  const random = (seed: number) => cutChunks(many, { rows: 5, order: "random", seed });
  assertEquals(random(1), random(1));
  assertNotEquals(random(1), random(2));
  assertEquals(cutChunks(many, { rows: 50, order: "random", seed: 1 }), [[...many.keys()]]);
});

Deno.test("cutChunks() refuses chunks of nothing", () => {
  for (const rows of [0, -1, NaN]) {
    assertThrows(() => cutChunks([], { ...GIVEN, rows }), RangeError, `Cannot cut chunks of ${rows} rows`);
  }
});

Deno.test("replayedRows() draws earlier rows alone, each once, by seed and turn", () => {
  const earlier = Array.from({ length: 40 }, (_, i) => 3 * i);
  const draw = (options: Partial<Parameters<typeof replayedRows>[1]> = {}) =>
    replayedRows(earlier, { count: 10, seed: 1, turn: 4, ...options });
  const drawn = draw();
  assertEquals([drawn.length, new Set(drawn).size], [10, 10]);
  assert(drawn.every((row) => earlier.includes(row)));
  assertEquals(drawn, draw());
  assertNotEquals(drawn, draw({ turn: 5 }));
  assertNotEquals(drawn, draw({ seed: 2 }));
  assertEquals(draw({ count: 0 }), []);
  assertEquals(draw({ count: 99 }), earlier);
});

Deno.test("sampleRows() keeps its rows as others come", () => {
  const all = [...Array(100).keys()];
  const some = new Set(sampleRows(all.slice(0, 50), 10, 1));
  const more = sampleRows(all, 10, 1);
  assert(more.every((row) => row >= 50 || some.has(row)), "a row that was not among the first ten is now");
});
