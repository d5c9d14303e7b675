/**
 * Parts of a step that are computed again for their gradients instead of being kept (Chen et al., 2016, "Training deep nets
 * with sublinear memory cost"): of such a part only what goes in is held until its gradients' turn has come.
 *
 * What is computed again is a copy of what was computed before, which XLA and TensorFlow would take for the same. So it
 * begins only when the gradient of its result is there: without XLA by an operation that waits for both; with XLA by its
 * optimization barrier and, as that is gone when XLA orders what is left, by a zero made of the gradient and added.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import { calledPart } from "./called_parts.ts";
import { ATTR, TFJS_DTYPES } from "./dtypes.ts";
import { currentEngine } from "./state.ts";

/** What a part is made of, beside its function. */
export interface RecomputedInputs {
  /** What it is given, and what its gradients are taken by; float32. */
  by: readonly Tensor[];
  /** What else it is given: no gradient flows there. */
  given?: readonly Tensor[];
  /** What it uses from outside and its gradients are taken by, such as weights: tensors that outlive the step. */
  weights?: readonly Tensor[];
}

/**
 * A function of tensors, whose results on the way are not kept for its gradients.
 *
 * @param f is called once for the result and once more for the gradients; what it uses beside its inputs and the weights
 * must outlive the step
 * @returns what it gives
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weight = tf.tensor1d([2, 3]);
 * const cube = (x: tf.Tensor) => tf.mul(weight, tf.mul(x, tf.square(x)));
 * const slope = tf.grad((x) => recomputed(([x]) => cube(x!), { by: [x], weights: [weight] }));
 * assertEquals([...slope(tf.tensor1d([1, 2])).dataSync()], [6, 36]);
 * ```
 */
export function recomputed(
  f: (by: Tensor[], given: Tensor[]) => Tensor,
  { by, given = [], weights = [] }: RecomputedInputs,
): Tensor {
  const part = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    save([...by, ...given]);
    const run = ([...inputs]: Tensor[]) => f(inputs.slice(0, by.length), inputs.slice(by.length));
    const [value] = calledPart(() => [run([...by, ...given])]) as [Tensor];
    return {
      value,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const held = onceThere(saved, [dy]);
        const wanted = [...held.slice(0, by.length), ...weights];
        return calledPart(() => gradientsOf(() => run(held), wanted, dy));
      },
    };
  });
  return part(...by, ...weights);
}

/** What rows are cut into, and what is cut with them. */
export interface ChunkedInputs {
  /** The rows of each chunk; together those of all tensors that are cut. */
  sizes: readonly number[];
  /** What else is cut: no gradient flows there. */
  given?: readonly Tensor[];
  /** What all chunks use from outside and gradients are taken by, such as weights: tensors that outlive the step. */
  weights?: readonly Tensor[];
}

/**
 * A function of rows, a chunk of them at a time: each begins when the one before it has ended, and their gradients likewise,
 * computed again for them. Gradients by the weights are added up chunk by chunk: as a sum of many, which TensorFlow would make
 * of it, all of them would be there at once.
 *
 * @param f gives a number of each row of a chunk
 * @param rows [N, ...] float32, which gradients are taken by
 * @returns [N]
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weight = tf.scalar(3);
 * const squares = (rows: tf.Tensor) => tf.mul(weight, tf.square(rows));
 * const values = (rows: tf.Tensor) => recomputedChunks(squares, rows, { sizes: [2, 1], weights: [weight] });
 * assertEquals([...tf.grad(values)(tf.tensor1d([1, 2, 3])).dataSync()], [6, 12, 18]);
 * ```
 */
