/**
 * The option by which `train` and `unlearn` share a step's rows out over several devices.
 *
 * @module
 */
import { gpuMemory } from "../engine/cpu_features.ts";
import type { OptionSpec } from "./command.ts";

/** How many compute. */
export const DEVICES_OPTION = {
  kind: "int",
  describe: "GPUs of this machine that share a step's rows out; of a CPU as many parts, which is no faster",
  metavar: "N",
  default: 1,
  min: 1,
} as const satisfies OptionSpec;

/**
 * A run's settings without what its machine gives it, devices and memory: what was begun on one may go on where there is more
 * or less. The result is the same, but for what an adapter drops at random, which rows at once decide.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { withoutMachine } from "./devices_option.ts";
 *
 * assertEquals(withoutMachine({ lr: 1e-3, devices: 2, memory: "20GB" }), { lr: 1e-3 });
 * ```
 */
export function withoutMachine<V>(
  { devices: _, memory: __, ...settings }: { [name: string]: V },
): { [name: string]: V } {
  return settings;
}

/**
 * What follows a size in memory that each of several devices needs; nothing where there is one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { onEach } from "./devices_option.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals([onEach(1), onEach(2)], ["", ""]); // a processor's share its memory
 * ```
 */
export function onEach(devices = 1): string {
  return devices > 1 && gpuMemory() !== null ? ` on each of ${devices} GPUs` : "";
}
