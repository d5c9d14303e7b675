/**
 * A client of a PJRT plugin: programs, buffers on its first device, runs.
 *
 * @module
 */
import { addressOf, memoryAt, type PjrtApi, structure, textAt } from "./pjrt_api.ts";

/** `PJRT_Buffer_Type` of the data types that our steps use. */
const TYPES = {
  bool: 1,
  int8: 2,
  int32: 4,
  int64: 5,
  uint32: 8,
  float16: 10,
  float32: 11,
  bfloat16: 13,
} as const;

/** A data type. */
export type ElementType = keyof typeof TYPES;

/** Bytes of one number. */
export const ELEMENT_BYTES: Readonly<Record<ElementType, number>> = {
  ...{ bool: 1, int8: 1, float16: 2, bfloat16: 2, int32: 4, uint32: 4, float32: 4, int64: 8 },
};

/** A program's text or bytes: StableHLO in MLIR's syntax, or a serialized `HloModuleProto`. */
export type Program = { format: "mlir" | "hlo"; code: Uint8Array<ArrayBuffer> };

/** An option of a client, such as `allocator`. */
export type ClientOptions = Readonly<Record<string, string | boolean | number>>;

/** `PJRT_NamedValue_Type` */
const OPTION_TYPES = { string: 0, number: 3, boolean: 4 } as const;
/** Words of a `PJRT_NamedValue`: size, extensions, name, its length, type, value, its length. */
const OPTION_WORDS = 7;

/**
 * `CompileOptionsProto` in wire format: executable_build_options = 3 { device_ordinal = 1: -1, num_replicas = 4: 1,
 * num_partitions = 5: 1 }.
 */
const COMPILE_OPTIONS = Uint8Array.from([
  ...[0x1a, 15, 0x08, ...new Array<number>(9).fill(0xff), 0x01],
  ...[0x20, 1, 0x28, 1],
]);

const encode = (text: string) => new TextEncoder().encode(text);

/** A `PJRT_NamedValue`. */
function namedValue(name: string, value: string | boolean | number): BigUint64Array<ArrayBuffer> {
  const [key, text] = [encode(name), encode(String(value))];
  const float = new Uint32Array(Float32Array.of(Number(value)).buffer)[0]!;
  const type = OPTION_TYPES[typeof value as keyof typeof OPTION_TYPES];
  return typeof value === "string"
    ? structure([key, key.length, type, text, text.length], { spare: 0 })
    : structure([key, key.length, type, typeof value === "number" ? float : Number(value), 1], { spare: 0 });
}

/** A client; `using` frees it. */
export class PjrtClient implements Disposable {
  readonly api: PjrtApi;
  readonly #client: bigint;
  readonly #devices: readonly bigint[];

