/**
 * The nodes of a `TF_Graph`: added one by one, described, and made a function of.
 *
 * @module
 */
import { CaptureError } from "./capture_error.ts";
import { ATTR, DTYPE, type OpAttr } from "./dtypes.ts";
import { listLength } from "./graph_records.ts";
import { cString, packOutputs, setAttribute } from "./native.ts";
import { Status } from "./status.ts";
import type { Symbols } from "./symbols.ts";

/** A result of a node. */
export interface Node {
  /** The node, a `TF_Operation*`. */
  operation: Deno.PointerValue;
  /** Which of its results. */
  index: number;
  /** What it is, in the same words in every capture of a pure step. */
  label: string;
}

/** What a node has beside its inputs. */
export interface NodeOptions {
  /** A name in the graph; must be no other's. */
  label: string;
  /** A constant's `TF_Tensor*`. */
  value?: Deno.PointerValue;
  /** What must have run before it. */
  after?: readonly (Node | null)[];
}

/** What a function is made of. */
export interface FunctionParts {
  /** Its arguments: placeholders. */
  inputs: readonly Node[];
  /** Its results. */
  outputs: readonly Node[];
  /** What it does beside computing these. */
  effects: readonly Node[];
  /** Whether XLA must compile it. */
  xla: boolean;
}

/**
 * A `TF_Graph`; see the module's comment.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ATTR, DTYPE } from "./dtypes.ts";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using nodes = new GraphNodes(currentEngine().symbols);
 * const attrs = [
 *   { name: "dtype", type: ATTR.type, value: DTYPE.float32 },
 *   { name: "shape", type: ATTR.shape, value: [2] },
 * ];
 * const x = nodes.add("Placeholder", attrs, [], { label: "x" });
 * assertEquals(nodes.describe("x", x), { shape: [2], dtype: DTYPE.float32 });
 * ```
 */
export class GraphNodes implements Disposable {
  readonly #symbols: Symbols;
  readonly #status: Status;
  readonly #graph: Deno.PointerValue;

  /** Starts an empty graph. */
  constructor(symbols: Symbols) {
    this.#symbols = symbols;
    this.#status = new Status(symbols);
    this.#graph = symbols.TF_NewGraph();
  }

  /** Adds a node; gives its first result. */
  add(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly Node[],
    { label, value, after = [] }: NodeOptions,
  ): Node {
    const symbols = this.#symbols;
    const labelBytes = new TextEncoder().encode(label + "\0");
    const description = symbols.TF_NewOperation(this.#graph, cString(name), labelBytes);
    const single = (node: Node) => symbols.TF_AddInput(description, packOutputs([node]));
    const length = listLength(name, inputs.length);
    if (length !== null) symbols.TF_AddInputList(description, packOutputs(inputs.slice(0, length)), length);
    inputs.slice(length ?? 0).forEach(single);
    for (const node of after) if (node) symbols.TF_AddControlInput(description, node.operation);
    for (const attr of attrs) setAttribute(symbols, description, attr, "graph", this.#status);
    if (value) {
      symbols.TF_SetAttrTensor(description, cString("value"), value, this.#status.pointer);
      this.#status.check(name);
    }
    const operation = symbols.TF_FinishOperation(description, this.#status.pointer);
    this.#status.check(name);
    return { operation, index: 0, label };
  }

  /** Adds a variable as an argument: its place, and what it holds when the function begins. */
  addVariable(label: string, dtype: number, shape: readonly number[]): { place: Node; read: Node } {
    const resource = [
      { name: "dtype", type: ATTR.type, value: DTYPE.resource },
      { name: "shape", type: ATTR.shape, value: [] },
    ];
    const place = this.add("Placeholder", resource, [], { label: `place_${label}` });
    const attrs = [{ name: "dtype", type: ATTR.type, value: dtype }];
    const read = this.add("ReadVariableOp", attrs, [place], { label: `read_${label}` });
    this.setShape(read, shape);
    return { place, read };
  }

  /** Says of what shape a result is that TensorFlow does not know it of. */
  setShape(node: Node, shape: readonly number[]): void {
    const dims = BigInt64Array.from(shape, BigInt);
    const output = packOutputs([node]);
    this.#symbols.TF_GraphSetTensorShape(this.#graph, output, dims, dims.length, this.#status.pointer);
    this.#status.check(node.label);
  }

  /** The `TF_DataType` of a result. */
  dtypeOf(node: Node): number {
    return this.#symbols.TF_OperationOutputType(packOutputs([node]));
  }

  /**
   * Shape and data type of a result.
   *
   * @throws {CaptureError} when the shape is only known when the graph runs
   */
  describe(name: string, node: Node): { shape: number[]; dtype: number } {
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
    return { shape, dtype: this.dtypeOf(node) };
  }

  /** Lets nodes call a function by its name. */
  copyFunction(name: string, fn: Deno.PointerValue): void {
    this.#symbols.TF_GraphCopyFunction(this.#graph, fn, null, this.#status.pointer);
    this.#status.check(name);
  }

  /** Makes a `TF_Function*` of the graph; the caller adds it to the context and frees it. */
  toFunction(name: string, { inputs, outputs, effects, xla }: FunctionParts): Deno.PointerValue {
    const symbols = this.#symbols;
    const addresses = effects.map(({ operation }) => Deno.UnsafePointer.value(operation));
    const fn = symbols.TF_GraphToFunctionWithControlOutputs(
      this.#graph,
      cString(name),
      0,
      -1,
      null,
      inputs.length,
      packOutputs(inputs),
      outputs.length,
      packOutputs(outputs),
      null,
      effects.length,
      BigUint64Array.from(addresses),
      null,
      null,
      null,
      this.#status.pointer,
    );
    this.#status.check(name);
    if (xla) {
      const attribute = new Uint8Array([0x28, 1]); // AttrValue { b: true } in protocol buffers' wire format
      const key = cString("_XlaMustCompile");
      symbols.TF_FunctionSetAttrValueProto(fn, key, attribute, 2n, this.#status.pointer);
      this.#status.check(name);
    }
    return fn;
  }

  /** Frees the graph. */
  [Symbol.dispose](): void {
    this.#symbols.TF_DeleteGraph(this.#graph);
    this.#status[Symbol.dispose]();
  }
}
