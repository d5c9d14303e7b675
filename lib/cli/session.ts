/**
 * What every command with a model opens: TensorFlow, the model folder and its tokenizer, checked against each other.
 *
 * @module
 */
import { type Engine, type EngineOptions, openTensorFlow } from "../engine/engine.ts";
import { type LoadedModel, loadModel, type LoadOptions } from "../checkpoints/load.ts";
import { openModelTokenizer } from "../checkpoints/model_tokenizer.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { type ModelContext, modelFolder } from "./model_folder.ts";

/** A model in use; `using` frees it. */
export interface ModelSession extends Disposable {
  /** TensorFlow. */
  engine: Engine;
  /** The model and what its folder says. */
  loaded: LoadedModel;
  /** Its tokenizer. */
  tokenizer: Tokenizer;
}

/**
 * Opens TensorFlow on the device that CODESCRUB_DEVICE names, else the best present.
 *
 * @param options.count how many of that kind compute; by default as many as are open, or one
 * @param options.hosts see `EngineOptions`, as `options.memory`
 * @throws {RangeError} when the variable names no device; {Error} as `openTensorFlow`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openEngine } from "./session.ts";
 *
 * using engine = await openEngine();
 * assertEquals(engine.version, "2.21.0");
 * ```
 */
export async function openEngine(
  { count, hosts, memory }: Pick<EngineOptions, "count" | "hosts" | "memory"> = {},
): Promise<Engine> {
  const device = Deno.env.get("CODESCRUB_DEVICE") ?? "auto";
  if (device !== "auto" && device !== "cpu" && device !== "gpu") {
    throw new RangeError(`Unknown device "${device}" in CODESCRUB_DEVICE: expected "auto", "cpu" or "gpu"`);
  }
  return await openTensorFlow({ device, hosts, memory, ...count !== undefined && { count } });
}

/**
 * Opens a model for a command.
 *
 * @throws {Error} as `openTensorFlow`, `loadModel` and `openModelTokenizer`; {RangeError} when the tokenizer has more
 * entries than the model
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { openModel } from "./session.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * await assertRejects(() => openModel("/nowhere", context), Error, 'Cannot find model "/nowhere"');
 * ```
 */
export async function openModel(
  name: string,
  context: ModelContext,
  options: LoadOptions = {},
): Promise<ModelSession> {
  const folder = await modelFolder(name, context);
  const tokenizer = await openModelTokenizer(folder);
  const engine = await openEngine();
  try {
    const loaded = await loadModel(folder, options);
    const dispose = () => {
      loaded[Symbol.dispose]();
      engine[Symbol.dispose]();
    };
    return { engine, loaded, tokenizer, [Symbol.dispose]: dispose };
  } catch (error) {
    engine[Symbol.dispose]();
    throw error;
  }
}
