/**
 * A sweep's folder, which several processes share: each holds it alone only while it makes what all runs share, and while it
 * writes the tables; between these, each run's folder has a lock of its own.
 *
 * @module
 */
import { modelInput } from "./model_folder.ts";
import { openRunFolder, type RunFolder } from "./run_folder.ts";
import { LockedError } from "./run_lock.ts";
import { SWEEP_FILES } from "./sweep_files.ts";
import type { SharedWork } from "./sweep_stages.ts";

/** How often a process that waits looks whether the folder is free. */
const WAIT_MS = 500;

/**
 * Waits until no other process holds the folder, and works in it.
 *
 * @returns what the work gives
 * @throws {Error} as `openRunFolder`: where it holds a sweep of other settings, or over other content; as the work
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { openSweep } from "./sweep_folder.ts";
 * import type { SharedWork } from "./sweep_stages.ts";
 *
 * const signal = new AbortController().signal;
 * const own = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const context = { ...own, force: false, settings: {} };
 * const work = (lr: number) =>
 *   ({ config: { model: "embedded", unlearn: { lr } }, texts: { corpus: "/c" }, context }) as unknown as SharedWork;
 * const out = `${await Deno.makeTempDir()}/sweep`;
 * assertEquals(await openSweep(out, work(1), (folder) => Deno.writeTextFile(`${folder.folder}/runs.csv`, "")), undefined);
 * await assertRejects(() => openSweep(out, work(2), async () => {}), Error, '"unlearn" was {"lr":1}, is {"lr":2}');
 * ```
 */
export async function openSweep<T>(
  out: string,
  { config, texts, context }: SharedWork,
  work: (folder: RunFolder) => Promise<T>,
): Promise<T> {
  const { studies: _, keepModels: __, $schema: ___, ...shared } = config;
  const settings = { ...shared, seed: context.seed } as unknown as { [name: string]: string };
  const { corpus, unseen, benign, lastingBenign } = texts;
  using folder = await whenFree(out, context, async () =>
    openRunFolder(out, {
      command: "sweep",
      context: { ...context, settings },
      inputs: { model: await modelInput(config.model, context), corpus, unseen, benign, lastingBenign },
      outputs: Object.values(SWEEP_FILES),
      goesOn: () => true,
    }));
  return await work(folder);
}

async function whenFree<T>(
  out: string,
  { log, breathe }: Pick<SharedWork["context"], "log" | "breathe">,
  open: () => Promise<T>,
): Promise<T> {
  for (let tries = 0;; tries++) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      if (tries === 0) log(`Waiting for another process that holds "${out}"`);
      await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
      await breathe();
    }
  }
}
