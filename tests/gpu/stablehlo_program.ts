/**
 * A StableHLO program as text, in MLIR's generic form: values, constants and the few operations that others are made of.
 *
 * @module
 */
import { DTYPE } from "../../lib/engine/dtypes.ts";

/** A tensor of the program. */
export interface Value {
  /** Such as "%7", or "%7#1" of several results. */
  name: string;
  shape: readonly number[];
  /** `TF_DataType` */
  dtype: number;
}

/** Shape and data type. */
export type ValueType = Omit<Value, "name">;

/** MLIR's names of data types, by TensorFlow's numbers. */
const ELEMENTS: Readonly<Record<number, string>> = {
  [DTYPE.float32]: "f32",
  [DTYPE.bfloat16]: "bf16",
  [DTYPE.int32]: "i32",
  [DTYPE.int64]: "i64",
  [DTYPE.bool]: "i1",
};
/** The least number, by data type, as hexadecimal bits. */
const LEAST: Readonly<Record<number, string>> = {
  [DTYPE.float32]: "0xFF800000",
  [DTYPE.bfloat16]: "0xFF80",
  [DTYPE.int32]: "-2147483648",
};

/** `tensor<2x3xf32>` */
export function typeOf({ shape, dtype }: ValueType): string {
  const element = ELEMENTS[dtype];
  if (!element) throw new RangeError(`Cannot write StableHLO: it has no type for TensorFlow's ${dtype}`);
  return `tensor<${shape.map((dim) => `${dim}x`).join("")}${element}>`;
}

/** `array<i64: 0, 1>` */
export function list(numbers: readonly number[]): string {
  return numbers.length ? `array<i64: ${numbers.join(", ")}>` : "array<i64>";
}

/** The whole numbers from `start` up to `end`. */
export function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}

/** A program that grows line by line. */
export class Program {
  readonly #lines: string[] = [];
  readonly #constants = new Map<string, Value>();
  #count = 0;

