/**
 * As much of `HloModuleProto` (XLA's `hlo.proto` and `xla_data.proto`, in protocol buffers' wire format) as running a
 * dumped step needs: inputs and results, the operations used, and which results take an input's memory.
 *
 * @module
 */
import type { ElementType } from "./pjrt.ts";

/** Shape and data type of an input or a result. */
export interface HloShape {
  type: ElementType;
  shape: number[];
}

/** What a module says of itself. */
export interface HloModule {
  name: string;
  inputs: HloShape[];
  outputs: HloShape[];
  /** How often each operation stands in it; a custom call as "custom-call NAME". */
  operations: Record<string, number>;
}

/** `xla.PrimitiveType` */
const PRIMITIVE: Readonly<Record<number, ElementType>> = {
  ...{
    1: "bool",
    2: "int8",
    4: "int32",
    5: "int64",
    8: "uint32",
    10: "float16",
    11: "float32",
    16: "bfloat16",
  },
};
const TUPLE = 13;

interface Field {
  number: number;
  /** The wire type: 0 for a varint, 2 for bytes. */
  kind: number;
  /** Of a varint or a fixed number. */
  value: bigint;
  /** Of a message, a text or a packed list. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** The fields of a message, in their order. */
function* fieldsOf(bytes: Uint8Array<ArrayBuffer>): Generator<Field> {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n;; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new SyntaxError("Cannot read an HLO module: it ends within a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const kind = tag & 7;
    const size = kind === 2 ? Number(varint()) : kind === 5 ? 4 : kind === 1 ? 8 : 0;
    const value = kind === 0 ? varint() : 0n;
    if (at + size > bytes.length) throw new SyntaxError("Cannot read an HLO module: it is cut off");
    yield { number: tag >> 3, kind, value, bytes: bytes.subarray(at, at += size) };
  }
}

const all = (message: Uint8Array<ArrayBuffer>, number: number) =>
  Array.from(fieldsOf(message)).filter((field) => field.number === number);
const textOf = (field?: Field) => new TextDecoder().decode(field?.bytes);

/** Numbers of a repeated field, packed or one by one. */
function integers(message: Uint8Array<ArrayBuffer>, number: number): number[] {
  return all(message, number).flatMap(({ kind, value, bytes }) => {
    if (kind === 0) return [Number(value)];
    const list: number[] = [];
    let current = 0n, shift = 0n;
    for (const byte of bytes) {
      current |= BigInt(byte & 0x7f) << shift;
      shift += 7n;
      if (byte < 0x80) [current, shift] = (list.push(Number(current)), [0n, 0n]);
    }
    return list;
  });
}

/** Shapes of a `ShapeProto`, the elements of a tuple one by one. */
function shapesOf(proto: Uint8Array<ArrayBuffer>): HloShape[] {
  const number = Number(all(proto, 2)[0]?.value ?? 0n);
  if (number === TUPLE) return all(proto, 4).flatMap(({ bytes }) => shapesOf(bytes));
  const type = PRIMITIVE[number];
  if (!type) throw new RangeError(`Cannot run an HLO module: XLA's type ${number} is none of our steps'`);
  const shape = integers(proto, 3);
  const layout = all(proto, 5)[0];
  const order = layout ? integers(layout.bytes, 1) : [];
  if (order.some((dim, i) => dim !== shape.length - 1 - i)) {
    throw new RangeError(
      `Cannot run an HLO module: [${shape}] is laid out by [${order}]: expected rows first`,
    );
  }
  return [{ type, shape }];
}

/** The `HloModuleProto` in a dumped `HloProto`. */
export function moduleOf(dump: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const [module] = all(dump, 1);
  if (!module) throw new SyntaxError("Cannot read an HLO dump: it has no module");
  return module.bytes;
}

/** Reads an `HloModuleProto`. */
export function readModule(module: Uint8Array<ArrayBuffer>): HloModule {
  const [program] = all(module, 4);
  if (!program) throw new SyntaxError("Cannot read an HLO module: it has no program shape");
  const operations: Record<string, number> = {};
  for (const computation of all(module, 3)) {
    for (const instruction of all(computation.bytes, 2)) {
      const [code, target] = [2, 28].map((number) => textOf(all(instruction.bytes, number)[0]));
      const name = target ? `${code} ${target}` : code!;
      operations[name] = (operations[name] ?? 0) + 1;
    }
  }
  return {
    name: textOf(all(module, 1)[0]),
    inputs: all(program.bytes, 1).flatMap(({ bytes }) => shapesOf(bytes)),
    outputs: all(program.bytes, 2).flatMap(({ bytes }) => shapesOf(bytes)),
    operations,
  };
}

/**
 * The module with results that take an input's memory, which is then used up: `input_output_alias` = 8, entries
 * { output_shape_index = 1, parameter_number = 2, kind = 4: MUST_ALIAS }.
 *
 * @param pairs result and input, by their numbers
 */
export function withAliases(
  module: Uint8Array<ArrayBuffer>,
  pairs: readonly (readonly [output: number, input: number])[],
): Uint8Array<ArrayBuffer> {
  const entries = pairs.flatMap(([output, input]) => {
    const index = varint(output);
    return message(1, [0x0a, index.length, ...index, 0x10, ...varint(input), 0x20, 2]);
  });
  return Uint8Array.from([...module, ...message(8, entries)]);
}

function message(number: number, bytes: readonly number[]): number[] {
  return [number << 3 | 2, ...varint(bytes.length), ...bytes];
}

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...varint(value >> 7)];
}
