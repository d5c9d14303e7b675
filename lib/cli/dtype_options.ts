/**
 * The options that name number types: what products are computed in, and how weights are stored.
 *
 * @module
 */
import type { StorageDtype } from "../checkpoints/float_types.ts";
import type { OptionSpec } from "./command.ts";

/** The option that says what matrix products are computed in. */
export const DTYPE_OPTION = {
  kind: "choice",
  describe: "what matrix products are computed in; the rest is float32. tf32 is float32 rounded, for GPUs",
  choices: ["float32", "tf32", "bfloat16"],
  default: "float32",
} as const satisfies OptionSpec;

/** The option that says how a written checkpoint stores its weights; as the input's where it is not given. */
export const SAVE_DTYPE_OPTION = {
  kind: "choice",
  describe: "how the checkpoint stores weights; as the input's by default",
  choices: ["float32", "float16", "bfloat16"],
} as const satisfies OptionSpec;

/** What the option may be. */
export type SaveDtype = typeof SAVE_DTYPE_OPTION.choices[number];

const STORAGE = { float32: "F32", float16: "F16", bfloat16: "BF16" } as const satisfies Record<
  SaveDtype,
  StorageDtype
>;

/**
 * The storage type that `SAVE_DTYPE_OPTION` asks for, else another.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { storageOf } from "./dtype_options.ts";
 *
 * assertEquals([storageOf("bfloat16", "F32"), storageOf(undefined, "F32")], ["BF16", "F32"]);
 * ```
 */
export function storageOf(given: SaveDtype | undefined, otherwise: StorageDtype): StorageDtype {
  return given === undefined ? otherwise : STORAGE[given];
}
