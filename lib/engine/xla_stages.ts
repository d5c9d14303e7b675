/**
 * A step that XLA cannot compile whole, cut into stages: operations that XLA has no kernel for (in-place writes) and
 * those that are to stay out of it remain TensorFlow's own, and everything between is one function that XLA compiles.
 * XlaStages that are alike, such as a model's layers, also in captures for other shapes, are one function: it is compiled
 * once.
 *
 * @module
 */
import { Graph } from "./graph.ts";
import type { Operation } from "./recorded.ts";
import { Records } from "./records.ts";
import { type SharedFunction, SharedFunctions } from "./shared_functions.ts";
import type { OpenEngine } from "./state.ts";

/** Operations without a kernel for XLA. */
const WITHOUT_XLA: readonly string[] = ["InplaceUpdate"];

interface Stage {
  /** What XLA compiles, in order. */
  inside: Operation[];
  /** What runs after it. */
  outside: Operation[];
}

/**
 * The stages of one compiled step's captures; `using` takes them out of the context.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { compile, outsideXla } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using step = compile((x: tf.Tensor) => tf.neg(outsideXla(() => tf.exp(tf.neg(x)))), { xla: true });
 * assertEquals([...step(tf.tensor1d([0])).dataSync()], [-1]); // two stages, one function: both are a negation
 * ```
 */
export class XlaStages implements Disposable {
  readonly #engine: Pick<OpenEngine, "symbols" | "binding">;
  readonly #functions: SharedFunctions;

  /** @param engine whose context the functions belong to */
  constructor(engine: Pick<OpenEngine, "symbols" | "binding">) {
    this.#engine = engine;
    this.#functions = new SharedFunctions("stage", engine);
  }

  /** Where the functions are. */
  get binding(): OpenEngine["binding"] {
    return this.#engine.binding;
  }

  /** Whether a captured step needs to be cut. */
  static isNeededFor(graph: Graph): boolean {
    return graph.recorded.some((record) => record.kind === "operation" && staysOutside(record));
  }

  /**
   * Builds a captured step anew, of stages; adds those to the context.
   *
   * @param outputs the results' numbers
   * @returns the step's `TF_Function*`; the caller adds it to the context and frees it
   */
  build(graph: Graph, outputs: readonly number[], name: string): Deno.PointerValue {
    const records = new Records(graph.recorded);
    const results = [...outputs, ...graph.assignments.map(({ value }) => value)];
    const stages = cut(records.operations);
    using outer = new Graph(this.#engine.symbols);
    outer.variables = graph.variables;
    for (const id of graph.inputs) outer.addInput(id, records.info(id));
    stages.forEach((stage, i) => {
      const given = givenBy(stage, stages.slice(i + 1), results);
      if (given.length > 0) {
        const { name, fn } = this.#functionOf(stage, given, records);
        const infos = given.map((id) => ({ id, ...records.info(id) }));
        outer.addCall({ name, fn, xla: true }, records.takenBy(stage.inside), infos);
      }
      for (const operation of stage.outside) records.addTo(outer, operation);
    });
    for (const id of results) records.addConstantTo(outer, id);
    for (const assignment of graph.assignments) outer.assign(assignment);
    return outer.toFunction(name, outputs, {});
  }

  #functionOf(stage: Stage, given: readonly number[], records: Records): SharedFunction {
    return this.#functions.get(records.describe(stage.inside, given), (name) => {
      const { symbols, binding } = this.#engine;
      using inner = new Graph(symbols);
      for (const id of records.takenBy(stage.inside)) inner.addInput(id, records.info(id));
      const fewRows = !binding.isUsingGpuDevice(); // a trick for processors
      for (const operation of stage.inside) records.addTo(inner, operation, { fewRows });
      return inner.toFunction(name, given, {});
    });
  }

  /** Frees the functions. */
  [Symbol.dispose](): void {
    this.#functions[Symbol.dispose]();
  }
}

/** Stage by stage: an operation runs as soon as those that it waits for are done, on either side of XLA. */
function cut(operations: readonly Operation[]): Stage[] {
  const stages: Stage[] = [];
  const sources = new Map<number, { number: number; isOutside: boolean }>();
  for (const operation of operations) {
    const isOutside = staysOutside(operation);
    const first = operation.inputs.map((id) => {
      const source = sources.get(id);
      return source ? source.number + Number(source.isOutside && !isOutside) : 0;
    });
    const number = Math.max(0, ...first);
    const stage = stages[number] ??= { inside: [], outside: [] };
    stage[isOutside ? "outside" : "inside"].push(operation);
    for (const { id } of operation.outputs) sources.set(id, { number, isOutside });
  }
  return stages;
}

/** What a stage's function makes for others: its own operations outside, later stages, the results. */
function givenBy(stage: Stage, later: readonly Stage[], outputs: readonly number[]): number[] {
  const operations = [...stage.outside, ...later.flatMap(({ inside, outside }) => [...inside, ...outside])];
  const wanted = new Set([...outputs, ...operations.flatMap(({ inputs }) => inputs)]);
  return stage.inside.flatMap(({ outputs }) => outputs.map(({ id }) => id)).filter((id) => wanted.has(id));
}

function staysOutside({ name, isOutside }: Operation): boolean {
  return isOutside || WITHOUT_XLA.includes(name);
}
