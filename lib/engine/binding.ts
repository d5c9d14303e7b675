/**
 * What tfjs-node's JavaScript half calls its native binding, over TensorFlow's C API: tensors by number, one call an
 * operation. While a step is captured, operations become nodes of a graph instead of running.
 *
 * Every `TFE_TensorHandle` stands in one table; `handleCount` is back at its start when all tensors are disposed.
 *
 * @module
 */
import { BindingConstants, DTYPE, type OpAttr } from "./dtypes.ts";
import { CaptureError } from "./capture_error.ts";
import type { Graph, TensorInfo } from "./graph.ts";
import { checkOutputs, cString, setAttribute } from "./native.ts";
import { Handles } from "./handles.ts";
import { hostOf } from "./hosts.ts";
import { fromBytes, newTensor, tensorBytes, toBytes } from "./native_tensors.ts";
import { type Call, runInBfloat16 } from "./bfloat16.ts";
import { type Gpu, Placement } from "./placement.ts";
import { Status } from "./status.ts";
import type { Symbols } from "./symbols.ts";

/**
 * The binding; one for each eager context.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const { binding } = currentEngine();
 * const x = binding.createTensor([2], binding.TF_FLOAT, [1, 2]);
 * const [y] = binding.executeOp("Neg", [], [x], 1);
 * assertEquals([...binding.tensorDataSync(y!.id)], [-1, -2]);
 * binding.deleteTensor(x);
 * binding.deleteTensor(y!.id);
 * ```
 */
export class Binding extends BindingConstants {
  /** The graph that operations go to while a step is captured. */
  capture: Graph | null = null;
  /** Value arrays that were made during the capture: they become constants, all others inputs. */
  madeInside: WeakSet<object> = new WeakSet();

  readonly #symbols: Symbols;
  readonly #context: Deno.PointerValue;
  readonly #status: Status;
  readonly #placement: Placement;
  /** The GPU that computes, if one does. */
  readonly gpu: Gpu | null;
  /** TensorFlow's names of the devices that compute: such GPUs, or logical devices of the processor; last those of hosts. */
  readonly devices: readonly string[];
  readonly #hosts: readonly string[];
  readonly #handles: Handles;
  #outputs = new BigUint64Array(64);
  readonly #outputCount = new Int32Array(1);
  #nextId = 1;
  #running = 0;
  #closed = false;
  #onIdle: (() => void) | null = null;

  /** @param context a `TFE_Context*` that outlives the binding */
  constructor(
    symbols: Symbols,
    context: Deno.PointerValue,
    { gpu, devices, hosts }: { gpu: Gpu | null; devices: readonly string[]; hosts: readonly string[] },
  ) {
    super();
    this.#symbols = symbols;
    this.#context = context;
    this.#status = new Status(symbols);
    this.gpu = gpu;
    this.devices = devices;
    this.#hosts = hosts;
    this.#placement = new Placement({ symbols, context, gpu, status: this.#status });
    this.#handles = new Handles({ symbols, context, status: this.#status, gpu: gpu?.name ?? null });
  }

  /** The address of the machine whose device it is; undefined of this one's. */
  hostAt(device: number): string | undefined {
    return this.#hosts[hostOf(this.devices[device]!) - 1];
  }

  /** How many native tensors are held. */
  get handleCount(): number {
    return this.#handles.size;
  }

  /** tfjs-node asks. */
  isUsingGpuDevice(): boolean {
    return this.gpu !== null;
  }

  /** A number that no tensor has yet. */
  newId = (): number => this.#nextId++;

  /** Whether a tensor is kept in bfloat16, although tfjs takes it for float32. */
  isNarrow(id: number): boolean {
    return this.#handles.isNarrow(id);
  }

  /** Whether `id` is a native tensor, not a symbolic one. */
  isNative(id: number): boolean {
    return this.#handles.has(id);
  }

