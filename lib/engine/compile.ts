/**
 * `compile(step)`: a pure tfjs function becomes one TensorFlow function, captured once for each list of input shapes
 * and run by one call, through XLA where asked for; `tf.function(jit_compile=True)` for tfjs.
 *
 * Weights and whatever else a step uses from outside are inputs, so they may change between calls. A function belongs
 * to the engine that was open when it was captured; with another engine it is captured anew.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import { backend } from "./backend.ts";
import { CalledParts } from "./called_parts.ts";
import {
  type CapturedStep,
  type CaptureOptions,
  captureStep,
  flattenInputs,
  type StepInput,
} from "./capture.ts";
import { CaptureError } from "./capture_error.ts";
import type { TensorInfo } from "./graph.ts";
import { trimMemory } from "./libc.ts";
import { XlaStages } from "./xla_stages.ts";
import { currentEngine } from "./state.ts";
import type { TensorTree } from "./tensor_tree.ts";

/** How to compile. */
export type CompileOptions = CaptureOptions;

export type { Products } from "./capture.ts";
export type { TensorTree } from "./tensor_tree.ts";

/** A compiled step; `using` frees its graphs. */
export interface CompiledStep<A extends readonly TensorTree[], R extends TensorTree> extends Disposable {
  /** Runs the step; the caller disposes the result. */
  (...inputs: A): R;
  /** Runs the step on another thread, so that timers, progress bars and signals go on. */
  async(...inputs: A): Promise<R>;
  /** The number of lists of shapes for which it has been captured. */
  readonly captures: number;
}

/**
 * Gives `target` the contents of `value`, also inside a compiled step: how weights and optimizer states are updated.
 * Both keep their own lifetimes; what shares memory with `target` (`tf.clone`) changes with it.
 *
 * A compiled step sees what `target` held before the call wherever it uses it, and every assignment is done when the
 * call has ended. The memory is updated in place: XLA writes into it, TensorFlow alone frees each old value when it has
 * the new one, and computes what the step asks for after an assignment only then. So a step that ends with its
 * assignments, one variable's after the other's, needs little more than one variable's memory for them. What is read
 * while a step runs asynchronously may be old or new, and a call that fails may have made some of its assignments.
 *
 * @throws {TypeError} when shapes or data types differ
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weight = tf.tensor1d([1, 2]);
 * using step = compile((gradient: tf.Tensor) => {
 *   assign(weight, tf.sub(weight, tf.mul(gradient, 0.5)));
 *   return [];
 * });
 * step(tf.tensor1d([1, 1]));
 * assertEquals([...weight.dataSync()], [0.5, 1.5]);
 * ```
 */
export function assign(target: Tensor, value: Tensor): void {
  if (target.dtype !== value.dtype || target.shape.join() !== value.shape.join()) {
    throw new TypeError(
      `Cannot assign to a tensor: it is ${target.dtype} [${target.shape}], the value ${value.dtype} [${value.shape}]`,
    );
  }
  const node = backend();
  const ids = { target: node.idOf(target), value: node.idOf(value) };
  const { binding } = currentEngine();
  if (binding.isNarrow(ids.target) !== binding.isNarrow(ids.value)) {
    throw new TypeError(
      "Cannot assign between bfloat16 and float32: load the weights as float32 to train them",
    );
  }
  const { capture } = binding;
  if (!capture) return binding.assign(ids.target, ids.value);
  for (const id of [ids.target, ids.value]) capture.take(id, (id) => binding.describe(id));
  capture.assign(ids);
}

/**
 * A tensor with the present contents of another, without a copy: it keeps them when `assign` gives the other new ones.
 *
 * @returns of the same shape and data type; the caller disposes it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weight = tf.tensor1d([1]);
 * const before = snapshot(weight);
 * assign(weight, tf.tensor1d([2]));
 * assertEquals([before.dataSync()[0], weight.dataSync()[0]], [1, 2]);
 * ```
 */
export function snapshot(tensor: Tensor): Tensor {
  const { binding, backend } = currentEngine();
  if (binding.capture) throw new CaptureError("it takes a snapshot", "take it outside the step");
  return backend.wrap(binding.share(backend.idOf(tensor)));
}

/**
 * Snapshots of tensors by their names; the caller frees them.
 *
 * @throws {CaptureError} as {@linkcode snapshot}
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { assign, snapshots } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = { w: tf.tensor1d([1]) };
 * const before = snapshots(weights);
 * assign(weights.w, tf.tensor1d([2]));
 * assertEquals(before.w!.dataSync()[0], 1);
 * ```
 */
export function snapshots(tensors: Readonly<Record<string, Tensor>>): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, snapshot(tensor)]));
}

/**
 * Keeps a part of a step out of XLA: its operations are TensorFlow's own also where the step is compiled with
 * `xla: true`. Worth it for a part whose shapes change often, as each would be compiled anew; XLA then compiles what
 * stands before and after. Eagerly, and in a step without XLA, it is a plain call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using step = compile((x: tf.Tensor) => {
 *   const larger = outsideXla(() => tf.add(x, 1));
 *   return tf.mul(larger, 2);
 * }, { xla: true });
 * assertEquals([...step(tf.tensor1d([1, 2])).dataSync()], [4, 6]);
 * ```
 */
