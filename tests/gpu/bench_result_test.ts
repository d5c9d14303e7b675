import { assertEquals } from "@std/assert";
import { formatResult, isReached } from "./bench_result.ts";
import { peakOf } from "./card_memory.ts";
import { ROWS } from "./bench_rows.ts";

Deno.test("isReached() tells goals that are reached, missed and not measured", () => {
  const goals = [
    { what: "x eager", value: 1.6, atLeast: 1.5 },
    { what: "x eager", value: 1.4, atLeast: 1.5 },
    { what: "x its memory", value: 0.4, atMost: 0.5 },
    { what: "x its memory", value: null, atMost: 0.5 },
    { what: "x eager", value: NaN, atLeast: 1.5 },
  ];
  assertEquals(goals.map(isReached), [true, false, true, null, null]);
});

Deno.test("formatResult() puts a result into one line and each note into one more", () => {
  const result = {
    row: "gpt2",
    name: "forward",
    unit: "ms",
    ours: 9.876,
    peers: { eager: 20, compile: null },
    goals: [
      { what: "x eager", value: 20 / 9.876, atLeast: 1.5 },
      { what: "x compile", value: null, atLeast: 1 },
    ],
    notes: ["a note"],
    seconds: 12.3,
    final: true,
  };
  assertEquals(
    formatResult(result),
    "gpt2: forward: ours 9.88 ms, eager 20.0 ms, compile ?; 2.03 x eager (>= 1.5: reached); " +
      "? x compile (>= 1: not measured) [12 s]\n    a note",
  );
});

Deno.test("peakOf() knows cards by their name", () => {
  assertEquals(
    ["NVIDIA H100 80GB HBM3", "NVIDIA H100 PCIe", "NVIDIA H200", "another"].map(peakOf),
    [989e12, 756e12, 989e12, null],
  );
});

Deno.test("the rows of bench:gpu begin with the most important", () => {
  assertEquals(Object.keys(ROWS).slice(0, 5), ["gpt2", "llama", "secrets", "scores", "unlearn"]);
});
