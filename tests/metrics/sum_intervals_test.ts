import { assert, assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { bootstrapInterval } from "../../lib/metrics/bootstrap.ts";
import { sumIntervals } from "../../lib/metrics/sum_intervals.ts";

const random = new PythonRandom(11);
const ROWS = Array.from(
  { length: 37 },
  () => [1 + random.randbelow(50), random.randbelow(20), random.random()],
);

Deno.test("sumIntervals() gives each statistic the interval that bootstrapInterval() does", () => {
  const statistics = [
    ([all, right]: ArrayLike<number> & Iterable<number>) => right! / all!,
    ([all, , loss]: ArrayLike<number> & Iterable<number>) => loss! / all!,
    ([all, right, loss]: ArrayLike<number> & Iterable<number>) => Math.abs(right! - loss!) / all!,
  ];
  for (const options of [{}, { seed: 7, resamples: 100, level: 0.8 }]) {
    const found = sumIntervals(ROWS, (sums) => statistics.map((statistic) => statistic(sums)), options);
    statistics.forEach((statistic, i) => {
      const plain = bootstrapInterval([{ values: [...ROWS.keys()] }], ([drawn]) => {
        const sums = [0, 0, 0];
        for (const row of drawn!) ROWS[row]!.forEach((value, k) => sums[k]! += value);
        return statistic(sums);
      }, options);
      assertEquals(found[i], plain);
    });
  }
});

Deno.test("sumIntervals() leaves out draws in which a statistic is not defined, and gives null where none is", () => {
  const rows = [[0, 0, 0], [2, 1, 0], [4, 4, 0]];
  const share = (part: number, of: number) => of === 0 ? null : part / of;
  const [some, none] = sumIntervals(
    rows,
    ([all, right, zero]) => [share(right!, all!), share(right!, zero!)],
  );
  assertEquals(none, null);
  assertEquals([some!.estimate, some!.low, some!.high], [5 / 6, 0.5, 1]);
});

Deno.test("sumIntervals() of one document has no width, and of none is null", () => {
  assertEquals(sumIntervals([[4, 1]], ([all, right]) => [right! / all!]), [{
    estimate: 0.25,
    low: 0.25,
    high: 0.25,
  }]);
  assertEquals(sumIntervals([], () => [null]), [null]);
});

Deno.test("sumIntervals() narrows as documents are more", () => {
  const width = (count: number) => {
    const rows = Array.from({ length: count }, (_, i) => [10, i % 2 === 0 ? 2 : 6]);
    const [interval] = sumIntervals(rows, ([all, right]) => [right! / all!]);
    return interval!.high - interval!.low;
  };
  assert(width(400) < width(40) / 2);
});
