/**
 * `doctor`: what is installed where, what is missing and how to get it; `--setup` fetches what is missing; `--verify`
 * reads what lies in the caches and says what is not as it was fetched. Opens no library itself, so that it can tell of
 * one that does not open.
 *
 * @module
 */
import { verifyHubCache } from "../hub_verify.ts";
import { describeSetup, setUp, verifySetUp } from "../setup.ts";
import { type CommandResult, type Context, defineCommand } from "./command.ts";
import { formatTable } from "./console.ts";
import { showFetching } from "./fetch_progress.ts";

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
    verify: { kind: "flag", describe: "compare all that was fetched with its hashes" },
  },
  async run({ setup, verify }, context) {
    if (setup) await setUpWithProgress(context);
    if (verify) return await verifyCaches(context);
    const rows = await describeSetup();
    const missing = rows.filter(({ state }) => state === "missing");
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
      text: table,
      summary: { ready: missing.length === 0, parts },
      ...(missing.length > 0 && {
        failure: `Cannot run everything: missing are ${
          missing.map(({ part, howToGet }) => `${part} (${howToGet})`).join(", ")
        }`,
      }),
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
 * Fetches what is missing, each download as a stage.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { setUpWithProgress } from "./doctor.ts";
 * import { createProgress } from "./progress.ts";
 * import { describeSetup } from "../setup.ts";
 *
 * const stream = { write: () => {}, isTTY: false, columns: 80 };
 * await setUpWithProgress({ progress: createProgress({ stream }) });
 * assert((await describeSetup()).some(({ part, state }) => part === "TensorFlow" && state === "ready"));
 * ```
 */
export async function setUpWithProgress({ progress }: Pick<Context, "progress">): Promise<void> {
  const shown = showFetching(progress);
  await setUp({ onProgress: shown.onProgress });
  shown.done();
}