  /** Uploads a copy of `values`; its number. */
  createTensor(shape: readonly number[], dtype: number, values: unknown): number {
    const bytes = toBytes(values, dtype);
    if (this.capture && (dtype === DTYPE.int64 || this.madeInside.has(values as object))) {
      const id = this.newId();
      this.capture.addConstant(id, shape, dtype, bytes);
      return id;
    }
    return this.adoptTensor(newTensor(this.#symbols, shape, dtype, bytes));
  }

  /** A number for a `TF_Tensor*`, which is taken over. */
  adoptTensor(tensor: Deno.PointerValue): number {
    const handle = this.#symbols.TFE_NewTensorHandle(tensor, this.#status.pointer);
    this.#symbols.TF_DeleteTensor(tensor);
    this.#status.check("createTensor");
    return this.#adopt(this.#placement.place(handle));
  }

  /** The `TF_Tensor*` of a number, which the caller frees; waits for the operation that makes it. */
  resolveTensor(id: number): Deno.PointerValue {
    const tensor = this.#symbols.TFE_TensorHandleResolve(this.#handles.tensor(id), this.#status.pointer);
    this.#status.check("read");
    return tensor;
  }

  /** Frees a tensor; of a symbolic one nothing is left to free. */
  deleteTensor(id: number): void {
    this.#handles.delete(id);
  }

  /** A copy of a tensor's values; waits for the operation that makes them. */
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array | BigInt64Array {
    if (this.capture) {
      throw new CaptureError("it reads a tensor's value", "return the tensor and read it outside");
    }
    const tensor = this.resolveTensor(id);
    const bytes = tensorBytes(this.#symbols, tensor);
    this.#symbols.TF_DeleteTensor(tensor);
    return fromBytes(bytes, this.#symbols.TFE_TensorHandleDataType(this.#handles.tensor(id)));
  }

  /** Runs an operation, or adds it to the graph under construction. */
  executeOp(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly number[],
    outputs: number,
  ): TensorInfo[] {
    const all = this.capture?.hasNarrowProducts ?? false;
    const call = { name, attrs, inputs, outputs };
    return all || this.#handles.hasNarrow ? runInBfloat16(call, this, { all }) : this.execute(call);
  }

  /** Runs an operation as `executeOp` does, in the types that the call names. */
  execute(call: Call): TensorInfo[] {
    const { name, attrs, inputs, outputs } = call;
    if (this.capture) {
      for (const id of inputs) this.capture.take(id, (id) => this.describe(id));
      return this.capture.addOperation(name, attrs, inputs, outputs, this.newId);
    }
    checkOutputs(name, outputs);
    if (outputs > this.#outputs.length) this.#outputs = new BigUint64Array(outputs);
    using op = this.#newOp(call, this.#status);
    this.#outputCount[0] = outputs;
    this.#symbols.TFE_Execute(op.pointer, this.#outputs, this.#outputCount, this.#status.pointer);
    this.#status.check(name);
    return this.#takeOutputs(call, this.#outputs.subarray(0, this.#outputCount[0]));
  }

  /** Runs an operation or function on another thread: timers and signals go on meanwhile. */
  async executeAsync(call: Call): Promise<TensorInfo[]> {
    const { name, outputs } = call;
    if (this.capture) {
      throw new CaptureError("it starts another step asynchronously", "call that step directly");
    }
    checkOutputs(name, outputs);
    using status = new Status(this.#symbols);
    using op = this.#newOp(call, status);
    const handles = new BigUint64Array(Math.max(outputs, 1));
    const count = new Int32Array([outputs]);
    this.#running++;
    try {
      await this.#symbols.TFE_ExecuteAsync(op.pointer, handles, count, status.pointer);
    } finally {
      this.#running--;
    }
    try {
      status.check(name);
      const results = this.#takeOutputs(call, handles.subarray(0, count[0]));
      if (this.#closed) throw new Error(`Cannot run ${name}: TensorFlow was closed meanwhile`);
      return results;
    } finally {
      this.#freeWhenIdle();
    }
  }

  /** Makes `target` hold what `source` holds; both share the memory. */
  assign(target: number, source: number): void {
    this.#handles.assign(target, source);
  }

  /** A new tensor that holds what `source` holds now, sharing its memory. */
  share(source: number): TensorInfo {
    return this.describe(this.#adopt(this.#handles.share(source)));
  }

  /** A new tensor on a device that holds what `source` holds now. */
  copy(source: number, device: number): TensorInfo {
    const handle = this.#placement.copy(this.#handles.tensor(source), this.devices[device]!);
    return this.describe(this.#adopt(handle, device));
  }

  /** Shape and data type of a native tensor. */
  describe(id: number): TensorInfo {
    return this.#handles.describe(id);
  }

  /** Adds a function to the context, so that `executeOp` can run it by name; `fn` stays the caller's. */
  addFunction(name: string, fn: Deno.PointerValue): void {
    this.#symbols.TFE_ContextAddFunction(this.#context, fn, this.#status.pointer);
    this.#status.check(name);
  }

  /** Takes a function out of the context, unless that is closed. */
  removeFunction(name: string): void {
    if (this.#closed) return;
    this.#symbols.TFE_ContextRemoveFunction(this.#context, cString(name), this.#status.pointer);
    this.#status.check(name);
  }

  /**
   * Frees all tensors, at once or when the last asynchronous call has ended.
   *
   * @param then frees what the calls need
   */
  close(then: () => void): void {
    this.#closed = true;
    this.#onIdle = then;
    this.#freeWhenIdle();
  }

  #freeWhenIdle(): void {
    if (!this.#onIdle || this.#running > 0) return;
    for (const id of this.#handles.ids) this.deleteTensor(id);
    this.#status[Symbol.dispose]();
    this.#onIdle();
    this.#onIdle = null;
  }

  #adopt(handle: Deno.PointerValue, device = 0): number {
    const id = this.newId();
    this.#handles.add(id, handle, device > 0 ? this.devices[device] : undefined);
    return id;
  }

  #newOp({ name, attrs, inputs, variables, device = 0, tf32 }: Call, status: Status) {
    const symbols = this.#symbols;
    this.#placement.useTf32(tf32);
    const pointer = symbols.TFE_NewOp(this.#context, cString(name), status.pointer);
    status.check(name);
    const op = { pointer, [Symbol.dispose]: () => symbols.TFE_DeleteOp(pointer) };
    try {
      if (device > 0) symbols.TFE_OpSetDevice(pointer, cString(this.devices[device]!), status.pointer);
      for (const id of inputs) {
        const handle = variables?.has(id) ? this.#handles.variable(id) : this.#handles.tensor(id);
        symbols.TFE_OpAddInput(pointer, handle, status.pointer);
        status.check(name);
      }
      for (const attr of attrs) setAttribute(symbols, pointer, attr, "eager", status);
      return op;
    } catch (error) {
      op[Symbol.dispose]();
      throw error;
    }
  }

  /** Takes over the handles of an operation's results. */
  #takeOutputs({ name, outputs, device }: Call, handles: BigUint64Array): TensorInfo[] {
    const ids = Array.from(handles, (handle) => this.#adopt(Deno.UnsafePointer.create(handle), device));
    try {
      checkOutputs(name, outputs, ids.length);
      return ids.map((id) => this.describe(id));
    } catch (error) {
      for (const id of ids) this.deleteTensor(id);
      throw error;
    }
  }
}
