/**
 * The options by which `train` and `unlearn` share a step's rows out over several devices, also of other machines.
 *
 * @module
 */
import { gpuMemory } from "../engine/cpu_features.ts";
import { parseHosts } from "../engine/hosts.ts";
import { reasonOf } from "../files/reason.ts";
import { type OptionSpec, UsageError } from "./command.ts";

/** What computes. */
export const DEVICES_OPTIONS = {
  devices: {
    kind: "int",
    describe: "GPUs of this machine that share a step's rows out; of a CPU as many parts, which is no faster",
    metavar: "N",
    default: 1,
    min: 1,
  },
  hosts: {
    kind: "string",
    describe: "machines on which `codescrub worker` waits, which share them out too",
    metavar: "HOST:PORT,...",
  },
} as const satisfies Record<string, OptionSpec>;

/** Which devices a run was given. */
export interface GivenDevices {
  /** How many of this machine. Default 1. */
  devices?: number | undefined;
  /** Those of other machines, as `--hosts` lists them. */
  hosts?: string | undefined;
}

/**
 * The hosts that `--hosts` lists; none by default.
 *
 * @throws {UsageError} when one is none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readHosts } from "./devices_option.ts";
 *
 * assertEquals([readHosts("node1:7700"), readHosts(undefined)], [["node1:7700"], []]);
 * ```
 */
export function readHosts(text: string | undefined): string[] {
  try {
    return text === undefined ? [] : parseHosts(text);
  } catch (error) {
    throw new UsageError(reasonOf(error));
  }
}

/**
 * How many devices compute, those of hosts too.
 *
 * @throws {UsageError} as `readHosts`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countDevices } from "./devices_option.ts";
 *
 * assertEquals([countDevices({}), countDevices({ devices: 2, hosts: "node1:7700" })], [1, 3]);
 * ```
 */
export function countDevices({ devices = 1, hosts }: GivenDevices): number {
  return devices + readHosts(hosts).length;
}

/**
 * What TensorFlow is opened with; for a plan without the hosts, which nobody has started yet.
 *
 * @throws {UsageError} as `readHosts`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { engineDevices } from "./devices_option.ts";
 *
 * const given = { devices: 2, hosts: "node1:7700" };
 * assertEquals(engineDevices(given), { count: 2, hosts: ["node1:7700"] });
 * assertEquals(engineDevices({ ...given, plan: true }), { count: 2, hosts: [] });
 * ```
 */
export function engineDevices({ devices = 1, hosts, plan = false }: GivenDevices & { plan?: boolean }) {
  const all = readHosts(hosts);
  return { count: devices, hosts: plan ? [] : all };
}

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
  { devices: _, hosts: __, memory: ___, ...settings }: { [name: string]: V },
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