export function recomputedChunks(
  f: (rows: Tensor, given: Tensor[]) => Tensor,
  rows: Tensor,
  { sizes, given = [], weights = [] }: ChunkedInputs,
): Tensor {
  const cut = (tensors: readonly Tensor[]) => {
    const all = tensors.map((tensor) => tf.split(tensor, [...sizes], 0));
    return sizes.map((_, chunk) => all.map((parts) => parts[chunk]!));
  };
  const run = ([rows, ...given]: Tensor[]) => f(rows!, given);
  const whole = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    save([rows, ...given]);
    const values: Tensor[] = [];
    for (const chunk of cut([rows, ...given])) {
      const held = onceThere(chunk, values.slice(-1));
      values.push(...calledPart(() => [run(held)]));
    }
    return {
      value: tf.concat(values),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const ofRows: Tensor[] = [];
        let sums: Tensor[] = [];
        for (const [dyOfChunk, ...chunk] of cut([dy, ...saved]).reverse()) {
          const held = onceThere(chunk, [dyOfChunk!, ...ofRows.slice(0, 1), ...sums]);
          const [own, ...all] = calledPart(() => {
            const [own, ...more] = gradientsOf(() => run(held), [held[0]!, ...weights], dyOfChunk!);
            return [own!, ...more.map((gradient, i) => sums[i] ? tf.add(sums[i]!, gradient) : gradient)];
          });
          ofRows.unshift(own!);
          sums = all;
        }
        return [tf.concat(ofRows), ...sums];
      },
    };
  });
  return whole(rows, ...weights);
}

/**
 * Tensors as they are, but in a captured step not before others are there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using later = compile((x: tf.Tensor, y: tf.Tensor) => onceThere([x], [tf.square(y)]));
 * assertEquals([...later(tf.tensor1d([1]), tf.tensor1d([2]))[0]!.dataSync()], [1]);
 * ```
 */
export function onceThere(tensors: readonly Tensor[], others: readonly Tensor[]): Tensor[] {
  const { capture } = currentEngine().binding;
  if (!capture || others.length === 0) return [...tensors];
  const usesXla = isInXla();
  const all = barrier(usesXla ? "XlaOptimizationBarrier" : "IdentityN", [...tensors, ...others]);
  const held = all.slice(0, tensors.length);
  if (!usesXla) return held;
  const zero = tf.addN(all.slice(tensors.length).map(zeroOf));
  return held.map((x) => x.dtype === "bool" ? x : tf.add(x, tf.cast(zero, x.dtype)));
}

/**
 * Tensors as they are, but where a captured step runs its operations as soon as they can be, not before others are there:
 * of work on many tensors not all results on the way are then there at once. XLA orders its operations itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using later = compile((x: tf.Tensor, y: tf.Tensor) => inTurn([x], [tf.square(y)]));
 * assertEquals([...later(tf.tensor1d([1]), tf.tensor1d([2]))[0]!.dataSync()], [1]);
 * ```
 */
export function inTurn(tensors: readonly Tensor[], others: readonly Tensor[]): Tensor[] {
  return isInXla() ? [...tensors] : onceThere(tensors, others);
}

/**
 * Whether what is captured now is compiled by XLA.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const found = [isInXla()];
 * using step = compile((x: tf.Tensor) => (found.push(isInXla()), tf.square(x)), { xla: true });
 * step(tf.tensor1d([1]));
 * assertEquals(found.slice(0, 2), [false, true]);
 * ```
 */
export function isInXla(): boolean {
  const { capture } = currentEngine().binding;
  return capture !== null && capture.usesXla && !capture.isOutside;
}

function barrier(name: string, tensors: readonly Tensor[]): Tensor[] {
  const attrs = [{ name: "T", type: ATTR.type, value: tensors.map(({ dtype }) => TFJS_DTYPES[dtype]) }];
  return currentEngine().backend.executeMultipleOutputs(
    name,
    attrs,
    [...tensors],
    tensors.length,
  ) as Tensor[];
}

/** Nothing, which is known only once the tensor is there: XLA takes its barriers away before it puts a step in order. */
function zeroOf(x: Tensor): Tensor {
  const first = tf.slice(tf.reshape(x, [-1]), [0], [1]);
  return tf.mul(tf.reshape(first, []), 0); // not folded: of NaN and infinity it is NaN
}

/** Gradients of a function, from within another's: tfjs has one tape, which would be lost. Zeros where none flows. */
function gradientsOf(f: () => Tensor, by: readonly Tensor[], dy: Tensor): Tensor[] {
  const engine = tf.engine();
  const { state } = engine;
  const tape = state.activeTape;
  try {
    const { value, grads } = engine.gradients(f, [...by], dy, true);
    value.dispose();
    return by.map((x, i) => grads[i] ?? tf.zerosLike(x));
  } finally {
    state.activeTape = tape;
  }
}
