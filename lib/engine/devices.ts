/**
 * Several devices of one process: tensors are copied from one to another, and a step that is compiled for a device runs
 * there, at the same time as others do elsewhere.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import { lastWords } from "./hosts.ts";
import { currentEngine } from "./state.ts";
import { TensorFlowError } from "./status.ts";

/**
 * How many devices TensorFlow was opened with.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals(deviceCount(), 1);
 * ```
 */
export function deviceCount(): number {
  return currentEngine().binding.devices.length;
}

/**
 * A tensor with another's present contents, on one of the devices that TensorFlow was opened with. The processor's logical
 * devices share their memory, so nothing is copied there; what is assigned to one later leaves the other as it was.
 *
 * @param device from 0
 * @returns of the same shape and data type; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals([...toDevice(tf.tensor1d([1, 2]), 0).dataSync()], [1, 2]);
 * ```
 */
export function toDevice(tensor: Tensor, device: number): Tensor {
  const { binding, backend } = currentEngine();
  try {
    return backend.wrap(binding.copy(backend.idOf(tensor), device));
  } catch (error) {
    throw blame(error, device);
  }
}

/** What failed, with the host that it failed on where that has gone. */
function blame(error: unknown, device: number): unknown {
  if (!(error instanceof TensorFlowError && error.code === "UNAVAILABLE")) return error;
  const host = currentEngine().binding.hostAt(device);
  const name = host === undefined ? "a host" : `host ${host}`;
  return new Error(`Cannot go on with ${name}: ${lastWords(error)}: what is done goes on without`, {
    cause: error,
  });
}

/**
 * Works through lists, one for each device: those of a list one after the other, the lists at the same time. Where one
 * fails no other is begun, and those that run are waited for.
 *
 * @throws what failed first
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const done: string[] = [];
 * const work = async (item: string, device: number) => void done.push(await Promise.resolve(`${item}${device}`));
 * await onDevices([["a", "b"], ["c"]], work);
 * assertEquals(done, ["a0", "c1", "b0"]);
 * ```
 */
export async function onDevices<T>(
  lists: readonly (readonly T[])[],
  work: (item: T, device: number) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  await Promise.all(lists.map(async (list, device) => {
    for (const item of list) {
      if (failures.length > 0) return;
      await work(item, device).catch((error) => failures.push(blame(error, device)));
    }
  }));
  if (failures.length > 0) throw failures[0];
}
