/**
 * What training leaves in its folder: a model, or the adapter that was trained beside it.
 *
 * @module
 */
import { ADAPTER_FILES, saveAdapter } from "../checkpoints/adapter.ts";
import type { LoadedModel } from "../checkpoints/load.ts";
import { MODEL_FILES, saveModel } from "../checkpoints/save.ts";
import type { TrainedModel } from "./adapter_options.ts";
import { type SaveDtype, storageOf } from "./dtype_options.ts";

/**
 * Whether an adapter is written, not a model.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writesAdapter } from "./save_trained.ts";
 *
 * assertEquals(writesAdapter({ lora: "r=8" }), true);
 * assertEquals(writesAdapter({ lora: "r=8", merge: true }), false);
 * ```
 */
export function writesAdapter({ lora, adapter, merge }: Omit<TrainedModel, "model">): boolean {
  return (lora !== undefined || adapter !== undefined) && !merge;
}

/**
 * The names of the files that are written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { trainedFiles } from "./save_trained.ts";
 *
 * assertEquals(trainedFiles({ adapter: "/a" }), ["adapter_config.json", "adapter_model.safetensors"]);
 * assertEquals(trainedFiles({}).includes("model.safetensors"), true);
 * ```
 */
export function trainedFiles(trained: Omit<TrainedModel, "model">): readonly string[] {
  return writesAdapter(trained) ? ADAPTER_FILES : MODEL_FILES;
}

/**
 * Writes it: as `--save-dtype` says, else an adapter as it was trained and a model as it came.
 *
 * @throws as `saveModel` and `saveAdapter`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { LORA_DEFAULTS } from "../models/lora.ts";
 * import { saveTrained } from "./save_trained.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("embedded", { lora: { ...LORA_DEFAULTS, rank: 1, seed: 1 } });
 * const folder = await Deno.makeTempDir();
 * await saveTrained(loaded, folder, { model: "embedded", lora: "r=1" });
 * assertEquals(Array.from(Deno.readDirSync(folder), ({ name }) => name).length, 2);
 * ```
 */
export async function saveTrained(
  { model, configJson, dtype, folder: tokenizerFolder }: LoadedModel,
  folder: string,
  { saveDtype, ...trained }: TrainedModel & { saveDtype?: SaveDtype | undefined },
): Promise<void> {
  if (writesAdapter(trained)) {
    await saveAdapter(model, folder, { base: trained.model, dtype: storageOf(saveDtype, "F32") });
  } else {
    await saveModel(model, folder, { configJson, dtype: storageOf(saveDtype, dtype), tokenizerFolder });
  }
}
