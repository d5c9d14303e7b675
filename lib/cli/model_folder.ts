/**
 * Which folder or file a model's name means: the one place that knows, for every command that takes a model.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fetchHubModel, HubError, type HubModelName, parseHubName } from "../hub/fetch_hub_model.ts";
import { ggufParts, isGguf, modelPath } from "../checkpoints/gguf_files.ts";
import { reasonOf } from "../files/reason.ts";
import { namedModel } from "../setup/fetched_models.ts";
import type { Context, OptionSpec } from "./command.ts";
import { showFetching } from "./fetch_progress.ts";
import { resolvePath } from "./options.ts";
import type { RunInput } from "./run_record.ts";

export { EMBEDDED_MODEL } from "../setup/fetched_models.ts";

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
 * @throws {Error} If it names a model to be fetched that was not, one of the Hub that cannot be had, or what is no model.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { EMBEDDED_MODEL, modelFolder } from "./model_folder.ts";
 *
 * const context = { cwd: "/models", progress: createProgress(), signal: new AbortController().signal };
 * assertEquals(await modelFolder(EMBEDDED_MODEL, context), EMBEDDED_MODEL);
 * assertEquals(await modelFolder("embedded", context), EMBEDDED_MODEL);
 * ```
 */
export async function modelFolder(name: string, context: ModelContext): Promise<string> {
  const named = namedModel(name);
  if (named !== name) return named;
  const path = resolvePath(name, context.cwd);
  if (existsSync(path)) return await checkedModel(path, name);
  const model = parseHubName(name);
  if (!model) throw noModel(name, path);
  try {
    return await hubModelFolder(model, context);
  } catch (error) {
    if (!(error instanceof HubError) || (error.failure !== "unknown" && error.failure !== "unreachable")) {
      throw error;
    }
    throw new Error(`${reasonOf(error)} (nor is there a folder "${path}")`, { cause: error });
  }
}

/** What to say of a name that is neither there nor a name of the Hub. */
function noModel(name: string, path: string): Error {
  const refuse = (what: string) => new Error(`Cannot find model "${name}": ${what}`);
  const address = /^https?:\/\/(?:huggingface\.co|hf\.co)\/([^/\s]+\/[^/\s?#]+)/.exec(name)?.[1];
  if (address) return refuse(`it is an address: name the model as "${address}"`);
  if (/^\w+:\/\//.test(name)) return refuse("it is an address: give a folder, or org/name of the Hub");
  if (/^[\w.-]+$/.test(name) && !name.startsWith(".") && !/\.gguf$/i.test(name)) {
    return refuse(
      `there is no folder "${path}", and models of the Hub have an organization: give org/${name}`,
    );
  }
  return refuse(`there is no folder or file "${path}": check the path`);
}

/** The path, if what stands there may be a model; what is often taken for one is refused by its own name. */
async function checkedModel(path: string, name: string): Promise<string> {
  const refuse = (what: string): never => {
    throw new Error(`Cannot use model "${name}": ${what}`);
  };
  if (!(await Deno.stat(path)).isDirectory) {
    return isGguf(path) ? path : refuse("it is a file: give the folder of the model, or a .gguf file");
  }
  const file = modelPath(path);
  if (isGguf(file)) return file;
  const names = Array.from(Deno.readDirSync(path), (entry) => entry.name);
  const has = (...some: string[]) => some.some((name) => names.includes(name));
  const hasWeights = names.some((name) => /^(pytorch_)?model\b.*\.(safetensors|bin|pt|json)$/.test(name));
  if (has("adapter_config.json") && !hasWeights) {
    refuse(
      "it is an adapter (adapter_config.json): give its base as --model and this folder as --adapter",
    );
  }
  const steps = names.flatMap((name) => /^checkpoint-(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  if (steps.length > 0 && !hasWeights) {
    refuse(
      `it holds the checkpoints of a training: give one of them, as "${
        join(name, `checkpoint-${Math.max(...steps)}`)
      }"`,
    );
  }
  if (has("tokenizer.json", "tokenizer.model") || (has("vocab.json") && has("merges.txt"))) return path;
  if (has("trainer_state.json", "optimizer.pt", "training_args.bin")) {
    refuse(
      "it is a checkpoint of a training, without a tokenizer: copy tokenizer.json of its base model into it",
    );
  }
  const models = new Set(names.filter(isGguf).map((name) => ggufParts(name)[0]!));
  if (!has("config.json") && models.size > 1) {
    const first = join(name, [...models].sort()[0]!);
    refuse(`it holds ${models.size} GGUF models: give one of them, such as "${first}"`);
  }
  if (!has("config.json")) refuse("it has no config.json and no tokenizer.json: give the folder of a model");
  if (has("vocab.json", "vocab.txt")) {
    refuse(
      "it has no tokenizer.json but an older form of it: write it with transformers' AutoTokenizer, by save_pretrained",
    );
  }
  return refuse("it has no tokenizer.json: copy it from where the model comes from");
}

/**
 * A model as a run's input: all files of its folder, or its GGUF file; of one in several files, their folder's.
 *
 * @throws {Error} as {@linkcode modelFolder}
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { EMBEDDED_MODEL, modelInput } from "./model_folder.ts";
 *
 * const context = { cwd: "/models", progress: createProgress(), signal: new AbortController().signal };
 * assertEquals(await modelInput("embedded", context), { path: EMBEDDED_MODEL, isFlat: true });
 * ```
 */
export async function modelInput(name: string, context: ModelContext): Promise<RunInput> {
  const path = await modelFolder(name, context);
  const parts = ggufParts(path);
  if (parts.length === 1) return { path, isFlat: true };
  return { path: dirname(path), isFlat: true, names: parts.map((part) => basename(part)) };
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
