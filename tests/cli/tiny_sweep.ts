import { assert } from "@std/assert";
import { join } from "node:path";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { type TinyRun, writeBenign, writeTinyRun } from "./tiny_run.ts";

/** A sweep over the files of a tiny run: a method on two sets of two rows, an epoch each. */
export function tinySweep({ model, corpus, folder }: TinyRun) {
  return {
    ...{ model, corpus, unseen: join(folder, "unseen.jsonl") },
    thresholds: { maxTexts: 4, runs: 1, tokens: 32 },
    select: { minMa: 0, minMaskTokens: 1 },
    retain: { any: true, k: 2 },
    unlearn: { stop: "group", epochs: 1, lr: 1e-3, microBatch: 2 },
    evaluate: { maxTexts: 2 },
    studies: { methods: { methods: ["ga"], k: [2], sets: 2 } },
  };
}

/** Writes the sweep, some of it changed, and its unseen texts; its path. */
export async function writeSweep(files: TinyRun, changes: Record<string, unknown> = {}): Promise<string> {
  const sweep = { ...tinySweep(files), ...changes };
  const path = join(files.folder, "sweep.json");
  await Deno.writeTextFile(path, JSON.stringify(sweep));
  await writeBenign(tinySweep(files).unseen);
  return path;
}

/** A tiny run and its sweep in a folder of its own. */
export async function openTinySweep(changes: Record<string, unknown> = {}) {
  const folder = temporaryFolder();
  const files = await writeTinyRun(folder.path);
  const sweep = await writeSweep(files, changes);
  const path = (name: string) => join(folder.path, name);
  const run = async (out: string, ...more: string[]) => {
    const result = await callMain(["sweep", sweep, "--out", path(out), ...more]);
    for (const piece of files.pieces) {
      assert(!(result.stdout + result.stderr).includes(piece), "a secret is shown");
    }
    return result;
  };
  return { ...files, sweep, path, run, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}
