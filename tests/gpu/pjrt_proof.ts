/**
 * Whether a PJRT plugin runs our steps without TensorFlow. On any machine with TensorFlow:
 *
 *     deno run -A tests/gpu/pjrt_proof.ts dump DIR [--size small]
 *
 * Then where the plugin is (and TensorFlow is not needed):
 *
 *     deno run -A tests/gpu/pjrt_proof.ts run DIR PLUGIN.so [--repeat 20] [--step forward]
 *
 * `--size small` is GPT-2 110M, 32 x 512 tokens, products in bfloat16, weights drawn at the run: for its speed alone.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runSteps } from "./pjrt_run.ts";
import { type DumpedStep, FILES, type Manifest } from "./pjrt_steps.ts";

const USAGE =
  "Usage: pjrt_proof.ts dump DIR [--size tiny|small] | run DIR PLUGIN.so [--repeat N] [--step NAME]";

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      size: { type: "string", default: "tiny" },
      repeat: { type: "string", default: "20" },
      step: { type: "string" },
    },
  });
  const [command, folder, plugin] = positionals;
  if (command === "run" && folder && plugin) {
    const isRight = await runSteps(folder, plugin, { repeat: Number(values.repeat), step: values.step });
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
  } else if (values.step) { // a process of its own, ended while XLA still compiles
    const step = await dumpSmall(folder, values.step as typeof STEPS[number]);
    await Deno.writeTextFile(join(folder, `${step.name}.json`), JSON.stringify(step));
  } else {
    const steps: DumpedStep[] = [];
    for (const name of STEPS) {
      const args = [
        "run",
        "-A",
        fileURLToPath(import.meta.url),
        "dump",
        folder,
        "--size",
        "small",
        "--step",
        name,
      ];
      const { success } = await new Deno.Command(Deno.execPath(), { args }).spawn().status;
      if (!success) return 1;
      const file = join(folder, `${name}.json`);
      steps.push(JSON.parse(await Deno.readTextFile(file)));
      await Deno.remove(file);
    }
    await writeManifest(folder, { madeBy: "GPT-2 small, 32 x 512, products in bfloat16", steps });
  }
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

if (import.meta.main) Deno.exit(await main()); // at once: a plugin's threads may still run
