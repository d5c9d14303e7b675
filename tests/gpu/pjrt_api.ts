/**
 * The part of the PJRT C API (`xla/pjrt/c/pjrt_c_api.h`, major version 0) that the proof calls: where each function
 * stands in the table that `GetPjrtApi` returns, and the fields of its argument structure.
 *
 * The table and the structures only ever grow at their ends. A structure says its size; one that is smaller than the
 * plugin knows is refused, a larger one is not, so zeros follow the fields. Every field used here takes eight bytes, a
 * shorter one being padded.
 *
 * @module
 */
import { keepLoaded } from "../../lib/engine/libc.ts";

interface FunctionLayout {
  /** Its place in the table. */
  at: number;
  /** After `struct_size` and `extension_start`. */
  fields: readonly string[];
  /** Whether it returns nothing instead of a `PJRT_Error*`. */
  isVoid?: true;
}

const FUNCTIONS = {
  Error_Destroy: { at: 0, fields: ["error"], isVoid: true },
  Error_Message: { at: 1, fields: ["error", "text", "size"], isVoid: true },
  Error_GetCode: { at: 2, fields: ["error", "code"] },
  Plugin_Initialize: { at: 3, fields: [] },
  Event_Destroy: { at: 5, fields: ["event"] },
  Event_Await: { at: 8, fields: ["event"] },
  Client_Create: {
    at: 10,
    fields: ["options", "optionCount", "get", "getArg", "put", "putArg", "client"],
  },
  Client_Destroy: { at: 11, fields: ["client"] },
  Client_PlatformName: { at: 12, fields: ["client", "text", "size"] },
  Client_PlatformVersion: { at: 14, fields: ["client", "text", "size"] },
  Client_AddressableDevices: { at: 16, fields: ["client", "devices", "count"] },
  Client_Compile: { at: 20, fields: ["client", "program", "options", "optionBytes", "executable"] },
  Client_BufferFromHostBuffer: {
    at: 22,
    fields: [
      ...["client", "data", "type", "dims", "rank", "strides", "strideCount", "semantics"] as const,
      ...["device", "memory", "layout", "done", "buffer"] as const,
    ],
  },
  DeviceDescription_Kind: { at: 26, fields: ["description", "text", "size"] },
  Device_GetDescription: { at: 29, fields: ["device", "description"] },
  Device_MemoryStats: {
    at: 34,
    fields: [
      ...[
        "device",
        "used",
        "peak",
        "hasPeak",
        "allocations",
        "hasAllocations",
        "largest",
        "hasLargest",
      ] as const,
      ...["limit", "hasLimit", "reserved", "hasReserved", "peakReserved", "hasPeakReserved"] as const,
      ...[
        "reservable",
        "hasReservable",
        "free",
        "hasFree",
        "pool",
        "hasPool",
        "peakPool",
        "hasPeakPool",
      ] as const,
    ],
  },
  Executable_Destroy: { at: 40, fields: ["executable"] },
  Executable_NumOutputs: { at: 44, fields: ["executable", "count"] },
  LoadedExecutable_Destroy: { at: 50, fields: ["executable"] },
  LoadedExecutable_GetExecutable: { at: 51, fields: ["loaded", "executable"] },
  LoadedExecutable_Execute: {
    at: 55,
    fields: ["executable", "options", "inputs", "devices", "inputCount", "outputs", "events", "device"],
  },
  Buffer_Destroy: { at: 58, fields: ["buffer"] },
  Buffer_ElementType: { at: 59, fields: ["buffer", "type"] },
  Buffer_Dimensions: { at: 60, fields: ["buffer", "dims", "rank"] },
  Buffer_IsDeleted: { at: 68, fields: ["buffer", "isDeleted"] },
  Buffer_ToHostBuffer: { at: 70, fields: ["buffer", "layout", "data", "bytes", "event"] },
  Buffer_UnsafePointer: { at: 73, fields: ["buffer", "address"] },
} as const satisfies Record<string, FunctionLayout>;

/** A function's name, without `PJRT_`. */
export type FunctionName = keyof typeof FUNCTIONS;
type Field<N extends FunctionName> = typeof FUNCTIONS[N]["fields"][number];
/** What a field is given: a number, an address, or memory whose address is meant. */
export type Value = number | bigint | ArrayBufferView<ArrayBuffer>;

const VOID = { parameters: ["buffer"], result: "void" } as const;
/** Returns a `PJRT_Error*`. */
const ERROR = { parameters: ["buffer"], result: "pointer" } as const;

