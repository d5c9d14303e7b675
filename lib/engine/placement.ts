/**
 * Where tensors lie and how a GPU multiplies. Values that are uploaded come from the host: a tensor that stayed there
 * would travel in every call that uses it, and what a step writes into it in place would be lost.
 *
 * @module
 */
import { DTYPE } from "./dtypes.ts";
import { cString } from "./native.ts";
import type { Status } from "./status.ts";
import type { Symbols } from "./symbols.ts";

/** A GPU that TensorFlow computes on. */
export interface Gpu {
  /** TensorFlow's name of it, such as "/job:localhost/replica:0/task:0/device:GPU:0". */
  name: string;
  /** Bytes of its memory that TensorFlow may take. */
  memory: number;
}

/** What TensorFlow's kernels for GPUs read from the GPU; whole numbers of 32 and 64 bits are sizes and places to them, on the host. */
const ON_GPU: readonly number[] = [DTYPE.float32, DTYPE.bfloat16, DTYPE.float16, DTYPE.bool, DTYPE.uint8];

/**
 * Places the tensors of one context.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals(currentEngine().binding.gpu, null); // everything stays where it is
 * ```
 */
export class Placement {
  readonly #symbols: Symbols;
  readonly #context: Deno.PointerValue;
  readonly #gpu: Gpu | null;
  readonly #status: Status;
  #isTf32: boolean | null = null;

  /** @param of a context and what is open with it, all of which outlive this */
  constructor(
    { symbols, context, gpu, status }: {
      symbols: Symbols;
      context: Deno.PointerValue;
      gpu: Gpu | null;
      status: Status;
    },
  ) {
    this.#symbols = symbols;
    this.#context = context;
    this.#gpu = gpu;
    this.#status = status;
  }

  /** The `TFE_TensorHandle*` of a tensor on the host where it is to stay; takes over the one that is given. */
  place(handle: Deno.PointerValue): Deno.PointerValue {
    const symbols = this.#symbols;
    if (!this.#gpu || !this.#isForGpu(handle)) return handle;
    const placed = this.#copy(handle, this.#gpu.name);
    symbols.TFE_DeleteTensorHandle(handle);
    this.#status.check("upload");
    return placed;
  }

  /** Another `TFE_TensorHandle*`, on a device, for the caller; of what stays on the host it shares the memory. */
  copy(handle: Deno.PointerValue, device: string): Deno.PointerValue {
    const copied = this.#gpu && !this.#isForGpu(handle)
      ? this.#symbols.TFE_TensorHandleCopySharingTensor(handle, this.#status.pointer)
      : this.#copy(handle, device);
    this.#status.check("copy");
    return copied;
  }

  #isForGpu(handle: Deno.PointerValue): boolean {
    return ON_GPU.includes(this.#symbols.TFE_TensorHandleDataType(handle));
  }

  #copy(handle: Deno.PointerValue, device: string): Deno.PointerValue {
    return this.#symbols.TFE_TensorHandleCopyToDevice(
      handle,
      this.#context,
      cString(device),
      this.#status.pointer,
    );
  }

  /** Says how float32 products are to be computed from now on: TensorFlow's default is TF32. */
  useTf32(isWanted = false): void {
    if (!this.#gpu || this.#isTf32 === isWanted) return;
    this.#symbols.enableTensorFloat32?.(isWanted);
    this.#isTf32 = isWanted;
  }
}
