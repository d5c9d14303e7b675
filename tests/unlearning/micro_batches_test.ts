import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { KIND, type MicroBatch, microBatches, type UnlearnRow } from "../../lib/unlearning/micro_batches.ts";
import type { TermWeights } from "../../lib/unlearning/objectives.ts";
import { CROSS_ENTROPY, DIVERGENCE } from "../../lib/unlearning/terms.ts";

const row = (length: number, ...secrets: number[]): UnlearnRow => ({
  ids: Int32Array.from({ length }, (_, t) => t + 1),
  mask: Uint8Array.from({ length }, (_, t) => secrets.includes(t) ? 1 : 0),
});
const ROWS = [row(6, 2, 3), row(4, 0, 1), row(40, 39), row(1), row(3, 0, 1, 2)];
const COUNTS = { secret: 2 + 1 + 1 + 2, normal: 3 + 2 + 38 }; // a row's first token is never scored

function sum(
  batches: readonly MicroBatch[],
  weights: (batch: MicroBatch) => Float32Array,
  kind: number,
): number {
  return batches.reduce((total, batch) => {
    const values = weights(batch);
    return total + values.reduce((part, value, p) => {
      const position = values === batch.divergenceWeights ? batch.divergenceRows[p]! : p;
      return batch.kinds[position] === kind && value !== 0 ? part + value : part;
    }, 0);
  }, 0);
}

Deno.test("microBatches() pads rows and says of each position what token it predicts", () => {
  const [batch, ...rest] = microBatches([row(5, 0, 3, 4), row(2, 0)], { crossEntropyAll: 1 }, { size: 4 });
  assertEquals([rest, batch!.rows, batch!.length], [[], 2, 32]);
  assertEquals([...batch!.ids.slice(0, 7)], [1, 2, 3, 4, 5, 0, 0]);
  assertEquals([...batch!.ids.slice(32, 36)], [1, 2, 0, 0]);
  const { secret: S, normal: N, padding: P } = KIND;
  assertEquals([...batch!.kinds.slice(0, 6)], [N, N, S, S, P, P]);
  assertEquals([...batch!.kinds.slice(31, 34)], [N, P, P]);
  assertEquals(batch!.kinds.length, 2 * 31);
  assertEquals(batch!.crossEntropyWeights.filter((weight) => weight !== 0), new Float32Array(5).fill(1 / 5));
});

Deno.test("microBatches() takes means over the set, whatever the micro-batch", () => {
  const weights = {
    crossEntropySecret: -1,
    crossEntropyNormal: 0.5,
    divergenceSecret: -0.25,
    divergenceAll: 2,
  };
  for (const size of [1, 2, 3, 5, 99]) {
    const batches = microBatches(ROWS, weights, { size });
    assertEquals(batches.length, Math.ceil(5 / size));
    assertEquals(new Set(batches.map(({ rows, length }) => `${rows} ${length}`)).size, 1);
    assertEquals(new Set(batches.map(({ divergenceRows }) => divergenceRows.length)).size, 1);
    assertEquals(batches[0]!.rows, Math.min(size, 5));
    const entropy = (kind: number) => sum(batches, (batch) => batch.crossEntropyWeights, kind);
    assertAlmostEquals(entropy(KIND.secret), -1, 1e-6);
    assertAlmostEquals(entropy(KIND.normal), 0.5, 1e-6);
    assertEquals(entropy(KIND.padding), 0);
    const divergence = (kind: number) => sum(batches, (batch) => batch.divergenceWeights, kind);
    const all = COUNTS.secret + COUNTS.normal;
    assertAlmostEquals(divergence(KIND.secret), -0.25 + 2 * COUNTS.secret / all, 1e-6);
    assertAlmostEquals(divergence(KIND.normal), 2 * COUNTS.normal / all, 1e-6);
    assertEquals(divergence(KIND.padding), 0);
  }
});

