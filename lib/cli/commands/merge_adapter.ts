/**
 * `merge-adapter`: a model with an adapter made part of its weights, for whatever knows no adapters. The sum is rounded once,
 * as the checkpoint stores it, which can undo what little an adapter changed: measure what was written.
 *
 * @module
 */
import { MODEL_FILES, saveModel } from "../../checkpoints/save.ts";
import { ADAPTER_OPTION, modelInputs } from "../adapter_options.ts";
import { defineCommand } from "../command.ts";
import { SAVE_DTYPE_OPTION, storageOf } from "../dtype_options.ts";
import { MODEL_OPTION } from "../model_folder.ts";
import { openRunFolder } from "../run_folder.ts";
import { openModel } from "../session.ts";

/**
 * The command `merge-adapter`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./merge_adapter.ts";
 *
 * assertEquals(command.options.adapter.required, true);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    model: MODEL_OPTION,
    adapter: { ...ADAPTER_OPTION, required: true },
    saveDtype: SAVE_DTYPE_OPTION,
    out: { kind: "path", describe: "folder of the checkpoint", metavar: "DIR", required: true },
  },
  writes: true,
  async run({ model, adapter, saveDtype, out }, context) {
    using run = await openRunFolder(out, {
      command: "merge-adapter",
      context,
      inputs: await modelInputs({ model, adapter }, context),
      outputs: MODEL_FILES,
    });
    using session = await openModel(model, context, { adapter });
    const { model: merged, configJson, dtype: stored, folder: tokenizerFolder } = session.loaded;
    const dtype = storageOf(saveDtype, stored);
    await saveModel(merged, out, { configJson, dtype, tokenizerFolder });
    const summary = { parameters: merged.parameterCount, dtype, out };
    await run.finish(summary);
    return { text: `written: ${out}`, summary };
  },
});
