/**
 * `compile(step)`: a pure tfjs function becomes one TensorFlow function, captured once for each list of input shapes
 * and run by one call, through XLA where asked for; `tf.function(jit_compile=True)` for tfjs.
 *
 * Invariants: every tensor from outside is an input, never a constant, so weights may change between calls; a step
 * is captured twice, and refused when the two differ; a failed capture leaves eager execution as it was.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { type Backend, backend } from "./backend.ts";
import type { Binding } from "./binding.ts";
import { CaptureError, Graph, type TensorInfo } from "./graph.ts";
import { currentEngine } from "./state.ts";

/** What a step may return. */
export type StepResult = Tensor | readonly Tensor[] | Readonly<Record<string, Tensor>>;

/** How to compile. */
export interface CompileOptions {
  /** Whether XLA compiles the graph: faster for large steps of fixed shapes. Default false. */
  xla?: boolean;
  /** A name for error messages. Default "step". */
  name?: string;
}

/** A compiled step; `using` frees its graphs. */
export interface CompiledStep<A extends readonly Tensor[], R extends StepResult> extends Disposable {
  /** Runs the step; the caller disposes the result. */
  (...inputs: A): R;
  /** Runs the step on another thread, so that timers, progress bars and signals go on. */
  async(...inputs: A): Promise<R>;
  /** For how many lists of shapes it has been captured. */
  readonly captures: number;
}

interface Captured<R> {
  name: string;
  /** For each input of the function: the argument's position, or the number of a tensor from outside. */
  inputs: ({ argument: number } | { id: number })[];
  outputs: number;
  assigned: number[];
  pack: (tensors: Tensor[]) => R;
}

let assignments: { target: number; value: number }[] | null = null;
let functionCount = 0;

/**
 * Gives `target` the contents of `value`, also inside a compiled step (where it takes effect after the call): how
 * weights and optimizer states are updated. Both keep their own lifetimes.
 *
 * @throws {TypeError} when shapes or data types differ
 *
 * @example
 * ```ts ignore
 * assign(weight, tf.sub(weight, tf.mul(gradient, learningRate)));
 * ```
 */