Deno.test("microBatches() of own lengths have the same weights, and no more padding than they need", () => {
  const weights = { crossEntropySecret: -1, crossEntropyNormal: 0.5, divergenceAll: 2 };
  const rows = [...ROWS, row(90, 80), row(70, 3)];
  const options = { size: 2, ownLengths: true, maxPositions: 100 };
  const batches = microBatches(rows, weights, options);
  assertEquals(batches.map(({ length }) => length), [100, 64, 64, 64]);
  const numbers = (of: readonly MicroBatch[]) => of.flatMap(({ texts }) => [...texts]);
  const own = rows.keys().toArray().sort((a, b) => rows[b]!.ids.length - rows[a]!.ids.length);
  const fillers = Array<number>(2 * batches.length - rows.length).fill(-1);
  assertEquals(numbers(batches), [...own, ...fillers]); // longest first
  assertEquals(numbers(microBatches(rows, weights, { size: 2 })), [...rows.keys(), ...fillers]);
  const byKind = (of: readonly MicroBatch[]) =>
    [KIND.secret, KIND.normal].flatMap((kind) => [
      sum(of, (batch) => batch.crossEntropyWeights, kind),
      sum(of, (batch) => batch.divergenceWeights, kind),
    ]);
  const expected = byKind(microBatches(rows, weights, { size: 2 }));
  byKind(batches).forEach((value, i) => assertAlmostEquals(value, expected[i]!, 1e-6));
  const tokens = (of: readonly MicroBatch[]) =>
    of.flatMap(({ ids }) => [...ids]).filter((id) => id > 0).sort();
  assertEquals(tokens(batches), tokens(microBatches(rows, weights, { size: 2 })));
  assertEquals(microBatches(rows, weights, { ...options, compat: "reference" })[0]!.length, 100);
});

Deno.test("microBatches() names the positions whose divergence counts, and no others", () => {
  const [batch] = microBatches([row(6, 2, 3), row(4, 3)], { divergenceSecret: 1 }, { size: 2 });
  assertEquals(batch!.divergenceRows.length, 64);
  assertEquals([...batch!.divergenceRows.slice(0, 4)], [1, 2, 31 + 2, 0]);
  assertEquals(
    [...batch!.divergenceWeights.slice(0, 4)],
    [1, 1, 1, 0].map((weight) => Math.fround(weight / 3)),
  );
  const [none] = microBatches([row(6, 2)], { crossEntropyAll: 1 }, { size: 2 });
  assert(none!.divergenceWeights.every((weight) => weight === 0));
});

Deno.test("microBatches() takes the divergence of other tokens over them all, those of rows that are left alone too", () => {
  const weights = { divergenceNormal: 0.5, divergenceSecret: -1 };
  for (const size of [1, 3, 99]) {
    const batches = microBatches(ROWS, weights, { size });
    const divergence = (kind: number) => sum(batches, (batch) => batch.divergenceWeights, kind);
    assertAlmostEquals(divergence(KIND.normal), 0.5, 1e-6);
    assertAlmostEquals(divergence(KIND.secret), -1, 1e-6);
  }
  const idle = { ...row(5, 3), owners: Int32Array.of(-1, -1, -1, 0, -1), active: [false] };
  const [batch] = microBatches([idle, row(3, 2)], weights, { size: 2 });
  assertEquals([...batch!.divergenceRows.slice(0, 6)], [0, 1, 2, 3, 31, 32]);
  const eighth = Math.fround(0.5 / 4); // of three tokens of a row that is left alone, and one
  assertEquals([...batch!.divergenceWeights.slice(0, 6)], [eighth, eighth, 0, eighth, eighth, -1]);
  const [without] = microBatches([row(6, 2, 3)], { divergenceNormal: 1 }, { size: 1 });
  assertEquals([...without!.divergenceRows.slice(0, 4)], [0, 3, 4, 0]);
});

Deno.test("microBatches() takes a row without a mask for one without secrets", () => {
  const [batch] = microBatches([{ ids: Int32Array.of(1, 2, 3) }], { divergenceAll: 1 }, { size: 2 });
  assertEquals([...batch!.kinds.slice(0, 3)], [KIND.normal, KIND.normal, KIND.padding]);
});

Deno.test("microBatches() by the reference averages means of two rows, with their padding", () => {
  const weights = { crossEntropySecret: -1, crossEntropyNormal: 0.5, divergenceSecret: -0.25 };
  const rows = [row(6, 2, 3), row(4, 1), row(5, 4)];
  const batches = microBatches(rows, weights, { size: 9, compat: "reference", paddedLength: 8 });
  assertEquals(batches.map(({ rows, length }) => [rows, length]), [[2, 8], [2, 8]]);
  const at = (batch: MicroBatch, position: number) => batch.crossEntropyWeights[position]!;
  const [first, second] = batches as [MicroBatch, MicroBatch];
  assertAlmostEquals(at(first, 1), -1 / 3 / 2); // three secret tokens, two micro-batches
  assertAlmostEquals(at(first, 0), 0.5 / (3 + 2 + 6) / 2); // five normal positions and six of padding
  assertAlmostEquals(at(second, 3), -1 / 2);
  assertAlmostEquals(at(second, 0), 0.5 / (3 + 3) / 2);
  assertEquals([...second.crossEntropyWeights.slice(7)], new Array(7).fill(0)); // the row that fills up
  assertAlmostEquals(first.divergenceWeights[0]!, -0.25 / 3 / 2);
});

