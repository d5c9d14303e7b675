import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { memorizationDistribution } from "../../lib/figures/memorization_distribution.ts";

function documents(...scores: readonly (number | null)[]) {
  return scores.map((ma, index) => ({ doc_id: String(index), ma }));
}

Deno.test("memorizationDistribution() counts every document once when scores lie on bin edges", () => {
  const [all] = memorizationDistribution(documents(0, 0.025, 0.5, 1, 1)).data;
  assertEquals(all?.y.length, 40);
  assertEquals(all?.y.flatMap((count, bin) => count === 0 ? [] : [[bin, count]]), [[0, 1], [1, 1], [20, 1], [
    39,
    2,
  ]]);
  assertEquals(all?.x[39], 0.9875);
});

Deno.test("memorizationDistribution() splits at the threshold when one is given", () => {
  const { data, layout } = memorizationDistribution(documents(0.1, 0.46, 0.461, 0.9, null), {
    threshold: 0.46,
  });
  const sums = data.map(({ y }) => y.reduce<number>((sum, count) => sum + Number(count), 0));
  assertEquals(data.map((trace) => trace.name), ["at or below threshold", "above threshold"]);
  assertEquals(sums, [2, 2]);
  assertEquals(
    layout.title.subtitle?.text,
    "50.0% of 4 documents lie above the threshold; 1 without a score",
  );
  assertStringIncludes(JSON.stringify(layout.shapes), "threshold 46.0%");
});

Deno.test("memorizationDistribution() draws no line when there is no threshold", () => {
  assertEquals(memorizationDistribution(documents(0.5)).layout.shapes, []);
});

Deno.test("memorizationDistribution() throws when an MA is no rate", () => {
  for (const ma of [-0.1, 1.5]) {
    const { message } = assertThrows(() => memorizationDistribution(documents(ma)), RangeError);
    assertEquals(message, `Cannot draw MA as a rate of [0, 1]: found ${ma}`);
  }
});
