/**
 * The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes without holes or overlaps.
 * Source: the format's README (huggingface/safetensors); its limits are kept: header at most 100,000,000 bytes.
 *
 * Tensors cross as float32; float16 and bfloat16 are widened on reading and rounded to nearest even on writing.
 *
 * @module
 */

/** Storage types of tensors that models have. */
export type StorageDtype = "F32" | "F16" | "BF16";

/** One tensor of a file. */
export interface StoredTensor {
  /** The tensor's name in the file. */
  name: string;
  /** How the file stores it. */
  dtype: string;
  /** Its dimensions. */
  shape: number[];
  /** First byte in the data section. */
  begin: number;
  /** Byte after its last. */
  end: number;
}

/** A file's header. */
export interface SafetensorsHeader {
  /** The tensors in the order of their bytes. */
  tensors: StoredTensor[];
  /** `__metadata__`, text to text. */
  metadata: Record<string, string>;
  /** Where the data section begins in the file. */
  dataStart: number;
}

const MAX_HEADER_BYTES = 100_000_000;
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  I64: 8,
  U64: 8,
  F64: 8,
};

function refuse(file: string, what: string, cause?: unknown): never {
  throw new SyntaxError(`Cannot read safetensors "${file}": ${what}`, { cause });
}

/**
 * Reads and checks a header.
 *
 * @param bytes the file's beginning, at least its header
 * @param fileBytes the whole file's size
 * @param file a name for messages
 * @throws {SyntaxError} when the header breaks the format's rules
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * assertThrows(() => parseHeader(new Uint8Array(3), 3, "m.safetensors"), SyntaxError, "file has 3 bytes");
 * ```
 */
export function parseHeader(bytes: Uint8Array, fileBytes: number, file: string): SafetensorsHeader {
  const length = headerLength(bytes, fileBytes, file);
  const dataStart = 8 + length;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(8, dataStart));
  } catch (cause) {
    refuse(file, "its header is not UTF-8: download it again", cause);
  }
  const entries = parseEntries(text, file);
  let metadata: Record<string, string> = {};
  const tensors: StoredTensor[] = [];
  for (const [name, value] of entries) {
    if (name === "__metadata__") metadata = checkMetadata(value, file);
    else tensors.push(checkEntry(name, value, file));
  }
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let offset = 0;
  for (const { name, begin, end } of tensors) {
    if (begin !== offset) refuse(file, `tensor "${name}" begins at byte ${begin}, expected ${offset}`);
    offset = end;
  }
  if (dataStart + offset !== fileBytes) {
    refuse(file, `file has ${fileBytes} bytes, header asks for ${dataStart + offset}: download it again`);
  }
  return { tensors, metadata, dataStart };
}

/**
 * The header's length, checked against the file's size.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeSafetensors([], {});
 * assertEquals(headerLength(bytes, bytes.length, "x"), bytes.length - 8);
 * ```
 */
export function headerLength(bytes: Uint8Array, fileBytes: number, file: string): number {
  if (fileBytes < 8 || bytes.length < 8) {
    refuse(file, `file has ${fileBytes} bytes, header asks for 8: download it again`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    refuse(file, `its header claims ${length} bytes, at most ${MAX_HEADER_BYTES} are allowed`);
  }
  if (8n + length > BigInt(fileBytes)) {
    refuse(file, `header ends at byte ${8n + length}, file has ${fileBytes}: download it again`);
  }
  return Number(length);
}

function parseEntries(text: string, file: string): Map<string, unknown> {
  if (!text.startsWith("{")) refuse(file, "its header is no JSON object");
  const isInteger = (source: string) => /^(0|[1-9]\d{0,15})$/.test(source);
  let parsed: unknown;
  try {
    // deno-lint-ignore no-explicit-any -- TypeScript's declaration lacks the third argument
    parsed = (JSON.parse as any)(text, (_key: string, value: unknown, context: { source: string }) => {
      if (typeof value === "number" && !isInteger(context.source)) {
        throw new SyntaxError(`${context.source} is no index`);
      }
      return value;
    });
  } catch (cause) {
    refuse(file, `its header is no valid JSON: ${(cause as Error).message}`, cause);
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) refuse(file, `its header names ${JSON.stringify(twice)} twice`);
  return new Map(Object.entries(parsed as Record<string, unknown>));
}

/** A key that an object of valid JSON has twice, which JSON.parse would hide. */
function repeatedKey(text: string): string | undefined {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:,]/g;
  const open: Set<string>[] = [];
  let last = "";
  for (const [token] of text.matchAll(tokens)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (token === ":") {
      const key = JSON.parse(last) as string;
      if (open.at(-1)!.has(key)) return key;
      open.at(-1)!.add(key);
    }
    last = token;
  }
  return undefined;
}

