/**
 * Times of steps: by the clock around a number of calls with one small read at the end, which waits for the device, so
 * that gaps between launches count and a read a call does not. PyTorch is timed alike.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";

/** How often. */
export interface Repetitions {
  /** Calls of one time. */
  calls: number;
  /** Times, of which the median is taken. */
  times: number;
}

type Results = Readonly<Record<string, Tensor>>;

/** Waits for the device: reads a scalar and one element of the last result. */
export function readLittle(results: Results): number {
  const tensors = Object.values(results);
  const last = tensors.at(-1)!;
  tf.tidy(() => tf.slice(tf.reshape(last, [last.size]), [0], [1]).dataSync());
  const scalar = tensors.find(({ size }) => size === 1);
  return scalar ? scalar.dataSync()[0]! : NaN;
}

/** Milliseconds a call. */
export function timeCalls(calls: number, step: () => Results): number {
  const start = performance.now();
  for (let i = 1; i < calls; i++) tf.dispose(step() as Record<string, Tensor>);
  const last = step();
  readLittle(last);
  const ms = (performance.now() - start) / calls;
  tf.dispose(last as Record<string, Tensor>);
  return ms;
}

/** Seconds of a task, again and again: at most `times`, and no more after `seconds`. */
export async function timeRuns(
  { times, seconds }: { times: number; seconds: number },
  task: () => Promise<unknown>,
): Promise<number[]> {
  const values: number[] = [];
  const start = performance.now();
  while (values.length === 0 || values.length < times && performance.now() - start < 1000 * seconds) {
    const begin = performance.now();
    await task();
    values.push((performance.now() - begin) / 1000);
  }
  return values;
}
