/**
 * `doctor`: what is installed where, what is missing and how to get it; `--setup` fetches what is missing. Opens no
 * library itself, so that it can tell of one that does not open.
 *
 * @module
 */
import { describeSetup, setUp } from "../setup.ts";
import { type Context, defineCommand } from "./command.ts";
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
  options: { setup: { kind: "flag", describe: "fetch what is missing" } },
  async run({ setup }, context) {
    if (setup) await setUpWithProgress(context);
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
