import { assertEquals } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { isXlaFaster } from "../../lib/engine/processor.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

Deno.test("isXlaFaster() knows the bfloat16 instructions that the system names", async () => {
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/cpuinfo"] }).output();
  const hasInstructions = /\b(avx512_bf16|amx_bf16)\b/.test(new TextDecoder().decode(stdout));
  assertEquals([isXlaFaster("float32"), isXlaFaster("bfloat16")], [true, !hasInstructions]);
});
