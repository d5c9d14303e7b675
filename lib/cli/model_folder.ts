/**
 * Which folder or file a model's name means: the one place that knows, for every command that takes a model.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fetchHubModel, HubError, type HubModelName, parseHubName } from "../hub.ts";
import { reasonOf } from "../reason.ts";
import { fetchedModel, isFetchedModel } from "../setup_models.ts";
import type { Context, OptionSpec } from "./command.ts";
import { showFetching } from "./fetch_progress.ts";
import { resolvePath } from "./options.ts";

/** The folder of the embedded model. */
export const EMBEDDED_MODEL = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "data", "model");

/** The option that names a model. */
export const MODEL_OPTION = {
  kind: "string",
  describe: 'model folder, GGUF file, "embedded", what fetch knows, or org/name[@revision] of the Hub',
  metavar: "MODEL",
  required: true,
} as const satisfies OptionSpec;

/** What of a command's context it needs to find, or fetch, a model. */
export type ModelContext = Pick<Context, "cwd" | "progress" | "signal">;

/**
 * The folder, or GGUF file, of a model's name. What is there is meant before a model of the Hub of that name; a model of
 * the Hub that the cache lacks is downloaded.
 *
 * @throws {Error} If it names a model to be fetched that was not, or one of the Hub that cannot be had.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { EMBEDDED_MODEL, modelFolder } from "./model_folder.ts";
 *
 * const context = { cwd: "/models", progress: createProgress(), signal: new AbortController().signal };
 * assertEquals(await modelFolder("./m", context), "/models/m");
 * assertEquals(await modelFolder("embedded", context), EMBEDDED_MODEL);
 * ```
 */
export async function modelFolder(name: string, context: ModelContext): Promise<string> {
  if (name === "embedded") return EMBEDDED_MODEL;
  if (isFetchedModel(name)) return fetchedModel(name);
  const path = resolvePath(name, context.cwd);
  const model = existsSync(path) ? null : parseHubName(name);
  if (!model) return path;
  try {
    return await hubModelFolder(model, context);
  } catch (error) {
    if (!(error instanceof HubError) || (error.failure !== "unknown" && error.failure !== "unreachable")) {
      throw error;
    }
    throw new Error(`${reasonOf(error)} (nor is there a folder "${path}")`, { cause: error });
  }
}

/**
 * The folder of a model of the Hub, its download shown as a stage.
 *
 * @throws {HubError} As `fetchHubModel`.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { hubModelFolder } from "./model_folder.ts";
 * import { createProgress } from "./progress.ts";
 *
 * Deno.env.set("HF_HUB_OFFLINE", "1");
 * const model = { repository: "ada/no-such-model", revision: "main" };
 * const context = { progress: createProgress(), signal: new AbortController().signal };
 * await assertRejects(() => hubModelFolder(model, context), Error, 'Cannot find model "ada/no-such-model"');
 * Deno.env.delete("HF_HUB_OFFLINE");
 * ```
 */
export async function hubModelFolder(
  model: HubModelName,
  { progress, signal }: Omit<ModelContext, "cwd">,
  { refresh = false }: { refresh?: boolean } = {},
): Promise<string> {
  const shown = showFetching(progress);
  const folder = await fetchHubModel(model, { refresh, signal, onProgress: shown.onProgress });
  shown.done();
  return folder;
}
