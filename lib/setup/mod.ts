/**
 * What does not come with the repository or with npm: TensorFlow's libraries, pinned wheels and small models, found,
 * fetched once, checked, and kept in one cache folder. The second time nothing asks the network.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { describeSetup } from "./mod.ts";
 *
 * const rows = await describeSetup();
 * assert(rows.some(({ part }) => part.includes("TensorFlow")));
 * ```
 *
 * @module
 */
export {
  cacheFolder,
  type CacheOptions,
  describeSetup,
  fetchWheels,
  type FetchWheelsOptions,
  findTensorFlow,
  type FindTensorFlowOptions,
  type OnSetUpProgress,
  setUp,
  type SetUpOptions,
  type SetUpProgress,
  type SetUpRow,
  setUpTensorFlow,
  type SetUpTensorFlowOptions,
  type TensorFlowLibraries,
  verifySetUp,
  type VerifySetUpOptions,
  type Wheel,
} from "./set_up.ts";
export {
  FETCHED_MODELS,
  type FetchedModel,
  type FetchedModelName,
  fetchModel,
  namedModel,
} from "./fetched_models.ts";
export { fetchHumanEval, HUMANEVAL, humanEvalFile } from "./fetched_problems.ts";
export type { SlicedFile } from "./fetch_slices.ts";
export type { PinnedFile, VerifyRow } from "./pinned_files.ts";
