/**
 * A `TF_Graph` that is built while a step runs symbolically, and its conversion into a function of the eager context.
 *
 * Tensors are numbers here, as in the binding: a number that the graph made is *symbolic*; any other is a tensor from
 * outside and becomes an input of the function, whatever its size.
 *
 * @module
 */
import { CaptureError } from "./capture_error.ts";
import { ATTR, type OpAttr } from "./dtypes.ts";
import {
  type Assignment,
  listLength,
  type Recorded,
  type TensorInfo,
  type TraceEntry,
} from "./graph_records.ts";
import { checkOutputs, checksum, cString, packOutputs, setAttribute } from "./native.ts";
import { newTensor } from "./native_tensors.ts";
import { Status } from "./status.ts";
import type { Symbols } from "./symbols.ts";

interface Node {
  operation: Deno.PointerValue;
  index: number;
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
  readonly #status: Status;
  readonly #graph: Deno.PointerValue;
  readonly #nodes = new Map<number, Node>();
  readonly #inputs: number[] = [];
  readonly #trace: TraceEntry[] = [];
  readonly #recorded: Recorded[] = [];
  #count = 0;

  /** Whether what is added now shall stay out of XLA. */
  isOutside = false;

  /** Whether all products are in bfloat16. */
  hasNarrowProducts = false;

  /** What tfjs knows the outside tensors by, which are to live as long as the function. */
  readonly used = new Set<object>();

  /** Casts that were made, by the tensor's number and the data type. */
  readonly casts = new Map<string, number>();

  /** Starts an empty graph. */
  constructor(symbols: Symbols) {
    this.#symbols = symbols;
    this.#status = new Status(symbols);
    this.#graph = symbols.TF_NewGraph();
  }

  /** What is assigned after the call, in order. */
  readonly assignments: Assignment[] = [];

