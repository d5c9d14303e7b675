import { assertEquals, assertStringIncludes } from "@std/assert";
import { secretTrajectories } from "../../lib/figures/secret_trajectories.ts";

const path = (secret: number, tag: string, scores: readonly (number | null)[]) =>
  scores.map((ma, epoch) => ({ secret, tag, description: `${tag}, <b>${secret}`, epoch, ma }));

Deno.test("secretTrajectories() draws stubborn secrets apart, with a gap between lines, and their mean", () => {
  const rows = [
    ...path(0, "KEY", [1, 0.1]),
    ...path(1, "KEY", [1, 0.2]).reverse(), // rows in any order
    ...path(2, "KEY", [0.8, 0.7]),
    ...path(3, "EMAIL", [0.6, null]),
  ];
  const { data, layout } = secretTrajectories(rows, { method: "codeeraser", threshold: 0.3 });
  assertEquals(data.map(({ name }) => name), [
    "key (2)",
    "key, stays above (1)",
    "e-mail, stays above (1)",
    "mean of all",
  ]);
  assertEquals(data[0]?.x, [0, 1, null, 0, 1, null]);
  assertEquals(data[0]?.y, [1, 0.1, null, 1, 0.2, null]);
  const mean = data[3]!.y as number[];
  assertEquals(mean.map((value) => value.toFixed(4)), ["0.8500", "0.3333"]); // epoch 1 has three of them
  assertStringIncludes(layout.title.subtitle!.text, "2 of 4 secrets end above the threshold");
  assertEquals(/<b>[0-9]/.test(JSON.stringify(data)), false);
});

Deno.test("secretTrajectories() counts none as stubborn without a threshold, and takes no secrets", () => {
  const { layout } = secretTrajectories(path(0, "KEY", [1]), { method: "ga" });
  assertEquals([layout.title.subtitle?.text, layout.shapes], ["1 secrets, the mean ends at 100.0%", []]);
  for (const rows of [[], path(0, "KEY", [null])]) {
    const empty = secretTrajectories(rows, { method: "ga", threshold: 0.3 });
    assertStringIncludes(JSON.stringify(empty.layout.annotations), "no rows to show");
  }
});
