import { join } from "node:path";
import { type TinyRun, writeBenign } from "./tiny_run.ts";

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
