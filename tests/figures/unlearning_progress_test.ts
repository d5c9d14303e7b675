import { assertEquals, assertStringIncludes } from "@std/assert";
import { unlearningProgress } from "../../lib/figures/unlearning_progress.ts";

const row = (
  epoch: number,
  terms: Partial<Record<"ce_secret" | "ce_normal" | "kl_forget" | "kl_retain", number>>,
) => ({
  ...{ epoch, ma: 0.9, el_10: null, retain_ma: 0.97, loss: null },
  ...{ ce_secret: null, ce_normal: null, kl_forget: null, kl_retain: null, ...terms },
});

Deno.test("unlearningProgress() shows scores left and the terms that a method has right", () => {
  const { data, layout } = unlearningProgress([row(0, {}), row(1, { ce_secret: 0.1, kl_retain: 0 })], {
    method: "codeeraser",
    thresholds: { ma: 0.3, el_10: 0.1 },
  });
  assertEquals(data.map(({ name, xaxis, y }) => [name, xaxis, y]), [
    ["forget set MA", undefined, [0.9, 0.9]],
    ["retain set MA", undefined, [0.97, 0.97]],
    ["CE, secret tokens", "x2", [null, 0.1]],
    ["KL, retain step", "x2", [null, 0]],
  ]);
  assertEquals((layout.shapes as unknown[]).length, 2);
  assertStringIncludes(layout.title.text, "CodeEraser");
  assertStringIncludes(
    layout.title.subtitle!.text,
    "after epoch 1: forget set MA 90.0%, retain set MA 97.0%",
  );
});

Deno.test("unlearningProgress() keeps its axis while epochs come and widens it when they go on", () => {
  const rangeOf = (epoch: number) => {
    const { layout } = unlearningProgress([row(0, {}), row(epoch, {})], { method: "ga", epochs: 8 });
    return (layout.xaxis as { range: number[] }).range;
  };
  assertEquals(rangeOf(1), rangeOf(8));
  assertEquals(rangeOf(12)[1]! > 12, true);
});

Deno.test("unlearningProgress() can be drawn before the first epoch, under a method's hostile name", () => {
  const { layout } = unlearningProgress([], { method: "<img onerror>" });
  assertEquals(layout.title.subtitle?.text, "not begun");
  assertEquals(layout.title.text.includes("<img"), false);
});
