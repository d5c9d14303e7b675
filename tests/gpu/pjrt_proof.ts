/**
 * Whether a PJRT plugin runs our steps without TensorFlow. On any machine with TensorFlow:
 *
 *     deno run -A tests/gpu/pjrt_proof.ts dump DIR [--size small]
 *
 * Then where the plugin is (and TensorFlow is not needed):
 *
 *     deno run -A tests/gpu/pjrt_proof.ts run DIR PLUGIN.so [--repeat 20] [--step forward] [--format hlo|mlir]
 *
 * Each step runs twice: as the HLO that XLA had of TensorFlow ("hlo") and as the StableHLO that we write ("mlir").
 * `--size small` is GPT-2 110M, 32 x 512 tokens (`--batch N`), products in bfloat16, weights drawn at the run: for its
 * speed alone. NVIDIA's libraries are looked for beside the plugin, or in the folder "nvidia" of some site-packages that
 * the environment variable NVIDIA_PACKAGES names.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { messageOf, runSteps } from "./pjrt_run.ts";
import { type DumpedStep, FILES, type Manifest } from "./pjrt_steps.ts";

const USAGE =
  "Usage: pjrt_proof.ts dump DIR [--size tiny|small] | run DIR PLUGIN.so [--repeat N] [--step NAME] [--format hlo|mlir]";

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      size: { type: "string", default: "tiny" },
      repeat: { type: "string", default: "20" },
      step: { type: "string" },
      format: { type: "string" },
      batch: { type: "string", default: "32" },
    },
  });
  const [command, folder, plugin] = positionals;
  if (command === "run" && folder && plugin) {
    const isRight = await runSteps(folder, plugin, { ...values, repeat: Number(values.repeat) });
    console.log(isRight ? "pjrt: all right" : "pjrt: NOT all right");
    return isRight ? 0 : 1;
  }
  if (command !== "dump" || !folder) {
    console.error(USAGE);
    return 2;
  }
  await Deno.mkdir(folder, { recursive: true });
  const { dumpSmall, dumpTiny, STEPS } = await import("./pjrt_dump.ts"); // opens TensorFlow, which `run` shall not
  if (values.size === "tiny") {
    await writeManifest(folder, await dumpTiny(folder));
    return 0;
  }
  const fileOf = (name: string) => join(folder, `${name}.json`);
  if (values.step) {
    const step = await dumpSmall(folder, values.step, Number(values.batch));
    await Deno.writeTextFile(fileOf(step.name), JSON.stringify(step));
    Deno.kill(Deno.pid, "SIGKILL"); // XLA is compiling it in threads that would outlive what they use
  }
  const steps: DumpedStep[] = [];
  for (const name of STEPS) {
    const own = ["run", "-q", "-A", fileURLToPath(import.meta.url), "dump", folder, "--size", "small"];
    const args = [...own, "--step", name, "--batch", values.batch];
    await new Deno.Command(Deno.execPath(), { args }).spawn().status;
    steps.push(JSON.parse(await Deno.readTextFile(fileOf(name)))); // there even though the process was killed
    await Deno.remove(fileOf(name));
  }
  const madeBy = `GPT-2 small, ${values.batch} x 512, products in bfloat16`;
  await writeManifest(folder, { madeBy, steps });
  return 0;
}

async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await Deno.writeTextFile(join(folder, FILES.manifest), JSON.stringify(manifest, null, 1));
  for (const { name, inputs, outputs, operations } of manifest.steps) {
    const kinds = Object.keys(operations).length;
    const total = Object.values(operations).reduce((sum, count) => sum + count, 0);
    console.log(
      `${name}: ${inputs.length} inputs, ${outputs.length} results, ${total} operations of ${kinds} kinds`,
    );
  }
}

if (import.meta.main) {
  const status = await main().catch((error) => {
    console.error(`pjrt: ${messageOf(error)}`);
    return 1;
  });
  Deno.exit(status); // at once: a plugin's threads may still run
}
