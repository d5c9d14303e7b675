/**
 * A graph that is built while a step runs symbolically: what was asked for, in which order, and its conversion into a
 * function of the eager context.
 *
 * Tensors are numbers here, as in the binding: a number that the graph made is *symbolic*; any other is a tensor from
 * outside and becomes an input of the function, whatever its size.
 *
 * @module
 */
import type { Tensor } from "../npm/tfjs_core.ts";
import { CaptureError } from "./capture_error.ts";
import { ATTR, type OpAttr } from "./dtypes.ts";
import { checkOutputs, checksum } from "./native.ts";
import { type FunctionKind, type GraphInput, type GraphOutput, NativeGraph } from "./native_graph.ts";
import { newTensor } from "./native_tensors.ts";
import type { Assignment, Recorded, TensorInfo, TraceEntry } from "./recorded.ts";
import type { Symbols } from "./symbols.ts";

export type { TensorInfo } from "./recorded.ts";

/** Makes functions of a graph's parts. */
export interface PartFunctions {
  /** Adds a part to a graph, as a call; what it gives. */
  call(outer: Graph, part: () => readonly Tensor[]): Tensor[];
}

interface Node extends GraphOutput {
  /** What it is, in the same words in every capture of a pure step. */
  label: string;
}

/** Operations that give other numbers in every call, or the same ones in every call of a captured step. */
const RANDOM = /^(Multinomial|Random|Stateful|TruncatedNormal|ParameterizedTruncatedNormal)/;

/**
 * A graph under construction; see the module's comment.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DTYPE } from "./dtypes.ts";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using graph = new Graph(currentEngine().symbols);
 * graph.addInput(1, { shape: [2], dtype: DTYPE.float32 });
 * const [output] = graph.addOperation("Neg", [], [1], 1, () => 2);
 * assertEquals(output, { id: 2, shape: [2], dtype: DTYPE.float32 });
 * ```
 */
export class Graph {
  readonly #symbols: Symbols;
  readonly #native: NativeGraph;
  readonly #nodes = new Map<number, Node>();
  readonly #inputs = new Map<number, GraphInput>();
  readonly #trace: TraceEntry[] = [];
  readonly #recorded: Recorded[] = [];
  #count = 0;

  /** Whether what is added now shall stay out of XLA. */
  isOutside = false;

  /** Whether all products are in bfloat16. */
  hasNarrowProducts = false;

  /** Whether XLA is to compile what is not kept out of it. */
  usesXla = false;

  /** The inputs that are assigned to: variables, which are arguments by reference. */
  variables: ReadonlySet<number> = new Set();

  /** What tfjs knows the outside tensors by, which are to live as long as the function. */
  readonly used = new Set<object>();

  /** Casts that were made, by the tensor's number and the data type. */
  readonly casts = new Map<string, number>();

  /** Holds the functions of its parts; undefined where parts are built where they are used. */
  parts: PartFunctions | undefined;

  /** The graph of which this one is a part. */
  readonly outer: Graph | undefined;

  /**
   * Starts an empty graph.
   *
   * @param outer the one of which it becomes a part, and whose products and compiler are its own
   */
  constructor(symbols: Symbols, outer?: Graph) {
    this.#symbols = symbols;
    this.#native = new NativeGraph(symbols);
    this.outer = outer;
    if (outer) {
      const { hasNarrowProducts, usesXla, isOutside } = outer;
      Object.assign(this, { hasNarrowProducts, usesXla, isOutside });
    }
  }

  /** What is assigned, in order. */
  readonly assignments: Assignment[] = [];

