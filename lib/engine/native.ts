/**
 * What the calls of TensorFlow's C API are given: C strings, the attributes of eager operations and of graph nodes, which
 * it sets by two families of functions, and lists of outputs. What it does not check itself is checked here.
 *
 * @module
 */
import { ATTR, type OpAttr } from "./dtypes.ts";
import type { Status } from "./status.ts";
import type { Symbols } from "./symbols.ts";

const encoder = new TextEncoder();
const cStrings = new Map<string, Uint8Array<ArrayBuffer>>();

/**
 * A text as zero-terminated bytes that stay alive; cached, so only for names.
 *
 * @throws {TypeError} when it has a zero inside, where C would end it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals([...cString("Add")], [65, 100, 100, 0]);
 * ```
 */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  let bytes = cStrings.get(text);
  if (bytes) return bytes;
  if (text.includes("\0")) {
    throw new TypeError(`Cannot hand ${JSON.stringify(text)} to TensorFlow as a name: it has a zero byte`);
  }
  cStrings.set(text, bytes = encoder.encode(text + "\0"));
  return bytes;
}

/**
 * Sets one attribute of an eager operation (`TFE_Op`) or of a graph node (`TF_OperationDescription`).
 *
 * @throws {TypeError} when its kind is not known; {RangeError} when a number is none of 64 bits
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { currentEngine } from "./state.ts";
 * import { Status } from "./status.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const { symbols } = currentEngine();
 * using status = new Status(symbols);
 * const attr = { name: "T", type: 42, value: 1 };
 * assertThrows(() => setAttribute(symbols, null, attr, "eager", status), TypeError, "kind 42 is not known");
 * ```
 */
export function setAttribute(
  symbols: Symbols,
  target: Deno.PointerValue,
  attr: OpAttr,
  kind: "eager" | "graph",
  status: Status,
): void {
  const { name, type, value } = attr;
  const key = cString(name);
  const eager = kind === "eager";
  if (type === ATTR.string) {
    const bytes = encoder.encode(value as string);
    (eager ? symbols.TFE_OpSetAttrString : symbols.TF_SetAttrString)(
      target,
      key,
      bytes,
      BigInt(bytes.length),
    );
  } else if (type === ATTR.int && Array.isArray(value)) {
    const list = BigInt64Array.from(value as number[], (item) => toInt64(item, name));
    (eager ? symbols.TFE_OpSetAttrIntList : symbols.TF_SetAttrIntList)(target, key, list, list.length);
  } else if (type === ATTR.int) {
    (eager ? symbols.TFE_OpSetAttrInt : symbols.TF_SetAttrInt)(target, key, toInt64(value as number, name));
  } else if (type === ATTR.float) {
    (eager ? symbols.TFE_OpSetAttrFloat : symbols.TF_SetAttrFloat)(target, key, value as number);
  } else if (type === ATTR.bool) {
    (eager ? symbols.TFE_OpSetAttrBool : symbols.TF_SetAttrBool)(target, key, value ? 1 : 0);
  } else if (type === ATTR.type && Array.isArray(value)) {
    const list = Int32Array.from(value as number[]);
    (eager ? symbols.TFE_OpSetAttrTypeList : symbols.TF_SetAttrTypeList)(target, key, list, list.length);
  } else if (type === ATTR.type) {
    (eager ? symbols.TFE_OpSetAttrType : symbols.TF_SetAttrType)(target, key, value as number);
  } else if (type === ATTR.shape) {
    const dims = BigInt64Array.from(value as number[], (item) => toInt64(item, name));
    if (eager) symbols.TFE_OpSetAttrShape(target, key, dims, dims.length, status.pointer);
    else symbols.TF_SetAttrShape(target, key, dims, dims.length);
  } else if (type === ATTR.func && !eager) {
    const bytes = encoder.encode(value as string);
    symbols.TF_SetAttrFuncName(target, key, bytes, BigInt(bytes.length));
  } else {
    throw new TypeError(`Cannot set attribute "${name}": kind ${type} is not known`);
  }
}

/** Foreign calls cut larger numbers off in silence. */
function toInt64(value: number, name: string): bigint {
  const whole = Number.isInteger(value) ? BigInt(value) : null;
  if (whole === null || BigInt.asIntN(64, whole) !== whole) {
    throw new RangeError(`Cannot set attribute "${name}" to ${value}: expected a whole number of 64 bits`);
  }
  return whole;
}

/**
 * `TF_Output[]` as bytes: 8 of the operation's address, 4 of the output's number, 4 of padding each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const bytes = packOutputs([{ operation: null, index: 3 }]);
 * assertEquals([...bytes], [0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]);
 * ```
 */
export function packOutputs(
  outputs: readonly { operation: Deno.PointerValue; index: number }[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16 * outputs.length);
  const view = new DataView(bytes.buffer);
  outputs.forEach(({ operation, index }, i) => {
    view.setBigUint64(16 * i, Deno.UnsafePointer.value(operation), true);
    view.setInt32(16 * i + 8, index, true);
  });
  return bytes;
}

/**
 * FNV-1a over 32 bits: enough to see that a constant changed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(checksum(new TextEncoder().encode("foobar")), 0xbf9cf968);
 * ```
 */
export function checksum(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** TensorFlow writes as many results as it is told that there is room for. */
const MOST_OUTPUTS = 2 ** 20;

/**
 * Checks how many outputs of an operation are asked for, and, once that is known, whether it has as many.
 *
 * @throws {RangeError} with both numbers
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * assertThrows(() => checkOutputs("Unpack", 4, 3), RangeError, "Cannot run Unpack for 4 outputs: it has 3");
 * ```
 */
export function checkOutputs(name: string, asked: number, actual: number = asked): void {
  if (!(Number.isInteger(asked) && asked >= 0 && asked <= MOST_OUTPUTS)) {
    throw new RangeError(`Cannot run ${name} for ${asked} outputs: expected 0 to ${MOST_OUTPUTS}`);
  }
  if (actual !== asked) throw new RangeError(`Cannot run ${name} for ${asked} outputs: it has ${actual}`);
}