  /** Adds an operation with several results. */
  applyAll(
    operation: string,
    inputs: readonly Value[],
    results: readonly ValueType[],
    { attributes = "", region = "" } = {},
  ): Value[] {
    const name = `%${this.#count++}`;
    const types = [inputs, results].map((values) => values.map(typeOf).join(", "));
    const operands = inputs.map((input) => input.name).join(", ");
    this.#lines.push(
      `${name}${results.length > 1 ? `:${results.length}` : ""} = "${operation}"(${operands})` +
        `${region && ` ({${region}})`}${attributes && ` {${attributes}}`} : (${types[0]}) -> (${types[1]})`,
    );
    return results.map((result, i) => ({ ...result, name: results.length > 1 ? `${name}#${i}` : name }));
  }

  /** Adds an operation of StableHLO with one result. */
  apply(operation: string, inputs: readonly Value[], result: ValueType, attributes = "", region = ""): Value {
    return this.applyAll(`stablehlo.${operation}`, inputs, [result], { attributes, region })[0]!;
  }

  /** A constant of a text in MLIR's syntax; equal ones are one. */
  constant(type: ValueType, text: string): Value {
    const value = `value = dense<${text}> : ${typeOf(type)}`;
    const known = this.#constants.get(value) ?? this.apply("constant", [], type, value);
    this.#constants.set(value, known);
    return known;
  }

  /** A constant of numbers as they lie in memory. */
  bytes(type: ValueType, bytes: Uint8Array): Value {
    if (type.dtype === DTYPE.bool) { // MLIR packs truth values
      const numbers = this.bytes(
        { ...type, dtype: DTYPE.int32 },
        new Uint8Array(Int32Array.from(bytes).buffer),
      );
      return this.apply("convert", [numbers], type);
    }
    return this.constant(type, bytes.length ? `"0x${bytes.toHex()}"` : "");
  }

  /** A tensor of one number. */
  fill(type: ValueType, number: number): Value {
    const isFloat = type.dtype === DTYPE.float32 || type.dtype === DTYPE.bfloat16;
    return this.constant(type, isFloat ? number.toExponential(9) : `${number}`);
  }

  /** A tensor of the least number. */
  least(type: ValueType): Value {
    return this.constant(type, LEAST[type.dtype]!);
  }

  /** The same numbers in another shape. */
  reshape(x: Value, shape: readonly number[]): Value {
    return `${x.shape}` === `${shape}` ? x : this.apply("reshape", [x], { ...x, shape });
  }

  /** Repeats `x`, whose dimensions become `dims` of the shape. */
  repeat(x: Value, shape: readonly number[], dims: readonly number[]): Value {
    if (`${x.shape}` === `${shape}`) return x;
    return this.apply("broadcast_in_dim", [x], { ...x, shape }, `broadcast_dimensions = ${list(dims)}`);
  }

  /** Repeats `x` by NumPy's rules: its last dimensions are the shape's last, or 1. */
  broadcast(x: Value, shape: readonly number[]): Value {
    return this.repeat(x, shape, range(shape.length - x.shape.length, shape.length));
  }

  /** An operation on each number of inputs that are broadcast. */
  each(operation: string, inputs: readonly Value[], result: ValueType, attributes = ""): Value {
    return this.apply(operation, inputs.map((x) => this.broadcast(x, result.shape)), result, attributes);
  }

  /** `LT`, `GT` and so on. */
  compare(direction: string, a: Value, b: Value, shape: readonly number[]): Value {
    const attributes = `comparison_direction = #stablehlo<comparison_direction ${direction}>`;
    return this.each("compare", [a, b], { shape, dtype: DTYPE.bool }, attributes);
  }

  /** The numbers 0, 1, ... along a dimension. */
  iota(type: ValueType, dimension: number): Value {
    return this.apply("iota", [], type, `iota_dimension = ${dimension} : i64`);
  }

  /** A region of one operation on two numbers; null returns the second. */
  region(operation: "add" | "maximum" | null, dtype: number): string {
    const type = typeOf({ shape: [], dtype });
    const body = operation ? `%c = "stablehlo.${operation}"(%a, %b) : (${type}, ${type}) -> ${type}` : "";
    return `^bb0(%a: ${type}, %b: ${type}): ${body} "stablehlo.return"(${
      operation ? "%c" : "%b"
    }) : (${type}) -> ()`;
  }

  /** Sums or maxima over some dimensions, which are left out. */
  reduce(operation: "add" | "maximum", x: Value, dims: readonly number[]): Value {
    const scalar = { shape: [], dtype: x.dtype };
    const start = operation === "add" ? this.fill(scalar, 0) : this.least(scalar);
    const result = { ...x, shape: x.shape.filter((_, i) => !dims.includes(i)) };
    const attributes = `dimensions = ${list(dims)}`;
    return this.apply("reduce", [x, start], result, attributes, this.region(operation, x.dtype));
  }

  /** The same, repeated to the shape of `x`. */
  reduceAndRepeat(operation: "add" | "maximum", x: Value, dims: readonly number[]): Value {
    return this.repeat(
      this.reduce(operation, x, dims),
      x.shape,
      range(0, x.shape.length).filter((i) => !dims.includes(i)),
    );
  }

  /** A part of each dimension. */
  slice(x: Value, starts: readonly number[], shape: readonly number[]): Value {
    const limits = starts.map((start, i) => start + shape[i]!);
    const attributes = `start_indices = ${list(starts)}, limit_indices = ${list(limits)}, ` +
      `strides = ${list(shape.map(() => 1))}`;
    return this.apply("slice", [x], { ...x, shape }, attributes);
  }

  /** Adds or sets rows of `x` [N, ...], by their numbers; those out of range are left out. */
  scatter(x: Value, rows: Value, values: Value, operation: "add" | null): Value {
    const rank = rows.shape.length;
    const numbers =
      `update_window_dims = [${range(rank, values.shape.length)}], inserted_window_dims = [0], ` +
      `scatter_dims_to_operand_dims = [0], index_vector_dim = ${rank}`;
    const attributes = `scatter_dimension_numbers = #stablehlo.scatter<${numbers}>, ` +
      "indices_are_sorted = false, unique_indices = false";
    return this.apply("scatter", [x, rows, values], x, attributes, this.region(operation, x.dtype));
  }

  /**
   * The program's text.
   *
   * @param aliases results that take an input's memory: result, input
   */
  toText(
    inputs: readonly Value[],
    outputs: readonly Value[],
    aliases: readonly (readonly [number, number])[],
  ): string {
    const parameters = inputs.map((input, i) => {
      const alias = aliases.find(([, number]) => number === i);
      return `${input.name}: ${typeOf(input)}${alias ? ` {tf.aliasing_output = ${alias[0]} : i32}` : ""}`;
    });
    const types = outputs.map(typeOf).join(", ");
    return [
      `module @step {\n  func.func public @main(${parameters.join(", ")}) -> (${types}) {`,
      ...this.#lines.map((line) => `    ${line}`),
      `    "func.return"(${outputs.map(({ name }) => name).join(", ")}) : (${types}) -> ()\n  }\n}\n`,
    ].join("\n");
  }
}