/** Bytes before the first function: the table's size, its extensions and `PJRT_Api_Version`. */
const TABLE_START = 40;
/** Words for fields that newer versions have: PJRT 0.104 has eight more than we know of `PJRT_ExecuteOptions`. */
const SPARE = 24;
/** absl's status codes. */
const CODES = [
  ...["OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS"],
  ...["PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE"],
  ...["UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED"],
];

/** The address of some memory, which must be kept until it is no longer used. */
export function addressOf(memory: ArrayBufferView<ArrayBuffer>): bigint {
  return BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(memory)));
}

/** Memory that a structure points to lives as long as the structure. */
const kept = new WeakMap<object, readonly Value[]>();

/** A structure of eight-byte fields that begins with its size and an empty list of extensions. */
export function structure(values: readonly Value[], { spare = SPARE } = {}): BigUint64Array<ArrayBuffer> {
  const fields = new BigUint64Array(values.length + 2 + spare);
  kept.set(fields, values);
  fields[0] = BigInt(fields.byteLength);
  values.forEach((value, i) => fields[i + 2] = ArrayBuffer.isView(value) ? addressOf(value) : BigInt(value));
  return fields;
}

/** A text of the plugin's. */
export function textAt(address: bigint, size: bigint): string {
  return size === 0n ? "" : new TextDecoder().decode(memoryAt(address, Number(size)));
}

/** A copy of memory of the plugin's. */
export function memoryAt(address: bigint, size: number): Uint8Array<ArrayBuffer> {
  const pointer = Deno.UnsafePointer.create(address);
  if (!pointer || size === 0) return new Uint8Array();
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size).slice(0));
}

/** An opened plugin's functions. */
export class PjrtApi {
  readonly #functions = new Map<FunctionName, (args: BigUint64Array<ArrayBuffer>) => bigint>();
  /** Of the C API that it was built with, such as "0.115". */
  readonly version: string;

  /**
   * Opens a plugin; it stays loaded until the process ends.
   *
   * @throws {Error} when it is no library, has no `GetPjrtApi`, or another major version
   */
  constructor(path: string) {
    const library = Deno.dlopen(path, { GetPjrtApi: { parameters: [], result: "pointer" } });
    keepLoaded(path);
    const table = new Deno.UnsafePointerView(library.symbols.GetPjrtApi()!);
    const [size, major, minor] = [table.getBigUint64(0), table.getInt32(32), table.getInt32(36)];
    this.version = `${major}.${minor}`;
    if (major !== 0) throw new Error(`Cannot use "${path}": its PJRT C API is ${this.version}: expected 0.x`);
    for (const name of Object.keys(FUNCTIONS) as FunctionName[]) {
      const { at, isVoid }: FunctionLayout = FUNCTIONS[name];
      const offset = TABLE_START + 8 * at;
      const pointer = BigInt(offset) < size ? table.getPointer(offset) : null;
      if (!pointer) continue;
      if (isVoid) {
        const run = new Deno.UnsafeFnPointer(pointer as Deno.PointerObject<typeof VOID>, VOID);
        this.#functions.set(name, (args) => (run.call(args), 0n));
      } else {
        const run = new Deno.UnsafeFnPointer(pointer as Deno.PointerObject<typeof ERROR>, ERROR);
        this.#functions.set(name, (args) => BigInt(Deno.UnsafePointer.value(run.call(args))));
      }
    }
  }

  /**
   * Calls a function; fields that are not given are zero. Memory among the values must outlive the call where the
   * function keeps it.
   *
   * @returns what stands in a field afterwards
   * @throws {Error} with the plugin's own message
   */
  call<N extends FunctionName>(
    name: N,
    values: Partial<Record<Field<N>, Value>>,
  ): (field: Field<N>) => bigint {
    const { fields }: FunctionLayout = FUNCTIONS[name];
    const given = values as Partial<Record<string, Value>>;
    const args = structure(fields.map((field) => given[field] ?? 0));
    const run = this.#functions.get(name);
    if (!run) throw new Error(`Cannot run ${name}: the plugin (PJRT ${this.version}) does not have it`);
    const error = run(args);
    if (error !== 0n) throw new Error(`Cannot run ${name}: ${this.#textOf(error)}`);
    return (field) => args[fields.indexOf(field) + 2]!;
  }

  /** Waits for an event and frees it. */
  wait(event: bigint): void {
    if (event === 0n) return;
    try {
      this.call("Event_Await", { event });
    } finally {
      this.call("Event_Destroy", { event });
    }
  }

  #textOf(error: bigint): string {
    const message = this.call("Error_Message", { error });
    const text = textAt(message("text"), message("size"));
    const code = Number(this.call("Error_GetCode", { error })("code"));
    this.call("Error_Destroy", { error });
    return `${CODES[code] ?? code}: ${text}`;
  }
}