  /** The numbers of the function's inputs, in order. */
  get inputs(): readonly number[] {
    return [...this.#inputs.keys()];
  }

  /** What was built, operation by operation: equal for two captures of a pure step. */
  get trace(): readonly TraceEntry[] {
    return this.#trace;
  }

  /** What was asked for, in order. */
  get recorded(): readonly Recorded[] {
    return this.#recorded;
  }

  /** Adds tensors to the trace, such as the step's results. */
  note(what: string, ids: readonly number[]): void {
    this.#trace.push({ what, detail: ids.map((id) => this.#nodes.get(id)?.label ?? `outside ${id}`).join() });
  }

  /** Whether the graph made this tensor. */
  has(id: number): boolean {
    return this.#nodes.has(id);
  }

  /** Whether the graph made this tensor, or the one of which it is a part did. */
  knows(id: number): boolean {
    return this.has(id) || (this.outer?.knows(id) ?? false);
  }

  /**
   * Adds an input of the function under the number `id`.
   *
   * @param label what it is, in the same words in every capture
   */
  addInput(id: number, { shape, dtype }: Omit<TensorInfo, "id">, label = `outside ${id}`): void {
    this.#recorded.push({ kind: "input", id, shape, dtype });
    this.#trace.push({ what: "input", detail: `${dtype} [${shape}]` });
    const input = this.#native.addInput({ shape, dtype }, { isVariable: this.variables.has(id) });
    this.#inputs.set(id, input);
    this.#nodes.set(id, { ...input.value, label });
  }

  /**
   * Makes a tensor an input where the graph did not make it; of a part, also of the graph around it.
   *
   * @param describe says what a native tensor is
   */
  take(id: number, describe: (id: number) => Omit<TensorInfo, "id">): void {
    if (this.has(id)) return;
    this.outer?.take(id, describe);
    this.addInput(id, this.outer ? this.outer.describe(id) : describe(id));
  }

  /** Notes an assignment to an input; where it is a variable, it is given the value. */
  assign(assignment: Assignment): void {
    if (this.outer) throw new CaptureError("a part of it assigns", "assign where the part has ended");
    this.assignments.push(assignment);
    const { target, value } = assignment;
    if (this.variables.has(target)) this.#native.assign(this.#inputs.get(target)!, this.#node(value));
  }

  /** Adds a constant under the number `id`. */
  addConstant(id: number, shape: readonly number[], dtype: number, bytes: Uint8Array): void {
    const tensor = newTensor(this.#symbols, shape, dtype, bytes);
    try {
      this.#trace.push({ what: "constant", detail: `${dtype} [${shape}] ${checksum(bytes)}` });
      const attrs = [{ name: "dtype", type: ATTR.type, value: dtype }];
      this.#nodes.set(id, this.#addNode("Const", attrs, [], tensor));
      this.#recorded.push({ kind: "constant", id, shape, dtype, bytes });
    } finally {
      this.#symbols.TF_DeleteTensor(tensor);
    }
  }

  /** Adds an operation; `nextId` gives the outputs their numbers. */
  addOperation(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly number[],
    outputs: number,
    nextId: () => number,
  ): TensorInfo[] {
    if (RANDOM.test(name)) {
      throw new CaptureError(
        `it draws random numbers (${name})`,
        "draw them outside and pass them as inputs",
      );
    }
    const { operation, label } = this.#addNode(name, attrs, inputs.map((id) => this.#node(id)));
    checkOutputs(name, outputs, this.#symbols.TF_OperationNumOutputs(operation)); // it would read past the end
    const infos = Array.from({ length: outputs }, (_, index) => {
      const node = { operation, index, label: `${label}:${index}` };
      const info = { id: nextId(), ...this.#native.describe(name, node) };
      this.#nodes.set(info.id, node);
      return info;
    });
    this.#recorded.push({
      kind: "operation",
      name,
      attrs,
      inputs,
      outputs: infos,
      isOutside: this.isOutside,
    });
    return infos;
  }

  /**
   * Adds a call of a function.
   *
   * @param callee stays the caller's @param callee.xla whether XLA compiles it, which the function itself does not say
   * @param outputs the numbers, shapes and data types of its results
   */
  addCall(
    { name, fn, xla }: { name: string; fn: Deno.PointerValue; xla: boolean },
    inputs: readonly number[],
    outputs: readonly TensorInfo[],
  ): void {
    this.#native.copyFunction(name, fn);
    const attrs = [
      { name: "Tin", type: ATTR.type, value: inputs.map((id) => this.dtypeOf(id)) },
      { name: "Tout", type: ATTR.type, value: outputs.map(({ dtype }) => dtype) },
      { name: "f", type: ATTR.func, value: name },
      ...xla ? [{ name: "_XlaMustCompile", type: ATTR.bool, value: true }] : [],
    ];
    const { operation, label } = this.#addNode("PartitionedCall", attrs, inputs.map((id) => this.#node(id)));
    outputs.forEach(({ id, shape }, index) => {
      const node = { operation, index, label: `${label}:${index}` };
      this.#native.setShape(name, node, shape);
      this.#nodes.set(id, node);
    });
  }

  /**
   * Makes a `TF_Function*` of the graph; the caller adds it to the context and frees it.
   *
   * @param kind.xla whether XLA must compile it @param kind.isCalled whether it stays a function where it is called
   */
  toFunction(name: string, outputs: readonly number[], kind: FunctionKind): Deno.PointerValue {
    const results = outputs.map((id) =>
      this.#addNode("Identity", [{ name: "T", type: ATTR.type, value: this.dtypeOf(id) }], [this.#node(id)])
    );
    return this.#native.toFunction(name, { results, ...kind });
  }

  /** Frees the graph. */
  [Symbol.dispose](): void {
    this.#native[Symbol.dispose]();
  }

  #node(id: number): Node {
    const node = this.#nodes.get(id);
    if (!node) throw new CaptureError(`tensor ${id} was disposed inside`, "keep what later operations use");
    return node;
  }

  /** Shape and data type of a tensor of the graph. */
  describe(id: number): Omit<TensorInfo, "id"> {
    return this.#native.describe("a part", this.#node(id));
  }

  /** The `TF_DataType` of a tensor of the graph, or of the one of which it is a part. */
  dtypeOf(id: number): number {
    if (this.outer && !this.has(id)) return this.outer.dtypeOf(id);
    return this.#native.dtypeOf(this.#node(id));
  }

  #addNode(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly Node[],
    value: Deno.PointerValue = null,
  ): Node {
    const label = `n${this.#count++}`;
    const operation = this.#native.addNode(name, { label, attrs, inputs, value });
    const detail = JSON.stringify([
      attrs.map((attr) => [attr.name, attr.value]),
      inputs.map((node) => node.label),
    ]);
    this.#trace.push({ what: name, detail });
    return { operation, index: 0, label };
  }
}
