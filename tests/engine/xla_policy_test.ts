import { assert, assertEquals } from "@std/assert";
import type { Products } from "../../lib/engine/capture.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { currentEngine, type OpenEngine, setEngine } from "../../lib/engine/state.ts";
import {
  compilesDecoding,
  compilesPrefill,
  compilesUnlearning,
  isXlaFaster,
} from "../../lib/engine/xla_policy.ts";

interface Machine {
  /** Instructions by TensorFlow's numbers. */
  instructions?: readonly number[];
  /** A GPU's memory. */
  gpu?: number;
}

const AVX512 = { instructions: [27] };
const BFLOAT16 = { instructions: [27, 39] };
const GPU = { gpu: 80e9 };
const PLAIN = {};

/** What a rule says on a made-up machine. */
function on<T>({ instructions = [], gpu }: Machine, rule: () => T): T {
  const isUsingGpuDevice = () => gpu !== undefined;
  setEngine({
    symbols: { testFeature: (number: number) => instructions.includes(number) },
    binding: { isUsingGpuDevice, gpu: gpu === undefined ? null : { memory: gpu } },
  } as unknown as OpenEngine);
  try {
    return rule();
  } finally {
    setEngine(null);
  }
}

const model = (parameterCount: number, products: Products = "float32") => ({ parameterCount, products });

Deno.test("isXlaFaster() is false for bfloat16 where the processor multiplies in it", () => {
  const products = ["float32", "tf32", "bfloat16"] as const;
  assertEquals(on(PLAIN, () => products.map(isXlaFaster)), [true, true, true]);
  assertEquals(on(AVX512, () => products.map(isXlaFaster)), [true, true, true]);
  assertEquals(on(BFLOAT16, () => products.map(isXlaFaster)), [true, true, false]);
  assertEquals(on({ instructions: [43] }, () => products.map(isXlaFaster)), [true, true, false]);
  assertEquals(on({ ...BFLOAT16, ...GPU }, () => products.map(isXlaFaster)), [true, true, true]);
});

Deno.test("isXlaFaster() knows the instructions that the system names", async () => {
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/cpuinfo"] }).output();
  const names = new Set(/^flags\s*: (.*)$/m.exec(new TextDecoder().decode(stdout))?.[1]?.split(" "));
  using _engine = await openTensorFlow({ device: "cpu" });
  assert(currentEngine().binding.gpu === null);
  assertEquals(
    [isXlaFaster("float32"), isXlaFaster("bfloat16")],
    [true, !names.has("avx512_bf16") && !names.has("amx_bf16")],
  );
});

Deno.test("compilesDecoding() weighs the steps to come, on a GPU by their number alone", () => {
  const row = (steps: number) => ({ tokens: steps, steps });
  const rows = (steps: number, rows: number) => ({ tokens: steps * rows, steps });
  const rule = (work: { tokens: number; steps: number }, ofModel = model(135e6)) => () =>
    compilesDecoding(work, ofModel);
  assertEquals([on(PLAIN, rule(row(100))), on(PLAIN, rule(row(101)))], [false, true]);
  assertEquals([on(AVX512, rule(rows(1e4, 16))), on(AVX512, rule(rows(1e4, 17)))], [true, false]);
  assertEquals(on(PLAIN, rule(rows(1e4, 17))), true);
  const narrow = model(135e6, "bfloat16");
  assertEquals([on(BFLOAT16, rule(row(101), narrow)), on(BFLOAT16, rule(rows(1e4, 2), narrow))], [
    true,
    false,
  ]);
  assertEquals([on(GPU, rule(row(399))), on(GPU, rule(row(400), model(1)))], [false, true]);
});

Deno.test("compilesPrefill() waits until compiling would have paid", () => {
  const rule = (tokens: number, ofModel = model(1e8)) => () => compilesPrefill(tokens, ofModel);
  assertEquals([on(PLAIN, rule(999)), on(PLAIN, rule(1000))], [false, true]);
  assertEquals([on(GPU, rule(999_999)), on(GPU, rule(1e6))], [false, true]);
  assertEquals(on(BFLOAT16, rule(1e6, model(1e8, "bfloat16"))), false);
});

Deno.test("compilesUnlearning() compiles models that are large, not their gradients where XLA is slower", () => {
  const rule = (ofModel: Parameters<typeof compilesUnlearning>[0]) => () => compilesUnlearning(ofModel);
  assertEquals(on(PLAIN, rule(model(2e7 - 1))), { gradients: false, update: false });
  assertEquals(on(PLAIN, rule(model(2e7))), { gradients: true, update: true });
  assertEquals(on(BFLOAT16, rule(model(2e7, "bfloat16"))), { gradients: false, update: true });
  const saving = rule({ ...model(2e7), recomputesLayers: true });
  assertEquals(on(PLAIN, saving), { gradients: false, update: false });
});