function checkMetadata(value: unknown, file: string): Record<string, string> {
  const isText = value !== null && typeof value === "object" &&
    Object.values(value).every((entry) => typeof entry === "string");
  if (!isText) refuse(file, "its metadata must be text");
  return value as Record<string, string>;
}

function checkEntry(name: string, value: unknown, file: string): StoredTensor {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const isIndices = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((item) => Number.isSafeInteger(item) && item >= 0);
  const isKnown = typeof dtype === "string" && Object.hasOwn(ELEMENT_BYTES, dtype);
  const bytes = isKnown ? ELEMENT_BYTES[dtype] : undefined;
  if (bytes === undefined) refuse(file, `tensor "${name}" has the unknown type ${JSON.stringify(dtype)}`);
  if (!isIndices(shape) || !isIndices(offsets) || offsets.length !== 2) {
    refuse(file, `tensor "${name}" has no valid shape and offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const size = shape.reduce((product, dim) => product * dim, bytes);
  if (!Number.isSafeInteger(size) || end - begin !== size) {
    refuse(
      file,
      `tensor "${name}" of ${dtype} [${shape}] needs ${size} bytes, its offsets give ${end - begin}`,
    );
  }
  return { name, dtype: dtype as string, shape, begin, end };
}

/**
 * Widens stored bytes to float32.
 *
 * @throws {TypeError} when the type is not a float of 16 or 32 bits
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(toFloat32(new Uint8Array([0, 0x3c]), "F16", "x"), new Float32Array([1]));
 * ```
 */
export function toFloat32(bytes: Uint8Array, dtype: string, name: string): Float32Array {
  const aligned = bytes.slice().buffer;
  if (dtype === "F32") return new Float32Array(aligned);
  if (dtype === "F16") return Float32Array.from(new Float16Array(aligned));
  if (dtype === "BF16") {
    const wide = new Uint32Array(aligned.byteLength / 2);
    const narrow = new Uint16Array(aligned);
    for (let i = 0; i < narrow.length; i++) wide[i] = narrow[i]! << 16;
    return new Float32Array(wide.buffer);
  }
  throw new TypeError(`Cannot load tensor "${name}": it is stored as ${dtype}, expected F32, F16 or BF16`);
}

/**
 * Rounds float32 values to a storage type, to nearest even.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([...fromFloat32(new Float32Array([1]), "BF16")], [0x80, 0x3f]);
 * ```
 */
export function fromFloat32(values: Float32Array, dtype: StorageDtype): Uint8Array<ArrayBuffer> {
  if (dtype === "F32") return new Uint8Array(values.slice().buffer);
  if (dtype === "F16") return new Uint8Array(Float16Array.from(values).buffer);
  const wide = new Uint32Array(values.slice().buffer);
  const narrow = new Uint16Array(wide.length);
  for (let i = 0; i < wide.length; i++) {
    const bits = wide[i]!;
    const isNan = (bits & 0x7fffffff) > 0x7f800000;
    narrow[i] = isNan ? (bits >>> 16) | 0x40 : (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
  }
  return new Uint8Array(narrow.buffer);
}

/** A tensor to write. */
export interface TensorToStore {
  /** Its name in the file. */
  name: string;
  /** Its dimensions. */
  shape: readonly number[];
  /** How to store it. */
  dtype: StorageDtype;
  /** Its values. */
  values: Float32Array;
}

/**
 * The bytes of a safetensors file, tensors in the given order, the header padded to a multiple of 8 bytes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * const bytes = encodeSafetensors([{ name: "x", shape: [2], dtype: "F32", values: new Float32Array([1, 2]) }]);
 * assertEquals(parseHeader(bytes, bytes.length, "x").tensors[0]!.shape, [2]);
 * ```
 */
export function encodeSafetensors(
  tensors: readonly TensorToStore[],
  metadata: Record<string, string> = { format: "pt" },
): Uint8Array<ArrayBuffer> {
  const parts = tensors.map(({ values, dtype }) => fromFloat32(values, dtype));
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  tensors.forEach(({ name, shape, dtype }, i) => {
    header[name] = { dtype, shape, data_offsets: [offset, offset += parts[i]!.length] };
  });
  let text = JSON.stringify(header);
  text += " ".repeat((8 - (new TextEncoder().encode(text).length % 8)) % 8);
  const head = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + head.length + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  let position = 8 + head.length;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
