import { assertEquals } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { cpuHas } from "../../lib/engine/cpu_features.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

Deno.test("cpuHas() knows the instructions that the system names", async () => {
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/cpuinfo"] }).output();
  const names = new Set(/^flags\s*: (.*)$/m.exec(new TextDecoder().decode(stdout))?.[1]?.split(" "));
  const wanted = ["avx512f", "avx512_bf16", "amx_bf16"].map((name) => names.has(name));
  assertEquals([cpuHas("AVX512F"), cpuHas("AVX512_BF16"), cpuHas("AMX_BF16")], wanted);
});
