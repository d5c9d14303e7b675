/**
 * Options by which `train` and `unlearn` take less memory, or say how much they take.
 *
 * @module
 */
import { type OptionSpec, UsageError } from "./command.ts";

/** Recomputation of layers. */
export const CHECKPOINT_LAYERS_OPTION = {
  kind: "flag",
  describe:
    "compute each layer again for its gradients instead of keeping its results: less memory, a third more work",
} as const satisfies OptionSpec;

/** Adam's moments. */
export const OPTIMIZER_OPTION = {
  kind: "choice",
  describe:
    "Adam with its two moments in float32, or in 8 bits by blocks: 2 bytes a trained number instead of 8",
  choices: ["adam", "adam8bit"],
  default: "adam",
} as const satisfies OptionSpec;

/** What there is. */
export const MEMORY_OPTION = {
  kind: "string",
  describe: "memory that the run may take, such as 20GB, by fewer rows at once; by default what is free",
  metavar: "SIZE",
} as const satisfies OptionSpec;

/** Saying instead of doing. */
export const MEMORY_PLAN_OPTION = {
  kind: "flag",
  describe: "say how much memory the run will take, before anything is loaded, and end",
} as const satisfies OptionSpec;

const UNITS: { readonly [unit: string]: number } = {
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/**
 * What `--memory` says, in bytes.
 *
 * @throws {UsageError} when it is no size
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { UsageError } from "./command.ts";
 * import { readMemory } from "./memory_options.ts";
 *
 * assertEquals([readMemory("1.5GB"), readMemory("2 GiB"), readMemory(undefined)], [1.5e9, 2 ** 31, undefined]);
 * assertThrows(() => readMemory("20"), UsageError, 'Cannot read --memory "20": expected a size such as 20GB');
 * ```
 */
export function readMemory(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number = "", unit = ""] = /^\s*(\d+(?:\.\d+)?)\s*([MGT]i?B)\s*$/i.exec(text) ?? [];
  const bytes = Number(number) * (UNITS[unit.toUpperCase()] ?? 0);
  if (bytes > 0) return bytes;
  throw new UsageError(`Cannot read --memory ${JSON.stringify(text)}: expected a size such as 20GB`);
}
