/**
 * Comparing tensors in tests, and the small helpers that every test of the engine needs.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import { parseHeader } from "../lib/checkpoints/safetensors.ts";
import { toFloat32 } from "./checkpoints/safetensors_bytes.ts";

/** Numbers with their shape, as a file or plain code gives them. */
export interface PlainTensor {
  /** Its dimensions. */
  shape: readonly number[];
  /** Row by row. */
  values: ArrayLike<number>;
}

/** How far two numbers may be apart: atol + rtol |expected|. Both default to 0. */
export interface Tolerance {
  /** Absolute. */
  atol?: number;
  /** Relative to the expected number. */
  rtol?: number;
}

/**
 * Fails unless shapes are equal and every number is within the tolerance; NaN is equal to NaN only.
 *
 * @throws {Error} naming the shape, the worst index and the largest difference
 */
export function assertTensorClose(
  actual: Tensor | PlainTensor,
  expected: Tensor | PlainTensor,
  { atol = 0, rtol = 0 }: Tolerance = {},
): void {
  const [found, wanted] = [valuesOf(actual), valuesOf(expected)];
  if (actual.shape.join() !== expected.shape.join() || found.length !== wanted.length) {
    throw new Error(`the shape is [${actual.shape}], expected [${expected.shape}]`);
  }
  let worst = -1;
  let excess = 0;
  for (let i = 0; i < found.length; i++) {
    if (Object.is(found[i], wanted[i])) continue;
    const difference = Math.abs(found[i]! - wanted[i]!);
    const over = difference - (atol + rtol * Math.abs(wanted[i]!));
    // NaN and infinite differences are never within a tolerance
    if (difference === 0 || over <= 0) continue;
    if (worst < 0 || !(over <= excess)) [worst, excess] = [i, over];
  }
  if (worst < 0) return;
  const largest = Array.from(found, (value, i) => Math.abs(value - wanted[i]!)).reduce((a, b) =>
    Math.max(a, b)
  );
  throw new Error(
    `tensors of shape [${actual.shape}] differ: at [${indexOf(worst, actual.shape)}] ${
      found[worst]
    } is not ` +
      `${wanted[worst]}; the largest difference is ${largest}, allowed ${atol} + ${rtol} |expected|`,
  );
}

function valuesOf(tensor: Tensor | PlainTensor): ArrayLike<number> {
  return "values" in tensor ? tensor.values : tensor.dataSync();
}

function indexOf(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (let rest = position, axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis]!);
    rest = Math.floor(rest / shape[axis]!);
  }
  return index;
}

/** The tensors of a safetensors file, those that are wanted, widened to float32. */
export async function readTensors(
  path: string | URL,
  isWanted: (name: string) => boolean = () => true,
): Promise<Map<string, PlainTensor & { dtype: string }>> {
  const bytes = await Deno.readFile(path);
  const { tensors, dataStart } = parseHeader(bytes, bytes.length, String(path));
  return new Map(
    tensors.filter(({ name }) => isWanted(name)).map(({ name, dtype, shape, begin, end }) => {
      const values = toFloat32(bytes.subarray(dataStart + begin, dataStart + end), dtype, name);
      return [name, { shape, dtype, values }];
    }),
  );
}

/** Numbers of a normal distribution that are the same in every run: Park and Miller's generator, Box and Muller. */
export function createNormal(seed: number): () => number {
  let state = seed % 2147483646 + 1;
  const uniform = () => (state = state * 48271 % 2147483647) / 2147483647;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Normally distributed float32 numbers in a shape. */
export function randomPlain(
  shape: readonly number[],
  normal: () => number,
): PlainTensor & { values: Float32Array } {
  const size = shape.reduce((product, dim) => product * dim, 1);
  return { shape, values: Float32Array.from({ length: size }, normal) };
}
