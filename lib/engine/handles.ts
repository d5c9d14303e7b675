/**
 * The native tensors of one eager context by their numbers. One that a compiled step assigns to is kept as a variable of
 * TensorFlow's (a resource), so that the step updates it in place; whatever else uses it reads it from there without a
 * copy.
 *
 * Invariant: of a number there is a tensor's handle, a variable's, or both, and both hold the same. A variable whose
 * tensor is held besides cannot be updated in place: XLA writes its new contents elsewhere then.
 *
 * @module
 */
import { ATTR, DTYPE, type OpAttr } from "./dtypes.ts";
import type { TensorInfo } from "./graph.ts";
import { cString, setAttribute } from "./native.ts";
import type { Status } from "./status.ts";
import type { Symbols } from "./symbols.ts";

/** TensorFlow's name for variables that nothing else finds (`ResourceHandle::ANONYMOUS_NAME`): freed with their handle. */
const ANONYMOUS = "cd2c89b7-88b7-44c8-ad83-06c2a9158347";

interface Held {
  tensor: Deno.PointerValue;
  variable: Deno.PointerValue;
  /** `TF_DataType` */
  dtype: number;
  /** TensorFlow's name of the device that it lies on; where that is not given, of what computes first. */
  device: string | undefined;
}

/** What a table of handles is made for. */
export interface HandlesOptions {
  /** TensorFlow's functions. */
  symbols: Symbols;
  /** A `TFE_Context*` that outlives the table. */
  context: Deno.PointerValue;
  /** The status of the calls made here; not owned. */
  status: Status;
  /** TensorFlow's name of the GPU that computes, if one does. */
  gpu: string | null;
}

/**
 * A table of handles; see the module's comment.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { assign, compile } from "./compile.ts";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const weight = tf.tensor1d([1, 2]);
 * using step = compile(() => (assign(weight, tf.neg(weight)), []));
 * step();
 * assertEquals([currentEngine().binding.handleCount, ...weight.dataSync()], [1, -1, -2]);
 * ```
 */
export class Handles {
  readonly #options: HandlesOptions;
  readonly #held = new Map<number, Held>();
  readonly #narrow = new Set<number>();
  readonly #outputs = new BigUint64Array(1);
  readonly #outputCount = new Int32Array(1);

  constructor(options: HandlesOptions) {
    this.#options = options;
  }

  /** How many tensors are held. */
  get size(): number {
    return this.#held.size;
  }

  /** Whether any is kept in bfloat16. */
  get hasNarrow(): boolean {
    return this.#narrow.size > 0;
  }

  /** The numbers. */
  get ids(): number[] {
    return [...this.#held.keys()];
  }

  /** Whether there is a tensor of the number. */
  has(id: number): boolean {
    return this.#held.has(id);
  }

  /** Whether a tensor is kept in bfloat16. */
  isNarrow(id: number): boolean {
    return this.#narrow.has(id);
  }

  /**
   * Takes over a tensor's handle under a number that none has yet.
   *
   * @param device that it lies on, where that is not the first
   */
  add(id: number, tensor: Deno.PointerValue, device?: string): void {
    const dtype = this.#options.symbols.TFE_TensorHandleDataType(tensor);
    this.#held.set(id, { tensor, variable: null, dtype, device });
    if (dtype === DTYPE.bfloat16) this.#narrow.add(id);
  }

  /** The handle of a tensor; of a variable, of what it holds now. It stays this table's. */
  tensor(id: number): Deno.PointerValue {
    const held = this.#get(id);
    if (held.tensor) return held.tensor;
    const dtype = { name: "dtype", type: ATTR.type, value: held.dtype };
    return held.tensor = this.#execute("ReadVariableOp", [dtype], [held.variable], 1, held.device);
  }

  /** The handle of a variable, of which no tensor is held here; it stays this table's. */
  variable(id: number): Deno.PointerValue {
    const held = this.#get(id);
    if (!held.variable) {
      const type = { name: "dtype", type: ATTR.type, value: held.dtype };
      const variable = this.#execute(
        "VarHandleOp",
        [
          type,
          { name: "shape", type: ATTR.shape, value: this.describe(id).shape },
          { name: "shared_name", type: ATTR.string, value: ANONYMOUS },
        ],
        [],
        1,
        held.device,
      );
      try {
        this.#execute("AssignVariableOp", [type], [variable, held.tensor], 0, held.device);
      } catch (error) {
        this.#free(variable);
        throw error;
      }
      held.variable = variable;
    }
    this.#free(held.tensor);
    held.tensor = null;
    return held.variable;
  }

  /** Makes `target` hold what `source` holds; both share the memory. */
  assign(target: number, source: number): void {
    const held = this.#get(target);
    const tensor = this.share(source);
    this.#free(held.tensor);
    this.#free(held.variable);
    Object.assign(held, { tensor, variable: null });
  }

  /** Another handle of a tensor, for the caller. */
  share(id: number): Deno.PointerValue {
    const { symbols, status } = this.#options;
    const copy = symbols.TFE_TensorHandleCopySharingTensor(this.tensor(id), status.pointer);
    status.check("share");
    return copy;
  }

  /** Shape and data type. */
  describe(id: number): TensorInfo {
    const { symbols, status } = this.#options;
    const handle = this.tensor(id);
    const rank = symbols.TFE_TensorHandleNumDims(handle, status.pointer);
    const dim = (i: number) => Number(symbols.TFE_TensorHandleDim(handle, i, status.pointer));
    const shape = Array.from({ length: rank }, (_, i) => dim(i));
    status.check("describe");
    return { id, shape, dtype: this.#get(id).dtype };
  }

  /** Frees a tensor, if there is one of the number. */
  delete(id: number): void {
    const held = this.#held.get(id);
    if (!held) return;
    this.#free(held.tensor);
    this.#free(held.variable);
    this.#held.delete(id);
    this.#narrow.delete(id);
  }

  #get(id: number): Held {
    const held = this.#held.get(id);
    if (held) return held;
    throw new Error(
      `Cannot use tensor ${id}: it was disposed, or was made inside a step and kept: return it`,
    );
  }

  #free(handle: Deno.PointerValue): void {
    if (handle) this.#options.symbols.TFE_DeleteTensorHandle(handle);
  }

  /** Runs an operation on variables, where the tensors are. */
  #execute(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly Deno.PointerValue[],
    outputs: number,
    device: string | null = this.#options.gpu,
  ): Deno.PointerValue {
    const { symbols, context, status } = this.#options;
    const op = symbols.TFE_NewOp(context, cString(name), status.pointer);
    status.check(name);
    try {
      if (device) symbols.TFE_OpSetDevice(op, cString(device), status.pointer);
      for (const attr of attrs) setAttribute(symbols, op, attr, "eager", status);
      for (const input of inputs) symbols.TFE_OpAddInput(op, input, status.pointer);
      status.check(name);
      this.#outputCount[0] = outputs;
      symbols.TFE_Execute(op, this.#outputs, this.#outputCount, status.pointer);
      status.check(name);
      return outputs > 0 ? Deno.UnsafePointer.create(this.#outputs[0]!) : null;
    } finally {
      symbols.TFE_DeleteOp(op);
    }
  }
}
