import { assertEquals, assertStringIncludes } from "@std/assert";
import { codeContinuations } from "../../lib/figures/code_continuations.ts";

const TRUTH = "if a:\n    return 1\n\nx = 2";
const find = (figure: ReturnType<typeof codeContinuations>, name: string) =>
  figure.data.find((trace) => trace.name === name);

Deno.test("codeContinuations() cuts at the first deviation, also where a later line agrees again", () => {
  const figure = codeContinuations([{
    model: "ga",
    truth: TRUTH,
    completion: "if a:\n    return 7\n\nx = 2",
    right: 0.9,
  }]);
  const [right, own] = ["as the truth", "its own"].map((name) => find(figure, name));
  assertEquals([right?.base, right?.x], [[0, 4], [5, 7]]); // indents are left out of the bars
  assertEquals([own?.base, own?.x], [[11, 0], [1, 5]]);
  assertEquals(own?.y.length, 2); // the blank line has no bar
  assertEquals(Number(own?.y[1]) - Number(own?.y[0]), 2);
  assertStringIncludes(JSON.stringify(figure.layout.annotations), "GA: 90.0% of the tokens");
});

Deno.test("codeContinuations() stacks models in their order and hatches nothing of a true continuation", () => {
  const rows = ["before", "codeeraser"].map((model) => ({
    model,
    truth: TRUTH,
    completion: TRUTH,
    right: 1,
  }));
  const figure = codeContinuations(rows);
  assertEquals(find(figure, "its own"), undefined);
  const places = (figure.layout.annotations as { y: number }[]).map(({ y }) => y);
  assertEquals(places, places.toSorted((a, b) => a - b));
  assertEquals(new Set(places).size, 3);
});

Deno.test("codeContinuations() cuts long lines and many lines, and escapes code", () => {
  const truth = `<img onerror>${"x".repeat(300)}\n`.repeat(40);
  const figure = codeContinuations([{ model: "<b>", truth, completion: truth, right: 1 }], { maxLines: 3 });
  assertEquals(find(figure, "the true text")?.x.length, 3);
  assertEquals(Math.max(...find(figure, "the true text")!.x as number[]) <= 96, true);
  const text = JSON.stringify([figure.data, figure.layout.annotations]);
  assertEquals(/<img|<b><b>/.test(text), false);
  assertStringIncludes(text, "…");
});

Deno.test("codeContinuations() is as wide as its columns of letters, so that boxes end with their texts", () => {
  const widthOf = (length: number) => {
    const truth = "x".repeat(length);
    const { layout } = codeContinuations([{ model: "ga", truth, completion: truth, right: 1 }]);
    const [from, to] = (layout.xaxis as { range: [number, number] }).range;
    return [layout.autosize, (Number(layout.width) - 48) / (to - from)] as const;
  };
  for (const length of [10, 80, 300]) {
    const [autosize, column] = widthOf(length);
    assertEquals([autosize, Math.abs(column - 0.602 * 11.5) < 1e-9], [false, true]);
  }
});

Deno.test("codeContinuations() says that there is nothing to show without rows", () => {
  assertStringIncludes(JSON.stringify(codeContinuations([]).layout.annotations), "no rows to show");
});
