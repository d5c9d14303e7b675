/**
 * Parts of a captured step that are functions of their own, called where they stand: those that are alike, such as a model's
 * layers, are one function, whatever its weights. A step of thirty layers is then as large as one of a layer and thirty
 * calls, for TensorFlow's memory and for the time in which it makes a step ready.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import { Graph, type PartFunctions } from "./graph.ts";
import { Records } from "./records.ts";
import { type SharedFunction, SharedFunctions } from "./shared_functions.ts";
import { currentEngine, type OpenEngine } from "./state.ts";

/**
 * The functions of one compiled step's parts; `using` takes them out of the context.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weights = [tf.scalar(2), tf.scalar(3)];
 * using step = compile((x: tf.Tensor) =>
 *   weights.reduce((x, weight) => calledPart(() => [tf.add(tf.square(x), weight)])[0]!, x)
 * );
 * assertEquals(step(tf.scalar(1)).dataSync()[0], 12); // two calls of one function
 * ```
 */
export class CalledParts implements PartFunctions, Disposable {
  readonly #engine: Pick<OpenEngine, "symbols" | "binding" | "backend">;
  readonly #functions: SharedFunctions;

  /** @param engine whose context the functions belong to */
  constructor(engine: Pick<OpenEngine, "symbols" | "binding" | "backend">) {
    this.#engine = engine;
    this.#functions = new SharedFunctions("part", engine);
  }

  /** How many functions there are. */
  get size(): number {
    return this.#functions.size;
  }

  /** Adds a part to the graph under construction, see {@linkcode calledPart}. */
  call(outer: Graph, part: () => readonly Tensor[]): Tensor[] {
    const { symbols, binding, backend } = this.#engine;
    using inner = new Graph(symbols, outer);
    binding.capture = inner;
    let ids: number[];
    try {
      ids = part().map((tensor) => backend.idOf(tensor));
    } finally {
      binding.capture = outer;
    }
    for (const id of ids) inner.take(id, (id) => binding.describe(id));
    const infos = ids.map((id) => ({ ...inner.describe(id), id: binding.newId() }));
    for (const data of inner.used) outer.used.add(data);
    outer.addCall({ ...this.#functionOf(inner, ids), xla: false }, inner.inputs, infos);
    return infos.map((info) => backend.wrap(info));
  }

  #functionOf(inner: Graph, outputs: readonly number[]): SharedFunction {
    const records = new Records(inner.recorded);
    const inputs = inner.inputs.map((id) => records.info(id)); // also those that are results
    const key = JSON.stringify([inputs, records.describe(records.operations, outputs)]);
    return this.#functions.get(key, (name) => inner.toFunction(name, outputs, { isCalled: true }));
  }

  /** Frees the functions. */
  [Symbol.dispose](): void {
    this.#functions[Symbol.dispose]();
  }
}

/**
 * Runs a part of a step; in a captured one that a processor runs without XLA as a function of its own. Its results on the way
 * must not be used outside. (On a GPU graphs do not lie in the memory that is short, and it has not been tried there.)
 *
 * @returns what it gives
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals(calledPart(() => [tf.scalar(2)])[0]!.dataSync()[0], 2); // eagerly a plain call
 * ```
 */
export function calledPart(part: () => readonly Tensor[]): Tensor[] {
  const { binding } = currentEngine();
  const { capture } = binding;
  const isCalled = capture?.parts && !capture.usesXla && !binding.isUsingGpuDevice();
  return isCalled ? capture.parts!.call(capture, part) : [...part()];
}
