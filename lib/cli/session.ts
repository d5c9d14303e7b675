/**
 * What every command with a model opens: TensorFlow, the model folder and its tokenizer, checked against each other.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Engine, openTensorFlow } from "../engine/engine.ts";
import { type LoadedModel, loadModel } from "../models/load.ts";
import { openTokenizer, type Tokenizer } from "../tokenizers/tokenizer.ts";
import type { Context, OptionSpec } from "./command.ts";
import { resolvePath } from "./options.ts";

/** The project's folder. */
export const PROJECT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/** The option that names a model. */
export const MODEL_OPTION = {
  kind: "string",
  describe: 'model folder in Hugging Face\'s layout, or "embedded"',
  metavar: "DIR",
  required: true,
} as const satisfies OptionSpec;

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
 * The folder of a model's name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { modelFolder } from "./session.ts";
 *
 * assertEquals(modelFolder("m", "/models"), "/models/m");
 * assertEquals(modelFolder("embedded", "/models").endsWith("/data/model"), true);
 * ```
 */
export function modelFolder(name: string, cwd: string): string {
  return name === "embedded" ? join(PROJECT, "data", "model") : resolvePath(name, cwd);
}

/**
 * Opens TensorFlow on the device that CODESCRUB_DEVICE names, else the best present.
 *
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
export async function openEngine(): Promise<Engine> {
  const device = Deno.env.get("CODESCRUB_DEVICE") ?? "auto";
  if (device !== "auto" && device !== "cpu" && device !== "gpu") {
    throw new RangeError(`Unknown device "${device}" in CODESCRUB_DEVICE: expected "auto", "cpu" or "gpu"`);
  }
  return await openTensorFlow({ device });
}

/**
 * Opens a model for a command.
 *
 * @throws {Error} as `openTensorFlow`, `loadModel` and `openTokenizer`; {RangeError} when the tokenizer has more
 * entries than the model
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { openModel } from "./session.ts";
 *
 * await assertRejects(() => openModel("nowhere", { cwd: "/" }), Error, 'Cannot open tokenizer "/nowhere/tokenizer.json"');
 * ```
 */
export async function openModel(name: string, { cwd }: Pick<Context, "cwd">): Promise<ModelSession> {
  const folder = modelFolder(name, cwd);
  const tokenizer = await openTokenizer(folder);
  const engine = await openEngine();
  try {
    const loaded = await loadModel(folder);
    const { vocabularySize } = loaded.model.config;
    if (tokenizer.vocabularySize > vocabularySize) {
      loaded[Symbol.dispose]();
      throw new RangeError(
        `Cannot use the tokenizer of "${folder}": it has ${tokenizer.vocabularySize} entries, the model ${vocabularySize}`,
      );
    }
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