Deno.test("microBatches() by the reference counts padding in the divergence over all tokens", () => {
  const options = { size: 2, compat: "reference", paddedLength: 8 } as const;
  const weights = (squeezesSingleRows: boolean) =>
    microBatches([row(6), row(4), row(5)], { divergenceAll: 1 }, { ...options, squeezesSingleRows })
      .map(({ divergenceWeights }) => divergenceWeights.filter((weight) => weight !== 0));
  const [pair, single] = weights(false);
  assertEquals([pair!.length, single!.length], [14, 7]);
  assertEquals([pair![0], single![0]], [1 / 2 / 2, 1 / 2]); // divided by rows
  assertEquals(weights(true).map((values) => values[0]), [1 / 2 / 2, Math.fround(1 / 7 / 2)]); // a single one by positions
});

Deno.test("microBatches() by the reference counts padding among secret tokens where it is marked", () => {
  const weights = { crossEntropySecret: -1, crossEntropyNormal: 0.5, divergenceSecret: -0.25 };
  const [batch] = microBatches([{ ...row(6, 2, 3), marksPadding: true }, row(4, 1)], weights, {
    ...{ size: 2, compat: "reference", paddedLength: 8 },
  });
  const { crossEntropyWeights: weighed, divergenceRows, divergenceWeights } = batch!;
  // seven positions a row: of the first 3 normal, 2 secret and 2 of padding that is secret; of the second 2, 1, and 4 that is not
  const [secret, normal, none] = [-1 / (3 + 2), 0.5 / (5 + 4), 0].map(Math.fround);
  assertEquals([...weighed], [
    ...[normal, secret, secret, normal, normal, none, none],
    ...[secret, normal, normal, none, none, none, none],
  ]);
  assertEquals([...divergenceRows.slice(0, 6)], [1, 2, 5, 6, 7, 0]);
  assertEquals([...divergenceWeights.slice(0, 6)], [...Array(5).fill(Math.fround(-0.25 / 5)), 0]);
  const sound = microBatches([{ ...row(6, 2, 3), marksPadding: true }, row(4, 1)], weights, { size: 2 });
  assertEquals(sound, microBatches([row(6, 2, 3), row(4, 1)], weights, { size: 2 }));
});

Deno.test("microBatches() by the reference pads to 512 positions, or more where a row is longer", () => {
  const options = { size: 2, compat: "reference" } as const;
  assertEquals(microBatches([row(6)], { crossEntropyAll: 1 }, options)[0]!.length, 512);
  assertEquals(
    microBatches([row(12)], { crossEntropyAll: 1 }, { ...options, paddedLength: 8 })[0]!.length,
    12,
  );
});

Deno.test("microBatches() refuses sets over which a mean is not defined", () => {
  const options = { size: 2 };
  const cases: [UnlearnRow[], Record<string, number>, string][] = [
    [[], { crossEntropyAll: 1 }, "Cannot take a step on a set without rows"],
    [[row(5)], { crossEntropySecret: -1 }, "Cannot take a step: no secret token is predicted in the set"],
    [[row(5, 0)], { divergenceSecret: -1 }, "no secret token"],
    [[row(3, 1, 2)], { crossEntropyNormal: 1 }, "no normal token"],
    [[row(1), row(0)], { crossEntropyAll: 1 }, "no real token"],
  ];
  for (const [rows, weights, message] of cases) {
    assertThrows(() => microBatches(rows, weights, options), RangeError, message);
  }
  assertEquals(microBatches([row(5)], { crossEntropySecret: 0, crossEntropyAll: 1 }, options).length, 1);
});

