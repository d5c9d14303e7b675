import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { KIND } from "../../lib/unlearning/micro_batch.ts";
import { microBatches, type UnlearnRow } from "../../lib/unlearning/micro_batches.ts";
import { METHODS, objectiveOf } from "../../lib/unlearning/objectives.ts";

/** Two secrets of 2 and 3 tokens, and in another row one of 4; the third is three times as harmful as the others. */
const row = (risks: number[], ...places: [number, number][]): UnlearnRow => {
  const owners = Int32Array.from(
    { length: 14 },
    (_, t) => places.findIndex(([from, to]) => t >= from && t < to),
  );
  const mask = Uint8Array.from(owners, (owner) => owner < 0 ? 0 : 1);
  return { ids: Int32Array.from({ length: 14 }, (_, t) => t), mask, owners, risks };
};
const RISKY = [row([1, 1], [2, 4], [8, 11]), row([3], [5, 9])];
const EVEN = RISKY.map(({ risks: _, ...rest }) => rest);

/** The summed weights in a method's forget step of the secrets of risk 1 and of that of risk 3. */
function weightsOf(method: string, rows: readonly UnlearnRow[], size: number): { low: number; high: number } {
  const { forget, terms } = objectiveOf(method);
  const sums = { low: 0, high: 0 };
  for (const batch of microBatches(rows, forget, { size })) {
    const positions = batch.kinds.length / batch.rows;
    const add = (at: number, weight: number) => sums[batch.risks[at] === 3 ? "high" : "low"] += weight;
    /** Where a secret of a row begins, by its number among those of all rows. */
    const begin = (unit: number) => {
      const first = Math.floor(unit / batch.slots) * positions;
      return first + batch.units.subarray(first).indexOf(unit % batch.slots);
    };
    batch.crossEntropyWeights.forEach((weight, at) => batch.kinds[at] === KIND.secret && add(at, weight));
    for (const term of terms?.forget ?? []) {
      const { weights, positions: places, units } = term.arrays(batch);
      weights.forEach((weight, i) => weight !== 0 && add(units ? begin(i) : places?.[i] ?? i, weight));
    }
  }
  return sums;
}

Deno.test("a secret's risk is its weight in every method on secrets, and the mean stays a mean", () => {
  const onSecrets = METHODS.filter((method) => !["ga", "cu", "revs"].includes(method)); // revs has no loss
  assert(onSecrets.length >= 13);
  for (const method of onSecrets) {
    for (const size of [1, 2]) {
      const [even, risky] = [EVEN, RISKY].map((rows) => weightsOf(method, rows, size)) as [
        ReturnType<typeof weightsOf>,
        ReturnType<typeof weightsOf>,
      ];
      assertEquals(even.high, 0);
      const { low, high } = risky;
      // by tokens 5 of risk 1 and 4 of risk 3; by secrets 2 and 1; CE-U leaves the first of each out, 3 and 3
      const [a, b] = method === "ceu" ? [3, 3] : ["npo", "simnpo"].includes(method) ? [2, 1] : [5, 4];
      assertAlmostEquals(high / low, 3 * b! / a!, 1e-5, `${method}: ${JSON.stringify(risky)}`);
      if (method !== "ceu") assertAlmostEquals(low + high, even.low, 1e-5, method);
    }
  }
});
