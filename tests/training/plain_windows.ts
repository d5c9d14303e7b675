/** The plain definition of `Windows`: all documents joined in memory, and windows cut out of that. */
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import type { WindowOptions } from "../../lib/training/windows.ts";

/** The ids of one step, [B T] row by row. */
export function plainBatch(documents: readonly Int32Array[], step: number, options: WindowOptions): number[] {
  const { batch, length, seed, endOfText } = options;
  const total = documents.reduce((sum, ids) => sum + ids.length + 1, 0);
  const stepsPerEpoch = Math.floor((Math.floor(total / length) - 1) / batch);
  const epoch = Math.floor(step / stepsPerEpoch);
  const random = new PythonRandom(seed * 1_000_003 + epoch);
  const stream = random.shuffle([...documents]).flatMap((ids) => [...ids, endOfText]);
  const offset = random.randbelow(length);
  const count = Math.floor((total - offset) / length);
  const begins = random.shuffle(Array.from({ length: count }, (_, i) => offset + i * length));
  const first = (step % stepsPerEpoch) * batch;
  return begins.slice(first, first + batch).flatMap((begin) => stream.slice(begin, begin + length));
}
