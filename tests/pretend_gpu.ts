/**
 * What is decided for a GPU, run on a processor: sizes of batches, what XLA compiles, what stays on the device.
 *
 * @module
 */
import { currentEngine } from "../lib/engine/state.ts";

/** The open engine takes its processor for a GPU of so much memory until this is disposed. */
export function pretendGpu(memory: number): Disposable {
  const binding = currentEngine().binding as { gpu: { name: string; memory: number } | null };
  const before = binding.gpu;
  binding.gpu = { name: "/job:localhost/replica:0/task:0/device:CPU:0", memory };
  return { [Symbol.dispose]: () => void (binding.gpu = before) };
}
