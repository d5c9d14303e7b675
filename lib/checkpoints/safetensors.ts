/**
 * The safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes without holes or overlaps.
 * Source: the format's README (huggingface/safetensors); its limits are kept: header at most 100,000,000 bytes. A header
 * has at most 131,072 tensors here, which is more than any model's file has, so that a hostile one takes a second and
 * some hundred megabytes at most.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { FLOAT_BYTES, type StorageDtype } from "./float_types.ts";
import { scanJson } from "./scan_json.ts";

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
const MAX_TENSORS = 1 << 17;
/** The most commas that the header may have for each tensor: those of one of six dimensions. */
const COMMAS_PER_TENSOR = 10;
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
 * const bytes = encodeHeader([], {});
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
  const most = { objects: MAX_TENSORS + 2, commas: COMMAS_PER_TENSOR * MAX_TENSORS };
  const { repeatedKey, oddNumber, objects, commas } = scanJson(text, most);
  if (objects > most.objects || commas > most.commas) {
    refuse(file, `its header has more than ${MAX_TENSORS} tensors, or too long shapes or metadata`);
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    refuse(file, `its header is no valid JSON: ${reasonOf(cause)}`, cause);
  }
  if (oddNumber !== undefined) refuse(file, `its header is no valid JSON: ${oddNumber} is no index`);
  if (repeatedKey !== undefined) refuse(file, `its header names ${JSON.stringify(repeatedKey)} twice`);
  return new Map(Object.entries(parsed as Record<string, unknown>));
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

/** What a header says of a tensor to write. */
export interface TensorEntry {
  /** Its name in the file. */
  name: string;
  /** Its dimensions. */
  shape: readonly number[];
  /** How to store it. */
  dtype: StorageDtype;
}

/**
 * The bytes before the tensors' own, which follow in the given order without gaps; padded to a multiple of 8.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = encodeHeader([{ name: "x", shape: [0], dtype: "F16" }], {});
 * assertEquals(parseHeader(bytes, bytes.length, "x").tensors[0]!.dtype, "F16");
 * ```
 */
export function encodeHeader(
  tensors: readonly TensorEntry[],
  metadata: Record<string, string> = { format: "pt" },
): Uint8Array<ArrayBuffer> {
  let offset = 0;
  const header: Record<string, unknown> = { __metadata__: metadata };
  for (const { name, shape, dtype } of tensors) {
    const size = shape.reduce((product, dim) => product * dim, FLOAT_BYTES[dtype]);
    header[name] = { dtype, shape, data_offsets: [offset, offset += size] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - 8), true);
  bytes.set(text, 8);
  return bytes;
}
