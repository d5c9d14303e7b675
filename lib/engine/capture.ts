/**
 * One run of a pure tfjs function with symbolic tensors, and the TensorFlow function that comes of it.
 *
 * Invariants: every tensor from outside is an input, never a constant; the step is run twice, and refused when the two
 * runs differ; a capture that fails leaves eager execution and its counts as they were. The first run finds what the step
 * assigns to: such an input is a variable of TensorFlow's, which is read once, when the function begins, and is given its
 * new contents as soon as these are there. XLA then writes them where the old ones were.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";
import type { Binding } from "./binding.ts";
import { CaptureError } from "./capture_error.ts";
import { Graph, type PartFunctions } from "./graph.ts";
import { XlaStages } from "./xla_stages.ts";
import { currentEngine, type OpenEngine } from "./state.ts";
import { flattenTree, type TensorTree } from "./tensor_tree.ts";

/** A tensor that a captured step uses: the argument's tensor at a position, or one from outside by its number. */
export type StepInput = { argument: number } | { id: number };

/** A step as a function of the eager context. */
export interface CapturedStep<R> {
  /** The context that it belongs to. */
  binding: Binding;
  /** The function's name there. */
  name: string;
  /** What the function is called with. */
  inputs: StepInput[];
  /** What tfjs knows those from outside by: they are not lost while this lives. */
  used: ReadonlySet<object>;
  /** How many results it has. */
  outputs: number;
  /** Which of the inputs are assigned to. */
  assigned: StepInput[];
  /** Makes the step's result of the output tensors. */
  pack: (tensors: readonly Tensor[]) => R;
}

/** What matrix products can be computed in; "tf32" is float32 with inputs of 10 bits, on GPUs that have it. */
export type Products = "float32" | "tf32" | "bfloat16";

/** How to capture. */
export interface CaptureOptions {
  /** Whether XLA compiles the graph: faster for large steps of fixed shapes. Default false. */
  xla?: boolean;
  /** What matrix products are computed in; everything else is float32, their results too. Default "float32". */
  products?: Products;
  /** On which of the devices that TensorFlow was opened with it runs, see `toDevice`. Default 0. */
  device?: number;
  /** A name for error messages. Default "step". */
  name?: string;
}

let functionCount = 0;

/**
 * Captures a step for the shapes of `inputs` and adds it to the context.
 *
 * @param options.stages holds the stages of a step that XLA cannot compile whole
 * @param options.parts holds the functions of its parts; without them parts are built where they stand
 * @throws {CaptureError} when it cannot be captured
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [x, bias] = [tf.tensor1d([1, 2]), tf.scalar(3)];
 * const { inputs, outputs } = captureStep((x: tf.Tensor) => tf.add(x, bias), [x]);
 * assertEquals([inputs.length, outputs], [2, 1]); // x and bias
 * assertThrows(() => captureStep((x: tf.Tensor) => tf.mul(x, x.dataSync()[0]!), [x]), Error, "reads a tensor's value");
 * ```
 */
export function captureStep<A extends readonly TensorTree[], R extends TensorTree>(
  step: (...inputs: A) => R,
  inputs: A,
  options: CaptureOptions & { stages?: XlaStages; parts?: PartFunctions } = {},
): CapturedStep<R> {
  const engine = currentEngine();
  const newGraph = () => {
    const graph = new Graph(engine.symbols);
    graph.hasNarrowProducts = options.products === "bfloat16";
    graph.usesXla = options.xla ?? false;
    graph.parts = options.parts;
    return graph;
  };
  const rehearse = () => {
    using graph = newGraph(); // which is large, so it is gone before there is another
    return { ...trace(step, inputs, graph, engine), trace: graph.trace };
  };
  const first = rehearse();
  using graph = newGraph();
  const { argumentIds, outputs, pack } = trace(step, inputs, graph, engine, first.assigned);
  refuseDifference(first, graph);
  const { binding } = engine;
  const name = `codescrub_${options.name ?? "step"}_${functionCount++}`;
  const isStaged = options.xla && options.stages && XlaStages.isNeededFor(graph);
  const fn = isStaged
    ? options.stages!.build(graph, outputs, name)
    : graph.toFunction(name, outputs, { xla: options.xla ?? false });
  try {
    binding.addFunction(name, fn);
  } finally {
    engine.symbols.TF_DeleteFunction(fn);
  }
  return {
    binding,
    name,
    inputs: graph.inputs.map((id) => sourceOf(id, argumentIds)),
    used: graph.used,
    outputs: outputs.length,
    assigned: first.assigned,
    pack,
  };
}

