/**
 * tfjs-node's backend (`@tensorflow/tfjs-node-gpu`, its JavaScript half) over our binding, with three changes: it
 * knows which values a step under capture made itself, refuses to read others meanwhile, and frees the native tensors of
 * those that the program has lost without disposing them.
 *
 * @module
 */
import { NodeJSKernelBackend } from "../npm/tfjs_node_backend.ts";
import type { DataType, Tensor } from "../npm/tfjs_core.ts";
import * as tf from "../npm/tfjs_core.ts";
import type { Binding } from "./binding.ts";
import { DTYPE, type OpAttr } from "./dtypes.ts";
import { CaptureError } from "./capture_error.ts";
import type { TensorInfo } from "./graph.ts";

type DataId = Tensor["dataId"];

interface Stored {
  values: object | null;
  shape: number[];
  /** `TF_DataType` */
  dtype: number;
  id: number;
}

/** A tensor, or one of an operation's settings of 64 bits, which tfjs has no tensors of. */
interface OpInput {
  dataId?: DataId;
  valueArray?: Int32Array;
}

/** What of tfjs-node's backend is used here; its own declarations hide the map and name another tfjs. */
interface NodeBackend {
  readonly tensorMap: { get(dataId: DataId): Stored; has(dataId: DataId): boolean };
  getInputTensorIds(tensors: readonly OpInput[]): number[];
  createOutputTensor(info: TensorInfo): Tensor;
  executeSingleOutput(name: string, attrs: readonly OpAttr[], inputs: readonly tf.TensorInfo[]): Tensor;
  executeMultipleOutputs(
    name: string,
    attrs: readonly OpAttr[],
    inputs: readonly tf.TensorInfo[],
    outputs: number,
  ): Tensor[];
  disposeData(dataId: DataId, force?: boolean): boolean;
  readSync(dataId: DataId): tf.backend_util.BackendValues;
  move(dataId: DataId, values: object | null, shape: number[], dtype: DataType, refCount: number): void;
}

const Base = NodeJSKernelBackend as unknown as new (binding: Binding, packageName: string) => NodeBackend;

/**
 * The backend that tfjs is given under the name "tensorflow".
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const x = tf.tensor1d([1, 2]);
 * const id = backend().idOf(x); // uploads it
 * assertEquals(backend().idOf(x), id);
 * ```
 */
export class Backend extends Base {
  readonly #binding: Binding;
  readonly #lost = new FinalizationRegistry((id: number) => this.#freeLost(id));
  #freed = 0;

  /** @param binding of an open context */
  constructor(binding: Binding) {
    super(binding, "@tensorflow/tfjs-node-gpu");
    this.#binding = binding;
  }

  /** Notes which values a step makes itself. */
  override move(
    dataId: DataId,
    values: object | null,
    shape: number[],
    dtype: DataType,
    refCount: number,
  ): void {
    if (this.#binding.capture && values) this.#binding.madeInside.add(values);
    super.move(dataId, values, shape, dtype, refCount);
  }

  /** Reads a tensor; while capturing only what the step made from plain values. */
  override readSync(dataId: DataId): tf.backend_util.BackendValues {
    const values = this.tensorMap.has(dataId) ? this.tensorMap.get(dataId).values : null;
    if (this.#binding.capture && !(values && this.#binding.madeInside.has(values))) {
      throw new CaptureError("it reads a tensor's value", "return the tensor and read it outside");
    }
    return super.readSync(dataId);
  }

  /** The binding's numbers of an operation's inputs; what is still on the host is uploaded. */
  override getInputTensorIds(tensors: readonly OpInput[]): number[] {
    const ids: number[] = [];
    for (const { dataId, valueArray } of tensors) {
      ids.push(dataId ? this.#idOfData(dataId) : this.#binding.createTensor([], DTYPE.int64, valueArray));
    }
    return ids;
  }

  #idOfData(dataId: DataId): number {
    const binding = this.#binding;
    const stored = this.tensorMap.get(dataId);
    if (stored.values) {
      stored.id = binding.createTensor(stored.shape, stored.dtype, stored.values);
      stored.values = null;
      if (binding.isNative(stored.id)) this.#lost.register(dataId, stored.id, dataId);
    }
    if (binding.capture && binding.isNative(stored.id)) binding.capture.used.add(dataId);
    return stored.id;
  }

  /** A tensor of tfjs for a result. */
  override createOutputTensor(info: TensorInfo): Tensor {
    const tensor = super.createOutputTensor(info);
    if (!this.#binding.capture) this.#lost.register(tensor.dataId, info.id, tensor.dataId);
    return tensor;
  }

  /** Frees a tensor's memory when nothing else uses it; whether it did. */
  override disposeData(dataId: DataId, force?: boolean): boolean {
    const isFreed = super.disposeData(dataId, force);
    if (isFreed) this.#lost.unregister(dataId);
    return isFreed;
  }

  /** Frees what a tensor held that was not disposed, and cannot be any more. */
  #freeLost(id: number): void {
    this.#binding.deleteTensor(id);
    if (this.#freed++ > 0 || Deno.env.get("CODESCRUB_DEBUG") !== "1") return;
    queueMicrotask(() => {
      console.error(
        `codescrub: tensors that were never disposed, freed by the garbage collector: ${this.#freed}`,
      );
      this.#freed = 0;
    });
  }

  /** The binding's number of a tensor, uploaded if need be. */
  idOf(tensor: tf.TensorInfo): number {
    if (!this.tensorMap.has(tensor.dataId)) {
      throw new Error(`Cannot use a tensor of shape [${tensor.shape}]: it was disposed`);
    }
    return this.getInputTensorIds([tensor])[0]!;
  }

  /** A tensor of tfjs for a number of the binding; one that is kept in bfloat16 is float32 for tfjs. */
  wrap(info: TensorInfo): Tensor {
    const { dtype } = info;
    return this.createOutputTensor({ ...info, dtype: dtype === DTYPE.bfloat16 ? DTYPE.float32 : dtype });
  }
}

/**
 * The backend in use.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals(backend() instanceof Backend, true);
 * ```
 */
export function backend(): Backend {
  const current = tf.backend();
  if (!(current instanceof Backend)) {
    throw new Error("Cannot run on TensorFlow: it is not open: call openTensorFlow() first");
  }
  return current;
}
