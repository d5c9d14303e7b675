/**
 * TensorFlow's own graph, a `TF_Graph`: its nodes by pointers, their shapes, and the function that it becomes.
 *
 * @module
 */
import { CaptureError } from "./capture_error.ts";
import { ATTR, DTYPE, type OpAttr } from "./dtypes.ts";
import { cString, packOutputs, setAttribute } from "./native.ts";
import { Status } from "./status.ts";
import type { Symbols } from "./symbols.ts";

/** A result of a node. */
export interface GraphOutput {
  /** `TF_Operation*` */
  operation: Deno.PointerValue;
  /** Which of its results. */
  index: number;
}

/** What a node is made of. */
export interface NodeParts {
  /** Its name, of which there is one in a graph. */
  label: string;
  /** Its attributes. */
  attrs: readonly OpAttr[];
  /** What it takes. */
  inputs: readonly GraphOutput[];
  /** Of a constant: a `TF_Tensor*`, which stays the caller's. */
  value?: Deno.PointerValue;
  /** What must have run before it beside its inputs. */
  after?: GraphOutput;
}

/** What becomes of a function. */
export interface FunctionKind {
  /** Whether XLA must compile it. Default false. */
  xla?: boolean;
  /** Whether it stays a function where others call it, instead of becoming a part of them. Default false. */
  isCalled?: boolean;
}

/** An argument of the function. */
export interface GraphInput {
  /** The argument itself: a tensor, or the place of a variable. */
  argument: GraphOutput;
  /** The tensor; of a variable, what it held when the function began. */
  value: GraphOutput;
}

/**
 * A `TF_Graph`; `using` frees it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ATTR, DTYPE } from "./dtypes.ts";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using graph = new NativeGraph(currentEngine().symbols);
 * const attrs = [
 *   { name: "dtype", type: ATTR.type, value: DTYPE.float32 },
 *   { name: "shape", type: ATTR.shape, value: [2] },
 * ];
 * const operation = graph.addNode("Placeholder", { label: "x", attrs, inputs: [] });
 * assertEquals(graph.describe("Placeholder", { operation, index: 0 }), { shape: [2], dtype: DTYPE.float32 });
 * ```
 */
export class NativeGraph implements Disposable {
  readonly #symbols: Symbols;
  readonly #status: Status;
  readonly #graph: Deno.PointerValue;
  readonly #inputs: GraphInput[] = [];
  readonly #assignments: GraphOutput[] = [];
  /** The number of assignments that an operation waits for, by the operation's address. */
  readonly #awaited = new Map<bigint, number>();

  /** Starts an empty graph. */
  constructor(symbols: Symbols) {
    this.#symbols = symbols;
    this.#status = new Status(symbols);
    this.#graph = symbols.TF_NewGraph();
  }