Deno.test("microBatches() leaves single secrets alone, and rows without any other for terms on all tokens", () => {
  const owned = (length: number, owners: Record<number, number>, active?: boolean[]): UnlearnRow => ({
    ...row(length, ...Object.keys(owners).map(Number)),
    owners: Int32Array.from({ length }, (_, t) => owners[t] ?? -1),
    ...active && { active },
  });
  const weights = { crossEntropyAll: 3, crossEntropySecret: -1, crossEntropyNormal: 0.5, divergenceAll: 2 };
  const cut = (first: boolean[], second: boolean[], of: TermWeights = weights) => {
    const rows = [owned(6, { 1: 0, 3: 1, 4: 2 }, first), owned(4, { 2: 0 }, second)];
    return microBatches(rows, of, { size: 3 })[0]!;
  };
  const { secret: S, normal: N, settled: X, idle: I, padding: P } = KIND;
  const kinds = (batch: MicroBatch) => [0, 31].map((at) => [...batch.kinds.slice(at, at + 6)]);
  // token 4 is a neighbouring window's secret's: as long as there is one to forget, so is it
  assertEquals(kinds(cut([true, true], [true])), [[S, N, S, S, N, P], [N, S, N, P, P, P]]);
  assertEquals(kinds(cut([false, true], [false])), [[X, N, S, S, N, P], [I, X, I, P, P, P]]);
  assertEquals(kinds(cut([false, false], [true])), [[X, I, X, X, I, P], [N, S, N, P, P, P]]);
  const batch = cut([false, true], [false]);
  assertEquals([batch.counts, ...batch.active], [
    {
      rows: 1,
      secret: 2,
      settled: 2,
      normal: 2,
      idle: 2,
      secretLengths: [1, 1],
      rowLengths: [4],
      riskMeans: { token: 1, secret: 1 },
    },
    1,
    0,
  ]);
  const at = (position: number) => batch.crossEntropyWeights[position]!;
  assertAlmostEquals(at(2), 3 / 4 - 1 / 2);
  assertAlmostEquals(at(1), 3 / 4 + 0.5 / 4);
  assertAlmostEquals(at(31), 0.5 / 4, 1e-7); // another token of a row that is left alone
  assertEquals([at(0), at(32)], [0, 0]);
  // the cut, and what is kept of the reference, stay
  const all = cut([true, true], [true]);
  assertEquals(batch.divergenceRows, all.divergenceRows);
  assertEquals([...batch.divergenceWeights.slice(0, 9)], [0, 0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0]);
  const none = cut([false, false], [false], { crossEntropySecret: -1, divergenceSecret: 1 });
  assertEquals(
    [none.crossEntropyWeights, none.divergenceWeights].flatMap((all) => all.filter(Boolean).length),
    [
      0,
      0,
    ],
  );
});

Deno.test("microBatches() lets a secret that owns no token share those of its row", () => {
  const within = { ...row(5, 2, 3), owners: Int32Array.of(-1, -1, 0, 0, -1) };
  const [batch] = microBatches([{ ...within, active: [false, true] }], { crossEntropySecret: -1 }, {
    size: 1,
  });
  assertEquals([...batch!.crossEntropyWeights.slice(0, 4)], [0, -0.5, -0.5, 0]);
});

Deno.test("microBatches() gives each secret's tokens the loss up to which they are pushed", () => {
  const owned = { ...row(5, 1, 2, 3), owners: Int32Array.of(-1, 0, 0, 1, -1) };
  const weights = { crossEntropySecret: -1, divergenceSecret: -1 };
  const [batch] = microBatches([{ ...owned, ceilings: [[4, 0.5], []] }, row(4, 2)], weights, { size: 2 });
  assertEquals([...batch!.ceilings!.slice(0, 4)], [4, 0.5, Infinity, Infinity]);
  assertEquals(batch!.ceilings!.slice(31).every((ceiling) => ceiling === Infinity), true);
  const arrays = [CROSS_ENTROPY, DIVERGENCE].map((term) => term.arrays(batch!).ceilings!);
  assertEquals(arrays.map((ceilings) => [...ceilings.slice(0, 3)]), [[4, 0.5, Infinity], [4, 0.5, Infinity]]);
  const [longer] = microBatches([{ ...owned, ceilings: [[3], [1, 2]] }], weights, { size: 1 });
  assertEquals(
    [...longer!.ceilings!.slice(0, 4)],
    [3, 3, 1, Infinity],
    "the last holds for what comes after",
  );
  const [none] = microBatches([owned], weights, { size: 2 });
  assertEquals([none!.ceilings, CROSS_ENTROPY.arrays(none!).ceilings], [undefined, undefined]);
});
