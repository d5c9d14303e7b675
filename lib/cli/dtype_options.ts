/**
 * The options that name number types: what products are computed in, and how weights are stored.
 *
 * @module
 */
import type { StorageDtype } from "../models/float_types.ts";
import type { OptionSpec } from "./command.ts";

/** The option that says what matrix products are computed in. */
export const DTYPE_OPTION = {
  kind: "choice",
  describe: "what matrix products are computed in; the rest is float32",
  choices: ["float32", "bfloat16"],
  default: "float32",
} as const satisfies OptionSpec;

/** The option that says how a written checkpoint stores its weights; as the input's where it is not given. */
export const SAVE_DTYPE_OPTION = {
  kind: "choice",
  describe: "how the checkpoint stores weights; as the input's by default",
  choices: ["float32", "float16", "bfloat16"],
} as const satisfies OptionSpec;

/** Storage types by the names of `SAVE_DTYPE_OPTION`. */
export const STORAGE: Readonly<Record<typeof SAVE_DTYPE_OPTION.choices[number], StorageDtype>> = {
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
};