function sourceOf(id: number, argumentIds: readonly number[]): StepInput {
  const argument = argumentIds.indexOf(id);
  return argument >= 0 ? { argument } : { id };
}

function refuseDifference(rehearsal: Pick<Graph, "trace">, graph: Graph): void {
  const length = Math.max(rehearsal.trace.length, graph.trace.length);
  for (let i = 0; i < length; i++) {
    const [first, second] = [rehearsal.trace[i], graph.trace[i]];
    if (first?.what === second?.what && first?.detail === second?.detail) continue;
    throw new CaptureError(
      `two captures differ in ${second?.what ?? first?.what}`,
      "pass random numbers and whatever changes from call to call as inputs",
    );
  }
}

/**
 * Runs the step once with symbolic arguments, its operations going to the graph.
 *
 * @param assigned what it assigns to, where that is known
 */
function trace<A extends readonly TensorTree[], R extends TensorTree>(
  step: (...inputs: A) => R,
  inputs: A,
  graph: Graph,
  { binding, backend }: OpenEngine,
  assigned: readonly StepInput[] = [],
) {
  const given = flattenInputs(inputs);
  const infos = given.tensors.map((input) => binding.describe(backend.idOf(input)));
  binding.capture = graph;
  binding.madeInside = new WeakSet();
  let release = () => {};
  tf.engine().startScope();
  try {
    const argumentIds = infos.map(() => binding.newId());
    graph.variables = new Set(assigned.map((of) => "id" in of ? of.id : argumentIds[of.argument]!));
    infos.forEach((info, i) => graph.addInput(argumentIds[i]!, info, `argument ${i}`));
    const symbolic = infos.map((info, i) => backend.wrap({ ...info, id: argumentIds[i]! }));
    release = protectTensors();
    const result = step(...given.rebuild(symbolic) as unknown as A);
    const { tensors, rebuild } = flattenResult(result);
    const outputs = tensors.map((tensor) => backend.idOf(tensor));
    for (const { target } of graph.assignments) {
      if (graph.has(target) && !graph.inputs.includes(target)) {
        throw new CaptureError("it assigns to a tensor that it made", "use the value itself");
      }
    }
    for (const id of outputs) graph.take(id, (id) => binding.describe(id));
    graph.note("its results", outputs);
    graph.note("its assignments", graph.assignments.flatMap(({ target, value }) => [target, value]));
    const pack = rebuild as (tensors: readonly Tensor[]) => R;
    const targets = [...new Set(graph.assignments.map(({ target }) => target))];
    return { argumentIds, outputs, pack, assigned: targets.map((id) => sourceOf(id, argumentIds)) };
  } finally {
    release();
    tf.engine().endScope();
    binding.capture = null;
  }
}

/** Makes tfjs refuse to free tensors that exist already; variables free theirs when they are assigned to. */
function protectTensors(): () => void {
  const engine = tf.engine();
  const dispose = engine.disposeTensor;
  const mark = tf.scalar(0); // tensors are numbered in the order of their making
  mark.dispose();
  engine.disposeTensor = (tensor) => {
    if (tensor.id < mark.id) {
      throw new CaptureError("it disposes or assigns a tensor from outside", "use assign() of the engine");
    }
    dispose.call(engine, tensor);
  };
  return () => engine.disposeTensor = dispose;
}

/**
 * A step's arguments as one list of tensors.
 *
 * @throws {TypeError} when something else is among them
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * const message = "Cannot run a compiled step: it is given a number: give tensors, lists or records of them";
 * assertThrows(() => flattenInputs([{ rate: 3 }]), TypeError, message);
 * ```
 */
export function flattenInputs(inputs: readonly unknown[]): ReturnType<typeof flattenTree> {
  return flattenTree([...inputs], (what) => {
    throw new TypeError(
      `Cannot run a compiled step: it is given ${what}: give tensors, lists or records of them`,
    );
  });
}

function flattenResult(result: unknown): ReturnType<typeof flattenTree> {
  if (result instanceof Promise) result.catch(() => {}); // whatever it does, it is refused
  return flattenTree(result, (what) => {
    throw new CaptureError(`it returns ${what}`, "return a tensor, a list or a record of tensors");
  });
}
