/**
 * Products of a few rows with weights stored as [out, in], as XLA computes them fastest on a CPU: weights times
 * transposed rows. XLA's own order packs the weights anew in each call, which for a few rows takes as long as the
 * product. It would also undo this order, so barriers keep it from looking through.
 *
 * @module
 */
import { ATTR, DTYPE, type OpAttr } from "./dtypes.ts";
import type { Graph } from "./graph.ts";
import type { Operation } from "./recorded.ts";

/** The least and the most rows: with more, packing the weights pays; for one row XLA has a kernel of its own. */
const FEW = { least: 2, most: 32 };

/**
 * Whether an operation is such a product.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ATTR, DTYPE } from "./dtypes.ts";
 *
 * const attrs = [
 *   { name: "adj_x", type: ATTR.bool, value: false },
 *   { name: "adj_y", type: ATTR.bool, value: true },
 * ];
 * const outputs = [{ id: 2, shape: [8, 5], dtype: DTYPE.float32 }];
 * const product = { kind: "operation", name: "BatchMatMulV2", attrs, inputs: [0, 1], outputs, isOutside: false } as const;
 * assertEquals([isFewRowsProduct(product), isFewRowsProduct({ ...product, name: "Add" })], [true, false]);
 * ```
 */
export function isFewRowsProduct({ name, attrs, outputs: [result] }: Operation): boolean {
  const flag = (key: string) => Boolean(attrs.find((attr) => attr.name === key)?.value);
  const rows = result!.shape[0]!;
  return name === "BatchMatMulV2" && result!.dtype === DTYPE.float32 && result!.shape.length === 2 &&
    !flag("adj_x") && flag("adj_y") && rows >= FEW.least && rows <= FEW.most;
}

/**
 * Adds such a product to a graph that XLA compiles.
 *
 * @param product its inputs are in the graph
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile, outsideXla } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = tf.tensor2d([[1, 2], [3, 4], [5, 6]]); // [out, in]
 * const step = (x: tf.Tensor) => tf.matMul(outsideXla(() => tf.square(x)) as tf.Tensor2D, weights, false, true);
 * using compiled = compile(step, { xla: true }); // cut into stages, which add the product
 * assertEquals([...compiled(tf.tensor2d([[1, 0], [0, 1]])).dataSync()], [1, 3, 5, 2, 4, 6]);
 * ```
 */
export function addFewRowsProduct(graph: Graph, { name, attrs, inputs, outputs }: Operation): void {
  const [rows, weights] = inputs as [number, number];
  let nextId = -1; // recorded tensors are numbered from 0 on
  while (graph.has(nextId)) nextId--;
  const permutation = nextId--;
  graph.addConstant(permutation, [2], DTYPE.int32, new Uint8Array(Int32Array.of(1, 0).buffer));
  const add = (name: string, attrs: OpAttr[], inputs: number[], id = nextId--): number => {
    graph.addOperation(name, attrs, inputs, 1, () => id);
    return id;
  };
  const transposeAttrs = [
    { name: "T", type: ATTR.type, value: DTYPE.float32 },
    { name: "Tperm", type: ATTR.type, value: DTYPE.int32 },
  ];
  const barrierAttrs = [{ name: "T", type: ATTR.type, value: [DTYPE.float32] }];
  const transpose = (id: number) => add("Transpose", transposeAttrs, [id, permutation]);
  const barrier = (id: number, result?: number) => add("XlaOptimizationBarrier", barrierAttrs, [id], result);
  const plain = attrs.map((attr) => attr.name === "adj_y" ? { ...attr, value: false } : attr);
  const product = add(name, plain, [weights, barrier(transpose(rows))]); // [out, N]
  barrier(transpose(barrier(product)), outputs[0]!.id); // [N, out]
}
