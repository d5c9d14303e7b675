/**
 * `doctor`: what is installed where, what is missing and how to get it; `--setup` fetches what is missing; `--verify`
 * reads what lies in the caches and says what is not as it was fetched; `--gpu` asks for a GPU that works, with `--setup`
 * for what one needs. Does not open TensorFlow, so that it can tell of one that does not open; of NVIDIA's driver it asks
 * which cards there are.
 *
 * @module
 */
import { verifyHubCache } from "../../hub/verify_hub_cache.ts";
import { queryGpus } from "../../engine/nvidia.ts";
import { cacheFolder, describeSetup, planGpuSetUp, setUp, verifySetUp } from "../../setup/set_up.ts";
import { type CommandResult, type Context, defineCommand } from "../command.ts";
import { formatTable } from "../console.ts";
import { showFetching } from "../fetch_progress.ts";
import { formatGpus, gpuRows } from "../gpu_table.ts";

/**
 * The command `doctor`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./doctor.ts";
 *
 * assertEquals(command.options.setup.kind, "flag");
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    setup: { kind: "flag", describe: "fetch what is missing" },
    gpu: {
      kind: "flag",
      describe: "with --setup: the build for NVIDIA GPUs too; else: fail without a GPU that works",
    },
    verify: { kind: "flag", describe: "compare all that was fetched with its hashes" },
  },
  async run({ setup, gpu, verify }, context) {
    if (setup) await setUpWithProgress(context, { gpu });
    if (verify) return await verifyCaches(context);
    const rows = await describeSetup();
    const missing = rows.filter(({ state }) => state === "missing");
    const cards = queryGpus();
    const gpus = gpuRows(cards);
    const lacksGpu = gpu && !setup && !gpus.some(({ ready }) => ready);
    const failures = [
      ...missing.map(({ part, howToGet }) => `${part} (${howToGet})`),
      ...(lacksGpu ? [`a GPU that works (${gpus[0]?.note ?? cards.problem})`] : []),
    ];
    const table = formatTable(
      ["part", "state", "version", "where, or how to get it"],
      rows.map(({ part, state, version, path, howToGet }) => [part, state, version, howToGet ?? path]),
    );
    const parts = rows.map(({ part, state, version, path, howToGet }) => ({
      part,
      state,
      version,
      path,
      how_to_get: howToGet,
    }));
    return {
      text: `${table}\n\n${formatGpus(cards, gpus)}`,
      summary: {
        ready: failures.length === 0,
        parts,
        gpus: gpus.map((row) => ({ ...row })),
        gpu_problem: cards.problem,
      },
      ...(failures.length > 0 && { failure: `Cannot run everything: missing are ${failures.join(", ")}` }),
    };
  },
});

/** Checks what lies in the caches of set-up, of Deno and of the Hub. */
async function verifyCaches({ progress, signal }: Context): Promise<CommandResult> {
  const shown = showFetching(progress);
  const { onProgress } = shown;
  let done = 0;
  const onBytes = (count: number) => {
    onProgress({ stage: "check", what: "models of the Hub", done: done += count, total: 0 });
  };
  const rows = [
    ...await verifySetUp({ onProgress, signal }),
    ...await verifyHubCache({ onBytes, signal }),
  ];
  shown.done();
  const bad = rows.filter(({ state }) => state === "differs");
  return {
    text: formatTable(
      ["part", "state", "where, or what to do"],
      rows.map((row) => [row.part, row.state, row.detail]),
    ),
    summary: {
      ok: bad.length === 0,
      parts: rows.map(({ part, state, detail }) => ({ part, state, detail })),
    },
    ...(bad.length > 0 && {
      failure: `Cannot trust what was fetched: ${
        bad.map(({ part, detail }) => `${part.replace(/(?<=.)@/, " ")} differs (${detail})`).join(", ")
      }`,
    }),
  };
}

/**
 * Fetches what is missing, each download as a stage; what a GPU needs is large, so that its size is said first.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { setUpWithProgress } from "./doctor.ts";
 * import { createProgress } from "../progress.ts";
 * import { describeSetup } from "../../setup/set_up.ts";
 *
 * const stream = { write: () => {}, isTTY: false, columns: 80 };
 * await setUpWithProgress({ progress: createProgress({ stream }) });
 * assert((await describeSetup()).some(({ part, state }) => part === "TensorFlow" && state === "ready"));
 * ```
 */
export async function setUpWithProgress(
  { progress }: Pick<Context, "progress">,
  { gpu = false }: { gpu?: boolean } = {},
): Promise<void> {
  const plan = gpu ? planGpuSetUp(cacheFolder()) : null;
  if (plan && plan.wheels > 0) {
    const [download, kept, needed] = [plan.downloadBytes, plan.keptBytes, plan.neededBytes].map((bytes) =>
      (bytes / 1e9).toFixed(2)
    );
    progress.log(
      `TensorFlow for NVIDIA GPUs: ${plan.wheels} wheels, at most ${download} GB to download, ${kept} GB kept in ` +
        `"${cacheFolder()}", ${needed} GB needed meanwhile`,
    );
  }
  const shown = showFetching(progress);
  await setUp({ onProgress: shown.onProgress, gpu });
  shown.done();
}