  /** Adds an operation, which waits for the last assignment if it takes anything; gives its `TF_Operation*`. */
  addNode(name: string, { label, attrs, inputs, value = null, after }: NodeParts): Deno.PointerValue {
    const symbols = this.#symbols;
    const labelBytes = new TextEncoder().encode(label + "\0");
    const description = symbols.TF_NewOperation(this.#graph, cString(name), labelBytes);
    const length = listLength(name, inputs.length);
    if (length !== null) symbols.TF_AddInputList(description, packOutputs(inputs.slice(0, length)), length);
    for (const input of inputs.slice(length ?? 0)) symbols.TF_AddInput(description, packOutputs([input]));
    const waits = inputs.length > 0 ? this.#assignments.length : 0;
    const isLater = inputs.some(({ operation }) => this.#awaited.get(addressOf(operation)) === waits);
    const before = [after, isLater ? undefined : this.#assignments[waits - 1]];
    for (const node of before) if (node) symbols.TF_AddControlInput(description, node.operation);
    for (const attr of attrs) setAttribute(symbols, description, attr, "graph", this.#status);
    if (value) {
      symbols.TF_SetAttrTensor(description, cString("value"), value, this.#status.pointer);
      this.#status.check(name);
    }
    const operation = symbols.TF_FinishOperation(description, this.#status.pointer);
    this.#status.check(name);
    if (waits > 0) this.#awaited.set(addressOf(operation), waits);
    return operation;
  }

  /** Adds an argument of the function: a tensor, or a variable, which is passed by reference. */
  addInput(
    { dtype, shape }: { dtype: number; shape: readonly number[] },
    { isVariable }: { isVariable: boolean },
  ): GraphInput {
    const label = `input${this.#inputs.length}`;
    const add = (name: string, parts: NodeParts) => ({ operation: this.addNode(name, parts), index: 0 });
    const type = (value: number) => ({ name: "dtype", type: ATTR.type, value });
    const argument = add("Placeholder", {
      label,
      attrs: [
        type(isVariable ? DTYPE.resource : dtype),
        { name: "shape", type: ATTR.shape, value: isVariable ? [] : shape },
      ],
      inputs: [],
    });
    const input = { argument, value: argument };
    if (isVariable) {
      const attrs = [type(dtype)];
      input.value = add("ReadVariableOp", { label: `${label}_value`, attrs, inputs: [argument] });
      this.setShape("ReadVariableOp", input.value, shape);
    }
    this.#inputs.push(input);
    return input;
  }

  /**
   * Gives a variable another value as soon as that is there; what is added later waits for it, so that not all new values
   * are there before the first old one is gone.
   */
  assign({ argument, value: before }: GraphInput, value: GraphOutput): void {
    const operation = this.addNode("AssignVariableOp", {
      label: `assignment${this.#assignments.length}`,
      attrs: [{ name: "dtype", type: ATTR.type, value: this.dtypeOf(value) }],
      inputs: [argument, value],
      after: before,
    });
    this.#assignments.push({ operation, index: 0 });
  }

  /**
   * Shape and `TF_DataType` of an operation's result.
   *
   * @throws {CaptureError} when the shape depends on values
   */
  describe(name: string, output: GraphOutput): { shape: number[]; dtype: number } {
    const symbols = this.#symbols;
    const packed = packOutputs([output]);
    const rank = symbols.TF_GraphGetTensorNumDims(this.#graph, packed, this.#status.pointer);
    this.#status.check(name);
    const dims = new BigInt64Array(Math.max(rank, 1));
    if (rank > 0) {
      symbols.TF_GraphGetTensorShape(this.#graph, packed, dims, rank, this.#status.pointer);
      this.#status.check(name);
    }
    const shape = Array.from(dims.subarray(0, Math.max(rank, 0)), Number);
    if (rank < 0 || shape.some((size) => size < 0)) {
      throw new CaptureError(`the shape of ${name}'s result depends on values`, "run it outside the step");
    }
    return { shape, dtype: symbols.TF_OperationOutputType(packed) };
  }

  /** The `TF_DataType` of a result. */
  dtypeOf(output: GraphOutput): number {
    return this.#symbols.TF_OperationOutputType(packOutputs([output]));
  }

  /** Says the shape of a result whose operation cannot know it. */
  setShape(name: string, output: GraphOutput, shape: readonly number[]): void {
    const dims = BigInt64Array.from(shape, BigInt);
    const packed = packOutputs([output]);
    this.#symbols.TF_GraphSetTensorShape(this.#graph, packed, dims, dims.length, this.#status.pointer);
    this.#status.check(name);
  }

  /** Makes a `TF_Function*`, which stays the caller's, known to the graph. */
  copyFunction(name: string, fn: Deno.PointerValue): void {
    this.#symbols.TF_GraphCopyFunction(this.#graph, fn, null, this.#status.pointer);
    this.#status.check(name);
  }

  /**
   * Makes a `TF_Function*` of the graph, which the caller frees.
   *
   * @param options.results what it gives
   */
  toFunction(
    name: string,
    { results, xla = false, isCalled = false }: { results: readonly GraphOutput[] } & FunctionKind,
  ): Deno.PointerValue {
    const symbols = this.#symbols;
    const assignments = this.#assignments.map(({ operation }) => addressOf(operation));
    const fn = symbols.TF_GraphToFunctionWithControlOutputs(
      this.#graph,
      cString(name),
      0,
      -1,
      null,
      this.#inputs.length,
      packOutputs(this.#inputs.map(({ argument }) => argument)),
      results.length,
      packOutputs(results),
      null,
      assignments.length,
      BigUint64Array.from(assignments),
      null,
      null,
      null,
      this.#status.pointer,
    );
    this.#status.check(name);
    const attribute = new Uint8Array([0x28, 1]); // AttrValue { b: true } in protocol buffers' wire format
    for (const key of [...xla ? ["_XlaMustCompile"] : [], ...isCalled ? ["_noinline"] : []]) {
      symbols.TF_FunctionSetAttrValueProto(fn, cString(key), attribute, 2n, this.#status.pointer);
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

function addressOf(operation: Deno.PointerValue): bigint {
  return Deno.UnsafePointer.value(operation);
}

/** Operations with an input list: "*" is the list, 1 a single input. From TensorFlow's registry of operations. */
const LIST_INPUTS: Readonly<Record<string, readonly ("*" | 1)[]>> = {
  AddN: ["*"],
  ConcatV2: ["*", 1],
  IdentityN: ["*"],
  Pack: ["*"],
  PartitionedCall: ["*"],
  ParallelDynamicStitch: ["*", "*"],
  XlaOptimizationBarrier: ["*"],
};

/**
 * How many of an operation's inputs are its list, which may be empty; null where it has none.
 *
 * @throws {RangeError} when there are fewer inputs than it has beside the list: TensorFlow would end the process
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * assertEquals([listLength("ConcatV2", 3), listLength("MatMul", 2)], [2, null]);
 * assertThrows(() => listLength("ConcatV2", 0), RangeError, "expected 1 more");
 * ```
 */
export function listLength(name: string, inputs: number): number | null {
  const kinds = LIST_INPUTS[name];
  if (!kinds) return null;
  const length = inputs - (kinds.length - 1);
  if (length < 0) throw new RangeError(`Cannot run ${name} for ${inputs} inputs: expected ${-length} more`);
  return length;
}
