/**
 * Models of the Hugging Face Hub, or of a server that answers as it does: the files that a model needs, cached by
 * revision in the cache's own layout, gone on with after a break, and checked.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseHubName } from "./mod.ts";
 *
 * assertEquals(parseHubName("ada/coder"), { repository: "ada/coder", revision: "main" });
 * ```
 *
 * @module
 */
export {
  fetchHubModel,
  type FetchHubModelOptions,
  HubError,
  type HubFailure,
  type HubModelName,
  type HubSettings,
  parseHubName,
} from "./fetch_hub_model.ts";
