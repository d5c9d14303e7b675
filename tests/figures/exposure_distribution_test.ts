import { assertEquals } from "@std/assert";
import { exposureDistribution } from "../../lib/figures/exposure_distribution.ts";

const rows = (model: string, ...bits: (number | null)[]) => bits.map((bits) => ({ model, bits }));

Deno.test("exposureDistribution() shows shares of each model beside those of what was never seen", () => {
  const { data, layout } = exposureDistribution([...rows("ga", 0, 0.99, 1, null), ...rows("before", 3.5, 4)]);
  assertEquals(data.map(({ name, x, y }) => [name, x.length, y]), [
    ["before", 5, [0, 0, 0, 0.5, 0.5]],
    ["GA", 5, [2 / 3, 1 / 3, 0, 0, 0]],
    ["never seen", 5, [0.5, 0.25, 0.125, 0.0625, 0.03125]],
  ]);
  assertEquals(
    layout.title.subtitle!.text,
    "before: 50.0% above 4 bits, GA: 0.0% above 4 bits; never seen: 6.3%",
  );
});

Deno.test("exposureDistribution() draws nothing of secrets without exposure", () => {
  for (const none of [[], rows("after", null, NaN)]) assertEquals(exposureDistribution(none).data, []);
});
