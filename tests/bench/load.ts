/**
 * From the start of a process to the first logits of a model of 500 MB in safetensors, against transformers, and the
 * memory that loading takes at its peak. The file is in the page cache; logits are compared first. What our side runs is
 * this same file as a program.
 *
 * @module
 */
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { peakBytes } from "./cli.ts";
import { type BenchContext, SIZES, writeModel } from "./models.ts";
import { type BenchRow, interleave } from "./bench_table.ts";
import { assertTensorClose } from "../tensors.ts";

/** What both sides run. */
const IDS = [17, 4, 2011, 99, 31, 7, 500, 12];
const TOLERANCE = 1e-3;

/** What a side prints. */
interface Printed {
  /** The first logits of the last position. */
  logits: number[];
  /** Ours only: the most memory that was resident until the model was loaded. */
  peak?: number;
}

/** Loading GPT-2 with its own vocabulary, 498 MB in float32. */
export async function benchLoad(context: BenchContext): Promise<BenchRow[]> {
  const python = await context.python();
  const folder = await writeModel(SIZES.whole, context);
  const { size } = await Deno.stat(join(folder, "model.safetensors"));
  const [own, script] = [
    fileURLToPath(import.meta.url),
    fileURLToPath(new URL("peers/load_peer.py", import.meta.url)),
  ];
  const run = async (command: string, args: string[]) =>
    await untilLogits(command, [...args, folder, String(context.threads), IDS.join()]);
  const ours = (...options: string[]) => run(Deno.execPath(), ["run", "-q", "-P=test", own, ...options]);
  const theirs = () => run(python, [script]);
  context.log(`loading ${(size / 1e6).toFixed(0)} MB`);
  const [{ logits: found, peak }, { logits: wanted }] = [await ours(), await theirs()];
  const { peak: open } = await ours("--only-open");
  const shape = [wanted.length];
  assertTensorClose({ shape, values: found }, { shape, values: wanted }, { atol: TOLERANCE });
  const times = await interleave(context.repetitions, {
    ours: async () => (await ours()).seconds,
    torch: async () => (await theirs()).seconds,
  });
  return [{
    name: `loading ${(size / 1e6).toFixed(0)} MB of safetensors to first logits, process start included`,
    unit: "s",
    ours: { name: "deno run, loadModel()", values: times.ours! },
    peer: { name: "python, transformers' from_pretrained", values: times.torch! },
    goal: { ratio: 2 },
    notes: ["both start as processes of their own"],
  }, {
    name: "the same, resident memory at its peak, beyond that of an open engine",
    unit: "GB",
    ours: { name: "loadModel()", values: [(peak! - open!) / 1e9] },
    peer: null,
    goal: { below: 1.15 * size / 1e9 },
    notes: [`${((peak! - open!) / size).toFixed(3)} of the file's size`],
  }];
}

/** Starts a program; what it prints, and how many seconds later it did. */
async function untilLogits(command: string, args: string[]): Promise<Printed & { seconds: number }> {
  const start = performance.now();
  const { stdout, success } = await new Deno.Command(command, { args, stderr: "inherit" }).output();
  const seconds = (performance.now() - start) / 1000;
  if (!success) throw new Error(`Cannot load the model by ${command}`);
  return { ...JSON.parse(new TextDecoder().decode(stdout)), seconds };
}

if (import.meta.main) {
  const { values: { "only-open": onlyOpen }, positionals } = parseArgs({
    allowPositionals: true,
    options: { "only-open": { type: "boolean" } },
  });
  const [folder, threads, list] = positionals as [string, string, string];
  const ids = list.split(",").map(Number);
  using _engine = await openTensorFlow({ device: "cpu", threads: Number(threads) });
  if (onlyOpen) console.log(JSON.stringify({ logits: [], peak: await peakBytes(Deno.pid) }));
  else {
    using loaded = await loadModel(folder);
    const peak = await peakBytes(Deno.pid);
    const logits = tf.tidy(() => {
      const all = loaded.model.logits(tf.tensor2d([ids], [1, ids.length], "int32")); // [1, T, V]
      return tf.slice(all, [0, ids.length - 1, 0], [1, 1, -1]).dataSync();
    });
    console.log(JSON.stringify({ logits: [...logits].slice(0, 100), peak }));
  }
}