  /** @throws {Error} with the plugin's reason, as where there is no device */
  constructor(api: PjrtApi, options: ClientOptions = {}) {
    this.api = api;
    const named = Object.entries(options).map(([name, value]) => namedValue(name, value));
    const list = new BigUint64Array(OPTION_WORDS * named.length + 1);
    named.forEach((words, i) => list.set(words, OPTION_WORDS * i));
    this.#client = api.call("Client_Create", { options: list, optionCount: named.length })("client");
    named.length = 0; // their texts had to live until here
    const found = api.call("Client_AddressableDevices", { client: this.#client });
    const addresses = memoryAt(found("devices"), 8 * Number(found("count")));
    this.#devices = [...new BigUint64Array(addresses.buffer)];
  }

  /** Such as "cuda" and its version. */
  get platform(): string {
    return (["Client_PlatformName", "Client_PlatformVersion"] as const).map((name) => {
      const found = this.api.call(name, { client: this.#client });
      return textAt(found("text"), found("size"));
    }).join(" ");
  }

  /** The kinds of its devices. */
  get devices(): string[] {
    return this.#devices.map((device) => {
      const description = this.api.call("Device_GetDescription", { device })("description");
      const kind = this.api.call("DeviceDescription_Kind", { description });
      return textAt(kind("text"), kind("size"));
    });
  }

  /** Bytes in use on the first device, and the most so far, where the plugin tells. */
  memory(): { used: number; peak: number | null } | null {
    try {
      const stats = this.api.call("Device_MemoryStats", { device: this.#devices[0]! });
      // a bool is the lowest byte of its word
      const hasPeak = BigInt.asUintN(8, stats("hasPeak")) !== 0n;
      return { used: Number(stats("used")), peak: hasPeak ? Number(stats("peak")) : null };
    } catch {
      return null; // CPUs do not
    }
  }

  /** Compiles a program for the first device. */
  compile({ format, code }: Program): PjrtExecutable {
    const name = encode(format);
    const compiled = this.api.call("Client_Compile", {
      client: this.#client,
      program: structure([code, code.length, name, name.length]),
      options: COMPILE_OPTIONS,
      optionBytes: COMPILE_OPTIONS.length,
    });
    return new PjrtExecutable(this.api, compiled("executable"));
  }

  /** Copies values to the first device; `bytes` may be changed or freed afterwards. */
  upload(bytes: Uint8Array<ArrayBuffer>, type: ElementType, shape: readonly number[]): PjrtBuffer {
    const dims = BigInt64Array.from([...shape, 0], BigInt); // never empty: it has an address
    const uploaded = this.api.call("Client_BufferFromHostBuffer", {
      client: this.#client,
      data: bytes,
      type: TYPES[type],
      dims,
      rank: shape.length,
      semantics: 0, // PJRT_HostBufferSemantics_kImmutableOnlyDuringCall
      device: this.#devices[0]!,
    });
    this.api.wait(uploaded("done"));
    return new PjrtBuffer(this.api, uploaded("buffer"));
  }

  /** Frees the client; its buffers and programs must have been freed before. */
  [Symbol.dispose](): void {
    this.api.call("Client_Destroy", { client: this.#client });
  }
}

/** A compiled program; `using` frees it. */
export class PjrtExecutable implements Disposable {
  readonly #api: PjrtApi;
  readonly #executable: bigint;
  /** How many results it has. */
  readonly outputs: number;

  constructor(api: PjrtApi, executable: bigint) {
    this.#api = api;
    this.#executable = executable;
    const plain = api.call("LoadedExecutable_GetExecutable", { loaded: executable })("executable");
    this.outputs = Number(api.call("Executable_NumOutputs", { executable: plain })("count"));
    api.call("Executable_Destroy", { executable: plain });
  }

  /** Runs it on the first device and waits; inputs that it may write into are used up. The caller frees the results. */
  run(inputs: readonly PjrtBuffer[]): PjrtBuffer[] {
    const given = BigUint64Array.from([...inputs.map(({ address }) => address), 0n]);
    const made = new BigUint64Array(this.outputs + 1);
    const [givenLists, madeLists] = [given, made].map((list) => BigUint64Array.of(addressOf(list)));
    const events = new BigUint64Array(1);
    this.#api.call("LoadedExecutable_Execute", {
      executable: this.#executable,
      // send and receive callbacks and their counts, launch_id, inputs not to be donated and their count, context
      options: structure([0, 0, 0, 0, 0, 0, 0, 0]),
      inputs: givenLists!,
      devices: 1,
      inputCount: inputs.length,
      outputs: madeLists!,
      events,
    });
    const results = Array.from(made.subarray(0, this.outputs), (buffer) => new PjrtBuffer(this.#api, buffer));
    this.#api.wait(events[0]!);
    return results;
  }

  [Symbol.dispose](): void {
    this.#api.call("LoadedExecutable_Destroy", { executable: this.#executable });
  }
}

/** A tensor on a device; `using` frees it. */
export class PjrtBuffer implements Disposable {
  readonly #api: PjrtApi;
  /** Of the plugin's object. */
  readonly address: bigint;

  constructor(api: PjrtApi, address: bigint) {
    this.#api = api;
    this.address = address;
  }

  /** Its dimensions. */
  get shape(): number[] {
    const found = this.#api.call("Buffer_Dimensions", { buffer: this.address });
    return Array.from(new BigInt64Array(memoryAt(found("dims"), 8 * Number(found("rank"))).buffer), Number);
  }

  /** Its data type. */
  get type(): ElementType {
    const found = Number(this.#api.call("Buffer_ElementType", { buffer: this.address })("type"));
    const name = Object.entries(TYPES).find(([, number]) => number === found)?.[0];
    if (!name) throw new Error(`Cannot read a buffer of PJRT's type ${found}: it is none of our steps'`);
    return name as ElementType;
  }

  /** Where its numbers are on the device. */
  get data(): bigint {
    return this.#api.call("Buffer_UnsafePointer", { buffer: this.address })("address");
  }

  /** Whether a run has used it up. */
  get isDeleted(): boolean {
    return this.#api.call("Buffer_IsDeleted", { buffer: this.address })("isDeleted") !== 0n;
  }

  /** A copy of its numbers, row by row. */
  read(): Uint8Array<ArrayBuffer> {
    const { shape } = this;
    const size = shape.reduce((product, dim) => product * dim, ELEMENT_BYTES[this.type]);
    const bytes = new Uint8Array(Math.max(size, 1));
    const order = BigInt64Array.from([...shape.keys(), 0], BigInt).subarray(0, shape.length).reverse();
    // PJRT_Buffer_MemoryLayout: the tiled layout (its own size, extensions, order, tiles), then its type
    const tiled = structure([shape.length ? order : 0, shape.length, 0, 0, 0], { spare: 0 });
    const layout = structure([...tiled, 0]);
    const copied = this.#api.call("Buffer_ToHostBuffer", {
      buffer: this.address,
      layout,
      data: bytes,
      bytes: size,
    });
    this.#api.wait(copied("event"));
    return bytes.subarray(0, size);
  }

  [Symbol.dispose](): void {
    this.#api.call("Buffer_Destroy", { buffer: this.address });
  }
}