  /** The numbers of the function's inputs, in order. */
  get inputs(): readonly number[] {
    return this.#inputs;
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

  /**
   * Adds an input of the function under the number `id`.
   *
   * @param label what it is, in the same words in every capture
   */
  addInput(id: number, { shape, dtype }: Omit<TensorInfo, "id">, label = `outside ${id}`): void {
    const attrs = [
      { name: "dtype", type: ATTR.type, value: dtype },
      { name: "shape", type: ATTR.shape, value: shape },
    ];
    this.#inputs.push(id);
    this.#recorded.push({ kind: "input", id, shape, dtype });
    this.#nodes.set(id, { ...this.#addNode("Placeholder", attrs, []), label });
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
      const info = { id: nextId(), ...this.#describe(name, node) };
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
   * Adds a call of a function that XLA compiles.
   *
   * @param callee stays the caller's @param outputs the numbers, shapes and data types of its results
   */
  addXlaCall(
    { name, fn }: { name: string; fn: Deno.PointerValue },
    inputs: readonly number[],
    outputs: readonly TensorInfo[],
  ): void {
    const symbols = this.#symbols;
    symbols.TF_GraphCopyFunction(this.#graph, fn, null, this.#status.pointer);
    this.#status.check(name);
    const attrs = [
      { name: "Tin", type: ATTR.type, value: inputs.map((id) => this.dtypeOf(id)) },
      { name: "Tout", type: ATTR.type, value: outputs.map(({ dtype }) => dtype) },
      { name: "f", type: ATTR.func, value: name },
      { name: "_XlaMustCompile", type: ATTR.bool, value: true },
    ];
    const { operation, label } = this.#addNode("PartitionedCall", attrs, inputs.map((id) => this.#node(id)));
    outputs.forEach(({ id, shape }, index) => {
      const node = { operation, index, label: `${label}:${index}` };
      const dims = BigInt64Array.from(shape, BigInt);
      const output = packOutputs([node]);
      symbols.TF_GraphSetTensorShape(this.#graph, output, dims, dims.length, this.#status.pointer);
      this.#status.check(name);
      this.#nodes.set(id, node);
    });
  }

  /**
   * Makes a `TF_Function*` of the graph; the caller adds it to the context and frees it.
   *
   * @param xla whether XLA must compile it
   */
  toFunction(name: string, outputs: readonly number[], xla: boolean): Deno.PointerValue {
    const symbols = this.#symbols;
    const outs = outputs.map((id) =>
      this.#addNode("Identity", [{ name: "T", type: ATTR.type, value: this.dtypeOf(id) }], [this.#node(id)])
    );
    const fn = symbols.TF_GraphToFunction(
      this.#graph,
      cString(name),
      0,
      -1,
      null,
      this.#inputs.length,
      packOutputs(this.#inputs.map((id) => this.#node(id))),
      outs.length,
      packOutputs(outs),
      null,
      null,
      null,
      this.#status.pointer,
    );
    this.#status.check(name);
    if (xla) {
      const attribute = new Uint8Array([0x28, 1]); // AttrValue { b: true } in protocol buffers' wire format
      symbols.TF_FunctionSetAttrValueProto(
        fn,
        cString("_XlaMustCompile"),
        attribute,
        2n,
        this.#status.pointer,
      );
      this.#status.check(name);
    }
    return fn;
  }

  /** Frees the graph. */
  [Symbol.dispose](): void {
    this.#symbols.TF_DeleteGraph(this.#graph);
    this.#status[Symbol.dispose]();
  }

  #node(id: number): Node {
    const node = this.#nodes.get(id);
    if (!node) throw new CaptureError(`tensor ${id} was disposed inside`, "keep what later operations use");
    return node;
  }

  /** The `TF_DataType` of a tensor of the graph. */
  dtypeOf(id: number): number {
    return this.#symbols.TF_OperationOutputType(packOutputs([this.#node(id)]));
  }

  #addNode(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly Node[],
    value: Deno.PointerValue = null,
  ): Node {
    const symbols = this.#symbols;
    const label = `n${this.#count++}`;
    const labelBytes = new TextEncoder().encode(label + "\0");
    const description = symbols.TF_NewOperation(this.#graph, cString(name), labelBytes);
    const single = (node: Node) => symbols.TF_AddInput(description, packOutputs([node]));
    const length = listLength(name, inputs.length);
    if (length !== null) symbols.TF_AddInputList(description, packOutputs(inputs.slice(0, length)), length);
    inputs.slice(length ?? 0).forEach(single);
    for (const attr of attrs) setAttribute(symbols, description, attr, "graph", this.#status);
    if (value) {
      symbols.TF_SetAttrTensor(description, cString("value"), value, this.#status.pointer);
      this.#status.check(name);
    }
    const detail = JSON.stringify([
      attrs.map((attr) => [attr.name, attr.value]),
      inputs.map((node) => node.label),
    ]);
    this.#trace.push({ what: name, detail });
    const operation = symbols.TF_FinishOperation(description, this.#status.pointer);
    this.#status.check(name);
    return { operation, index: 0, label };
  }

  #describe(name: string, node: Node): { shape: number[]; dtype: number } {
    const symbols = this.#symbols;
    const output = packOutputs([node]);
    const rank = symbols.TF_GraphGetTensorNumDims(this.#graph, output, this.#status.pointer);
    this.#status.check(name);
    const dims = new BigInt64Array(Math.max(rank, 1));
    if (rank > 0) {
      symbols.TF_GraphGetTensorShape(this.#graph, output, dims, rank, this.#status.pointer);
      this.#status.check(name);
    }
    const shape = Array.from(dims.subarray(0, Math.max(rank, 0)), Number);
    if (rank < 0 || shape.some((size) => size < 0)) {
      throw new CaptureError(`the shape of ${name}'s result depends on values`, "run it outside the step");
    }
    return { shape, dtype: symbols.TF_OperationOutputType(output) };
  }
}
