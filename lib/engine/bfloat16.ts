/**
 * Products in bfloat16: their inputs are rounded to it, everything else stays float32. tfjs has no such type and never
 * sees it: a product's result is float32 again, and a tensor that is kept in bfloat16 is float32 by its name; it is
 * widened wherever it is no product's input.
 *
 * @module
 */
import { ATTR, DTYPE, type OpAttr } from "./dtypes.ts";
import type { Graph, TensorInfo } from "./graph.ts";

/** Matrix products by TensorFlow's names. */
const PRODUCTS: readonly string[] = ["BatchMatMulV2", "MatMul"];

/** An operation that is to run. */
export interface Call {
  /** The operation's name, as TensorFlow spells it. */
  name: string;
  /** Its attributes, for float32. */
  attrs: readonly OpAttr[];
  /** Its inputs' numbers. */
  inputs: readonly number[];
  /** Which of them it is given as variables, as it assigns to them. Default: none. */
  variables?: ReadonlySet<number>;
  /** How many results it has. */
  outputs: number;
  /** On which of the devices that compute it runs. Default: the first. */
  device?: number | undefined;
  /** Whether a GPU may round the inputs of float32 products to TF32. Default false. */
  tf32?: boolean;
}

/** What runs operations: the binding. */
export interface Runner {
  /** The graph that operations go to while a step is captured. */
  readonly capture: Graph | null;
  /** Runs an operation as it is, or adds it to the graph. */
  execute(call: Call): TensorInfo[];
  /** Shape and data type of a native tensor. */
  describe(id: number): TensorInfo;
  /** Frees a tensor. */
  deleteTensor(id: number): void;
}

/**
 * Runs an operation, eagerly or into the graph under construction, in the types that its inputs and the step ask for.
 *
 * @param all whether every product is in bfloat16, not only those with a tensor that is kept in it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [x, y] = [tf.tensor2d([[1 + 2 ** -12]]), tf.tensor2d([[3]])]; // bfloat16 has eight bits
 * using product = compile((x: tf.Tensor, y: tf.Tensor) => tf.matMul(x as tf.Tensor2D, y as tf.Tensor2D), { products: "bfloat16" });
 * assertEquals(product(x, y).dataSync()[0], 3);
 * ```
 */
export function runInBfloat16(call: Call, binding: Runner, { all }: { all: boolean }): TensorInfo[] {
  const casts = new Casts(binding);
  const { name, attrs, inputs } = call;
  const isNarrow = inputs.map((id) => casts.dtypeOf(id) === DTYPE.bfloat16);
  const isFloat = inputs.map((id, i) => isNarrow[i] || casts.dtypeOf(id) === DTYPE.float32);
  const inBfloat16 = (type: string, inputs: readonly number[]) => {
    const [result] = binding.execute({ ...call, attrs: withBfloat16(attrs, type), inputs });
    try {
      return [{ ...result!, id: casts.cast(result!.id, DTYPE.float32), dtype: DTYPE.float32 }];
    } finally {
      binding.deleteTensor(result!.id);
    }
  };
  try {
    if (PRODUCTS.includes(name) && isFloat.every(Boolean) && (all || isNarrow.some(Boolean))) {
      return inBfloat16("T", inputs.map((id) => casts.of(id, DTYPE.bfloat16)));
    }
    if (name === "GatherV2" && isNarrow[0]) return inBfloat16("Tparams", inputs);
    const wide = inputs.map((id, i) => isNarrow[i] ? casts.of(id, DTYPE.float32) : id);
    return binding.execute({ ...call, inputs: wide });
  } finally {
    casts[Symbol.dispose]();
  }
}

function withBfloat16(attrs: readonly OpAttr[], type: string): OpAttr[] {
  return attrs.map((attr) => attr.name === type ? { ...attr, value: DTYPE.bfloat16 } : attr);
}

/** Casts of one call's inputs: while a step is captured made once for all of its calls, else freed with this. */
class Casts implements Disposable {
  readonly #binding: Runner;
  readonly #made: number[] = [];

  constructor(binding: Runner) {
    this.#binding = binding;
  }

  dtypeOf(id: number): number {
    const { capture } = this.#binding;
    return capture?.knows(id) ? capture.dtypeOf(id) : this.#binding.describe(id).dtype;
  }

  /** The tensor itself where it is of that type. */
  of(id: number, dtype: number): number {
    if (this.dtypeOf(id) === dtype) return id;
    const { capture } = this.#binding;
    const known = capture?.casts.get(`${id} ${dtype}`);
    if (known !== undefined) return known;
    const made = this.cast(id, dtype);
    if (capture) capture.casts.set(`${id} ${dtype}`, made);
    else this.#made.push(made);
    return made;
  }

  cast(id: number, dtype: number): number {
    const attrs = [
      { name: "SrcT", type: ATTR.type, value: this.dtypeOf(id) },
      { name: "DstT", type: ATTR.type, value: dtype },
      { name: "Truncate", type: ATTR.bool, value: false },
    ];
    return this.#binding.execute({ name: "Cast", attrs, inputs: [id], outputs: 1 })[0]!.id;
  }

  [Symbol.dispose](): void {
    for (const id of this.#made) this.#binding.deleteTensor(id);
  }
}