export function assign(target: Tensor, value: Tensor): void {
  if (target.dtype !== value.dtype || target.shape.join() !== value.shape.join()) {
    throw new TypeError(
      `Cannot assign to a tensor: it is ${target.dtype} [${target.shape}], the value ${value.dtype} [${value.shape}]`,
    );
  }
  const node = backend();
  const targetId = node.idOf(target);
  const valueId = node.idOf(value);
  if (assignments) assignments.push({ target: targetId, value: valueId });
  else currentEngine().binding.assign(targetId, valueId);
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
 * Compiles a pure function of tensors.
 *
 * Inputs are float32, int32 or bool tensors; everything else that the step uses from outside (weights, settings) is
 * looked up once and must live as long as the compiled step. Reading values, random numbers, side effects and shapes
 * that depend on values are refused by name.
 *
 * @throws {CaptureError} on the first call, when the step cannot be captured
 *
 * @example
 * ```ts ignore
 * using double = compile((x: tf.Tensor) => tf.mul(x, 2), { xla: true });
 * const y = double(tf.tensor1d([1, 2])); // [2, 4]
 * ```
 */
export function compile<A extends readonly Tensor[], R extends StepResult>(
  step: (...inputs: A) => R,
  options: CompileOptions = {},
): CompiledStep<A, R> {
  const cache = new Map<string, Captured<R>>();
  const prepare = (inputs: A) => {
    const key = inputs.map((input) => `${input.dtype}[${input.shape}]`).join(" ");
    let captured = cache.get(key);
    if (!captured) cache.set(key, captured = capture(step, inputs, options));
    const node = backend();
    const ids = captured.inputs.map((input) => "id" in input ? input.id : node.idOf(inputs[input.argument]!));
    return { captured, ids };
  };
  const finish = (captured: Captured<R>, infos: TensorInfo[]): R => {
    const { binding, backend } = currentEngine();
    captured.assigned.forEach((target, i) => {
      const { id } = infos[captured.outputs + i]!;
      binding.assign(target, id);
      binding.deleteTensor(id);
    });
    return captured.pack(infos.slice(0, captured.outputs).map((info) => backend.wrap(info)));
  };
  const run = (...inputs: A): R => {
    const { captured, ids } = prepare(inputs);
    const count = captured.outputs + captured.assigned.length;
    return finish(captured, currentEngine().binding.executeOp(captured.name, [], ids, count));
  };
  const runAsync = async (...inputs: A): Promise<R> => {
    const { captured, ids } = prepare(inputs);
    const count = captured.outputs + captured.assigned.length;
    return finish(captured, await currentEngine().binding.executeOpAsync(captured.name, ids, count));
  };
  const dispose = () => {
    for (const { name } of cache.values()) currentEngine().binding.removeFunction(name);
    cache.clear();
  };
  const compiled = Object.assign(run, { async: runAsync, [Symbol.dispose]: dispose });
  return Object.defineProperty(compiled, "captures", { get: () => cache.size }) as CompiledStep<A, R>;
}

function capture<A extends readonly Tensor[], R extends StepResult>(
  step: (...inputs: A) => R,
  inputs: A,
  options: CompileOptions,
): Captured<R> {
  const { binding, backend } = currentEngine();
  if (binding.capture) throw new CaptureError("it starts another compiled step", "call the plain function");
  using rehearsal = new Graph(currentEngine().symbols);
  trace(step, inputs, rehearsal, binding, backend);
  using graph = new Graph(currentEngine().symbols);
  const traced = trace(step, inputs, graph, binding, backend);
  const differs = graph.trace.findIndex((line, i) => line !== rehearsal.trace[i]);
  if (differs >= 0 || graph.trace.length !== rehearsal.trace.length) {
    const what = graph.trace[differs]?.split(" ")[0] ?? "an operation";
    throw new CaptureError(
      `two captures differ in ${what}`,
      "pass random numbers and whatever changes from call to call as inputs",
    );
  }
  const name = `codescrub_${options.name ?? "step"}_${functionCount++}`;
  const fn = graph.toFunction(
    name,
    [...traced.outputs, ...traced.assigned.map(({ value }) => value)],
    options.xla ?? false,
  );
  binding.addFunction(name, fn);
  return {
    name,
    inputs: graph.inputs.map((id) => {
      const argument = traced.argumentIds.indexOf(id);
      return argument >= 0 ? { argument } : { id };
    }),
    outputs: traced.outputs.length,
    assigned: traced.assigned.map(({ target }) => target),
    pack: traced.pack,
  };
}

function trace<A extends readonly Tensor[], R extends StepResult>(
  step: (...inputs: A) => R,
  inputs: A,
  graph: Graph,
  binding: Binding,
  node: Backend,
) {
  const shapes = inputs.map((input) => binding.describe(node.idOf(input)));
  const counts = countTensors();
  binding.capture = graph;
  binding.madeInside = new WeakSet();
  assignments = [];
  tf.engine().startScope();
  try {
    const argumentIds = shapes.map(({ shape, dtype }) => {
      const id = binding.newId();
      graph.addInput(id, shape, dtype);
      return id;
    });
    const symbolic = shapes.map((info, i) => node.wrap({ ...info, id: argumentIds[i]! }));
    const result = step(...symbolic as unknown as A);
    const { tensors, pack } = unpack(result);
    const outputs = tensors.map((tensor) => outputId(tensor, graph, binding, node));
    const assigned = assignments.map(({ target, value }) => {
      if (graph.has(target) && !graph.inputs.includes(target)) {
        throw new CaptureError("it assigns to a tensor that it made", "use the value itself");
      }
      return { target, value: graph.has(value) ? value : adoptOutside(value, graph, binding) };
    });
    return { argumentIds, outputs, assigned, pack };
  } finally {
    tf.engine().endScope();
    restoreTensors(counts);
    assignments = null;
    binding.capture = null;
  }
}

function outputId(tensor: Tensor, graph: Graph, binding: Binding, node: Backend): number {
  const id = node.idOf(tensor);
  return graph.has(id) ? id : adoptOutside(id, graph, binding);
}

function adoptOutside(id: number, graph: Graph, binding: Binding): number {
  const { shape, dtype } = binding.describe(id);
  graph.addInput(id, shape, dtype);
  return id;
}

/** A step's result as a list, and how to make the result of such a list. */
function unpack<R extends StepResult>(result: R): { tensors: Tensor[]; pack: (tensors: Tensor[]) => R } {
  if (result instanceof tf.Tensor) {
    return { tensors: [result], pack: ([tensor]) => tensor as unknown as R };
  }
  if (Array.isArray(result)) return { tensors: [...result], pack: (tensors) => tensors as unknown as R };
  const keys = Object.keys(result);
  return {
    tensors: Object.values(result as Record<string, Tensor>),
    pack: (tensors) => Object.fromEntries(keys.map((key, i) => [key, tensors[i]])) as unknown as R,
  };
}

interface Counts {
  numTensors: number;
  numBytes: number;
}

function countTensors(): Counts {
  const { numTensors, numBytes } = tf.engine().state;
  return { numTensors, numBytes };
}

/** tfjs has counted a refused disposal already: correct its books. */
function restoreTensors(before: Counts): void {
  const state = tf.engine().state;
  if (state.numTensors < before.numTensors) Object.assign(state, before);
}
