/**
 * The pseudo-inverse of a tall matrix, column by column, in float64: of an output layer it is what takes logits back to a hidden
 * state.
 *
 * X+ = (X^T X)+ X^T, and (X^T X)+ of X^T X's eigenvectors, so that no second matrix of X's size is ever there, and X may lack
 * full rank. Squaring X squares its condition number, which float64 bears where X itself is float32.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { ATTR, DTYPE, type OpAttr } from "./dtypes.ts";
import { currentEngine } from "./state.ts";

/** Rows of X in float64 at a time. */
const ROWS = 4096;

const type = (name: string, value: number): OpAttr => ({ name, type: ATTR.type, value });
const flag = (name: string, value: boolean): OpAttr => ({ name, type: ATTR.bool, value });
const T = type("T", DTYPE.float64);

/**
 * The pseudo-inverse; `using` frees it, not the matrix.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 * import { PseudoInverse } from "./pseudo_inverse.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using inverse = new PseudoInverse(tf.tensor2d([[2, 0], [0, 4], [0, 0]]));
 * assertEquals(inverse.columns([1, 2]).arraySync(), [[0, 0.25], [0, 0]]);
 * ```
 */
export class PseudoInverse implements Disposable {
  readonly #matrix: Tensor;
  /** (X^T X)+, [D, D] float64. */
  readonly #inverse: number;

  /** @param matrix X, [V, D] float32 with V >= D; not owned, and not changed meanwhile */
  constructor(matrix: Tensor) {
    this.#matrix = matrix;
    this.#inverse = inverseOfSquare(matrix);
  }

  /**
   * Some columns of the pseudo-inverse: what takes a logit of 1 back.
   *
   * @param ids each below V @returns [N, D] float32; the caller disposes it
   */
  columns(ids: readonly number[]): Tensor {
    return tf.tidy(() => {
      const rows = tf.gather(this.#matrix, tf.tensor1d([...ids], "int32")); // [N, D]
      return inFloat64((run) => run.narrow(run.product(run.wide(rows), this.#inverse)));
    });
  }

  [Symbol.dispose](): void {
    currentEngine().binding.deleteTensor(this.#inverse);
  }
}

/** (X^T X)+, [D, D] float64. */
function inverseOfSquare(matrix: Tensor): number {
  const [V, D] = matrix.shape as [number, number];
  return tf.tidy(() =>
    inFloat64((run) => {
      let square = run.wide(tf.zeros([D, D]));
      for (let from = 0; from < V; from += ROWS) {
        const rows = run.wide(tf.slice(matrix, [from, 0], [Math.min(ROWS, V - from), D]));
        const next = run.op("AddV2", [T], [square, run.product(rows, rows, { first: true })]);
        run.free(square, rows);
        square = next;
      }
      const [values, vectors] = run.all("SelfAdjointEigV2", [flag("compute_v", true), T], [square], 2);
      const eigenvalues = run.narrow(values!); // [D]
      const least = tf.max(eigenvalues).dataSync()[0]! * D * Number.EPSILON;
      const isKept = tf.greater(eigenvalues, least);
      const inverses = tf.where(isKept, tf.div(1, tf.where(isKept, eigenvalues, 1)), 0); // [D]
      const scaled = run.op("Mul", [T], [vectors!, run.wide(inverses)]); // [D, D]
      return run.keep(run.product(scaled, vectors!, { second: true }));
    })
  ) as number;
}

/** Operations in float64, which tfjs does not have: tensors by the binding's numbers, freed at the end but for what is kept. */
class Float64 {
  readonly #made = new Set<number>();

  all(name: string, attrs: OpAttr[], inputs: number[], outputs: number): number[] {
    const ids = currentEngine().binding.executeOp(name, attrs, inputs, outputs).map(({ id }) => id);
    for (const id of ids) this.#made.add(id);
    return ids;
  }

  op(name: string, attrs: OpAttr[], inputs: number[]): number {
    return this.all(name, attrs, inputs, 1)[0]!;
  }

  wide(tensor: Tensor): number {
    const attrs = [type("SrcT", DTYPE.float32), type("DstT", DTYPE.float64)];
    return this.op("Cast", attrs, [currentEngine().backend.idOf(tensor)]);
  }

  narrow(id: number): Tensor {
    const attrs = [type("SrcT", DTYPE.float64), type("DstT", DTYPE.float32)];
    const { binding, backend } = currentEngine();
    return backend.wrap(binding.executeOp("Cast", attrs, [id], 1)[0]!);
  }

  product(a: number, b: number, { first = false, second = false } = {}): number {
    return this.op("MatMul", [flag("transpose_a", first), flag("transpose_b", second), T], [a, b]);
  }

  keep(id: number): number {
    this.#made.delete(id);
    return id;
  }

  free(...ids: number[]): void {
    for (const id of ids) if (this.#made.delete(id)) currentEngine().binding.deleteTensor(id);
  }

  freeAll(): void {
    this.free(...this.#made);
  }
}

function inFloat64<R>(work: (run: Float64) => R): R {
  const run = new Float64();
  try {
    return work(run);
  } finally {
    run.freeAll();
  }
}
