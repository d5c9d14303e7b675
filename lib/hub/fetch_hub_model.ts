/**
 * Models of the Hugging Face Hub by their names, from the cache that transformers uses too; what is not there is
 * downloaded. A revision that is whole in the cache is used as it is, without any network, even if its branch has moved
 * on: so a run can be repeated. `refresh` asks the Hub for the newest commit.
 *
 * @module
 */
import { findSnapshot, hubLabel, type HubModelName } from "./hub_cache.ts";
import { downloadModel } from "./download_model.ts";
import { HubError } from "./hub_error.ts";
import { missingPart } from "./choose_files.ts";
import { type HubSettings, readHubSettings } from "./hub_settings.ts";
import type { OnSetUpProgress } from "../setup/cache_folder.ts";

export { type HubModelName, parseHubName } from "./hub_cache.ts";
export { HubError, type HubFailure } from "./hub_error.ts";
export type { HubSettings } from "./hub_settings.ts";

/** Options of {@linkcode fetchHubModel}. */
export interface FetchHubModelOptions {
  /** Ask the Hub which commit a branch or tag is now, whatever the cache has. */
  refresh?: boolean;
  /** Called with how far a download is. */
  onProgress?: OnSetUpProgress;
  /** Ends a download; what is there stays for the next. */
  signal?: AbortSignal;
  /** Where and who the Hub is (default: as the environment says). */
  settings?: HubSettings;
}

/**
 * The folder of a model of the Hub: `config.json`, tokenizer and weights of one commit.
 *
 * @returns a folder of the cache, of links: not to be written to
 * @throws {HubError} in one line: it is not in the cache and there is no network, no such model, no access, no space;
 * {Error} if the repository holds no model in a known format
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { fetchHubModel } from "./fetch_hub_model.ts";
 * import { readHubSettings } from "./hub_settings.ts";
 *
 * const variables = new Map([["HF_HOME", "/nowhere"], ["HF_HUB_OFFLINE", "1"]]);
 * const settings = readHubSettings((name) => variables.get(name));
 * const model = { repository: "ada/coder", revision: "main" };
 * await assertRejects(() => fetchHubModel(model, { settings }), Error, 'Cannot find model "ada/coder"');
 * ```
 */
export async function fetchHubModel(
  model: HubModelName,
  options: FetchHubModelOptions = {},
): Promise<string> {
  const { refresh = false, settings = readHubSettings(), onProgress, signal } = options;
  const cached = findSnapshot(settings.cache, model);
  const missing = cached === null ? "it is" : await missingPart(cached);
  if (cached !== null && missing === null && (!refresh || settings.isOffline)) return cached;
  if (settings.isOffline) {
    throw new HubError(
      `Cannot find model "${
        hubLabel(model)
      }": ${missing} not in "${settings.cache}", and HF_HUB_OFFLINE forbids to download it`,
      "unknown",
    );
  }
  return await downloadModel(model, { settings, onProgress, signal });
}