export function outsideXla<R>(part: () => R): R {
  const graph = currentEngine().binding.capture;
  if (!graph || graph.isOutside) return part();
  graph.isOutside = true;
  try {
    return part();
  } finally {
    graph.isOutside = false;
  }
}

/**
 * Compiles a pure function of tensors.
 *
 * Inputs are float32, int32 or bool tensors, or lists and records of them; everything else that the step uses from outside
 * (weights, settings) is looked up once and must live as long as the compiled step. Reading values, random numbers, side effects and shapes
 * that depend on values are refused by name.
 *
 * @throws {CaptureError} on the first call, when the step cannot be captured
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using double = compile((x: tf.Tensor) => tf.mul(x, 2), { xla: true });
 * assertEquals([...double(tf.tensor1d([1, 2])).dataSync()], [2, 4]);
 * assertEquals([...(await double.async(tf.tensor1d([3, 4]))).dataSync(), double.captures], [6, 8, 1]);
 * using sum = compile(({ a, b }: Record<"a" | "b", tf.Tensor>) => ({ sum: tf.add(a, b) }));
 * assertEquals([...sum({ a: tf.tensor1d([1]), b: tf.tensor1d([2]) }).sum.dataSync()], [3]);
 * ```
 */
export function compile<A extends readonly TensorTree[], R extends TensorTree>(
  step: (...inputs: A) => R,
  options: CaptureOptions = {},
): CompiledStep<A, R> {
  const cache = new Map<string, CapturedStep<R>>();
  let functions: StepFunctions | undefined;
  const capture = (inputs: A) => {
    if (functions?.binding !== currentEngine().binding) {
      functions?.[Symbol.dispose]();
      functions = new StepFunctions();
    }
    // TensorFlow's servers refuse to run what XLA has compiled
    const xla = options.xla && currentEngine().binding.hostAt(options.device ?? 0) === undefined;
    const captured = captureStep(step, inputs, { ...options, xla, ...functions });
    trim(); // of two graphs of a thousand nodes a layer
    return captured;
  };
  const prepare = (inputs: A) => {
    const { binding, backend } = currentEngine();
    if (binding.capture) throw new CaptureError("it starts another compiled step", "call the plain function");
    const { tensors, form } = flattenInputs(inputs);
    const argumentIds = tensors.map((tensor) => backend.idOf(tensor));
    const kinds = tensors.map(({ dtype, shape }, i) =>
      `${binding.isNarrow(argumentIds[i]!) ? "bfloat16" : dtype}[${shape}]`
    );
    const key = `${form} ${kinds.join(" ")}`;
    const known = cache.get(key);
    const isNew = known?.binding !== binding;
    const captured = isNew ? capture(inputs) : known!;
    if (isNew) cache.set(key, captured);
    const idOf = (source: StepInput) => "id" in source ? source.id : argumentIds[source.argument]!;
    const call = {
      name: captured.name,
      attrs: [],
      inputs: captured.inputs.map(idOf),
      variables: variablesOf(captured.assigned.map(idOf)),
      outputs: captured.outputs,
      device: options.device,
      tf32: options.products === "tf32",
    };
    return { captured, call, isNew };
  };
  const finish = ({ captured, isNew }: ReturnType<typeof prepare>, infos: readonly TensorInfo[]): R => {
    if (isNew) trim(); // TensorFlow has optimized its graph meanwhile
    return captured.pack(infos.map((info) => currentEngine().backend.wrap(info)));
  };
  const run = (...inputs: A): R => {
    const prepared = prepare(inputs);
    return finish(prepared, prepared.captured.binding.execute(prepared.call));
  };
  const runAsync = async (...inputs: A): Promise<R> => {
    const prepared = prepare(inputs);
    return finish(prepared, await prepared.captured.binding.executeAsync(prepared.call));
  };
  const dispose = () => {
    for (const { binding, name } of cache.values()) binding.removeFunction(name);
    cache.clear();
    functions?.[Symbol.dispose]();
  };
  const compiled = Object.assign(run, { async: runAsync, [Symbol.dispose]: dispose });
  return Object.defineProperty(compiled, "captures", { get: () => cache.size }) as CompiledStep<A, R>;
}

/** The functions that a step's captures share, in the engine that is open now. */
class StepFunctions implements Disposable {
  readonly binding = currentEngine().binding;
  readonly stages = new XlaStages(currentEngine());
  readonly parts = new CalledParts(currentEngine());

  [Symbol.dispose](): void {
    this.stages[Symbol.dispose]();
    this.parts[Symbol.dispose]();
  }
}

/** Gives free memory back where there is a limit. */
function trim(): void {
  if (currentEngine().memoryLimit) trimMemory();
}

/** The tensors that a call updates: XLA would write into the memory of one that it is given twice as if it were two. */
function variablesOf(ids: readonly number[]): ReadonlySet<number> {
  const variables = new Set(ids);
  if (variables.size < ids.length) {
    throw new TypeError("Cannot run a compiled step: it assigns to two arguments, and both are one tensor");
  }
  return variables;
}
