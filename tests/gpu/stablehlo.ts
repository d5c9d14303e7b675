/**
 * A captured step as StableHLO: what its operations mean, each in terms of `Program`. With it XLA needs no TensorFlow.
 *
 * @module
 */
import { DTYPE } from "../../lib/engine/dtypes.ts";
import type { Operation, Recorded } from "../../lib/engine/recorded.ts";
import { list, Program, range, type Value, type ValueType } from "./stablehlo_program.ts";

/** What an operation is written with. */
interface Context {
  program: Program;
  inputs: Value[];
  outputs: readonly ValueType[];
  /** The numbers of an input that must be a constant. */
  numbers: (input: number) => number[];
  /** A boolean attribute or a number. */
  attribute: (name: string) => unknown;
}

type Writer = (context: Context) => Value | Value[];

/** An operation of StableHLO on each number. */
const each = (operation: string): Writer => ({ program, inputs, outputs: [result] }) =>
  program.each(operation, inputs, result!);
const compare = (direction: string): Writer => ({ program, inputs: [a, b], outputs: [result] }) =>
  program.compare(direction, a!, b!, result!.shape);
const reshape: Writer = ({ program, inputs: [x], outputs: [result] }) => program.reshape(x!, result!.shape);
const reduce = (operation: "add" | "maximum", isMean = false): Writer => (context) => {
  const { program, inputs: [x], outputs: [result], numbers } = context;
  const dims = axes(numbers(1), x!);
  const reduced = program.reshape(program.reduce(operation, x!, dims), result!.shape);
  const count = dims.reduce((product, dim) => product * x!.shape[dim]!, 1);
  return isMean ? program.apply("divide", [reduced, program.fill(result!, count)], result!) : reduced;
};
/** Parts of the given sizes one after the other. */
const parts =
  (sizesOf: (context: Context, axis: number) => number[], axisOf: (context: Context) => number): Writer =>
  (context) => {
    const { program, inputs: [x], outputs } = context;
    const [axis] = axes([axisOf(context)], x!);
    let start = 0;
    return sizesOf(context, axis!).map((size, i) => {
      const starts = x!.shape.map((_, dim) => dim === axis ? start : 0);
      start += size;
      const part = program.slice(x!, starts, x!.shape.map((dim, j) => j === axis ? size : dim));
      return program.reshape(part, outputs[i]!.shape);
    });
  };

function axes(numbers: readonly number[], { shape }: ValueType): number[] {
  return numbers.map((axis) => axis < 0 ? axis + shape.length : axis);
}

/** exp(x - max) along the last dimension, x - max, and the sums of the former. */
function exponentials(program: Program, x: Value): { shifted: Value; powers: Value; sums: Value } {
  const last = [x.shape.length - 1];
  const shifted = program.apply("subtract", [x, program.reduceAndRepeat("maximum", x, last)], x);
  const powers = program.apply("exponential", [shifted], x);
  return { shifted, powers, sums: program.reduceAndRepeat("add", powers, last) };
}

/** Batches are broadcast; `adj_x` and `adj_y` transpose the last two dimensions. */
const matMul: Writer = ({ program, inputs: [x, y], outputs: [result], attribute }) => {
  const rank = result!.shape.length;
  const batch = result!.shape.slice(0, -2);
  const wide = [x!, y!].map((value) => program.broadcast(value, [...batch, ...value.shape.slice(-2)]));
  const [left, right] = [attribute("adj_x") ? rank - 2 : rank - 1, attribute("adj_y") ? rank - 1 : rank - 2];
  const dims = range(0, rank - 2);
  // else float32 is TF32 on GPUs
  const precision = `#stablehlo<precision ${x!.dtype === DTYPE.float32 ? "HIGHEST" : "DEFAULT"}>`;
  const numbers = `lhs_batching_dimensions = [${dims}], rhs_batching_dimensions = [${dims}], ` +
    `lhs_contracting_dimensions = [${left}], rhs_contracting_dimensions = [${right}]`;
  const attributes = `dot_dimension_numbers = #stablehlo.dot<${numbers}>, ` +
    `precision_config = [${precision}, ${precision}]`;
  return program.apply("dot_general", wide, result!, attributes);
};

/** Rows along an axis; the first `batch_dims` dimensions of both go together. */
const gather: Writer = ({ program, inputs: [x, rows], outputs: [result], numbers, attribute }) => {
  const [axis] = axes(numbers(2), x!) as [number];
  const [rank, batch] = [rows!.shape.length, Number(attribute("batch_dims") ?? 0)];
  const offsets = [...range(batch, axis), ...range(axis + rank - batch, result!.shape.length)];
  const dims = `offset_dims = [${offsets}], collapsed_slice_dims = [${axis}], ` +
    `operand_batching_dims = [${range(0, batch)}], start_indices_batching_dims = [${range(0, batch)}], ` +
    `start_index_map = [${axis}], index_vector_dim = ${rank}`;
  const sizes = x!.shape.map((dim, i) => i === axis || i < batch ? 1 : dim);
  const attributes = `dimension_numbers = #stablehlo.gather<${dims}>, slice_sizes = ${list(sizes)}, ` +
    "indices_are_sorted = false";
  return program.apply("gather", [x!, rows!], result!, attributes);
};

/** Losses and their gradients by the logits [N, V]. */
const sparseCrossEntropy: Writer = ({ program, inputs: [logits, labels], outputs: [losses] }) => {
  const type = logits!;
  const { shifted, powers, sums } = exponentials(program, type);
  const columns = program.iota({ shape: type.shape, dtype: labels!.dtype }, 1);
  const isLabel = program.compare("EQ", columns, program.repeat(labels!, type.shape, [0]), type.shape);
  const labelled = program.apply("select", [isLabel, shifted, program.fill(type, 0)], type);
  const logSums = program.apply("log", [program.reduce("add", powers, [1])], losses!);
  const loss = program.apply("subtract", [logSums, program.reduce("add", labelled, [1])], losses!);
  const probabilities = program.apply("divide", [powers, sums], type);
  const target = program.apply("convert", [isLabel], type);
  return [loss, program.apply("subtract", [probabilities, target], type)];
};

/** The first of the largest numbers' places. */
const argMax: Writer = ({ program, inputs: [x], outputs: [result], numbers }) => {
  const dims = axes(numbers(1), x!);
  const largest = program.reduceAndRepeat("maximum", x!, dims);
  const places = program.iota({ shape: x!.shape, dtype: result!.dtype }, dims[0]!);
  const none = program.fill(places, 0);
  // the largest of (size - place) among those that are as large
  const size = program.fill(places, x!.shape[dims[0]!]!);
  const isLargest = program.compare("EQ", x!, largest, x!.shape);
  const left = program.apply(
    "select",
    [isLargest, program.apply("subtract", [size, places], places), none],
    places,
  );
  const most = program.reduce("maximum", left, dims);
  return program.apply("subtract", [program.fill(most, x!.shape[dims[0]!]!), most], result!);
};

const pad: Writer = ({ program, inputs: [x, , value], outputs: [result], numbers }) => {
  const sizes = numbers(1);
  const [low, high] = [0, 1].map((side) => list(sizes.filter((_, i) => i % 2 === side)));
  const attributes = `edge_padding_low = ${low}, edge_padding_high = ${high}, ` +
    `interior_padding = ${list(x!.shape.map(() => 0))}`;
  return program.apply("pad", [x!, value!], result!, attributes);
};

const tile: Writer = ({ program, inputs: [x], outputs: [result], numbers }) => {
  const shape = x!.shape.flatMap((dim, i) => [numbers(1)[i]!, dim]);
  return program.reshape(program.repeat(x!, shape, x!.shape.map((_, i) => 2 * i + 1)), result!.shape);
};

const WRITERS: Readonly<Record<string, Writer>> = {
  Add: each("add"),
  AddN: ({ program, inputs, outputs: [result] }) =>
    inputs.reduce((sum, x) => program.apply("add", [sum, x], result!)),
  ArgMax: argMax,
  BatchMatMulV2: matMul,
  Cast: each("convert"),
  ConcatV2: ({ program, inputs, outputs: [result], numbers }) => {
    const [axis] = axes(numbers(inputs.length - 1), result!);
    return program.apply("concatenate", inputs.slice(0, -1), result!, `dimension = ${axis} : i64`);
  },
  Cos: each("cosine"),
  Erf: ({ program, inputs, outputs }) => program.applyAll("chlo.erf", inputs, outputs),
  Exp: each("exponential"),
  ExpandDims: reshape,
  Fill: ({ program, inputs: [, x], outputs: [result] }) => program.broadcast(x!, result!.shape),
  BroadcastTo: ({ program, inputs: [x], outputs: [result] }) => program.broadcast(x!, result!.shape),
  GatherV2: gather,
  Greater: compare("GT"),
  GreaterEqual: compare("GE"),
  Identity: ({ inputs }) => inputs,
  InplaceUpdate: ({ program, inputs: [x, rows, values] }) => program.scatter(x!, rows!, values!, null),
  IsFinite: each("is_finite"),
  IsNan: ({ program, inputs: [x] }) => program.compare("NE", x!, x!, x!.shape),
  Less: compare("LT"),
  Log: each("log"),
  Max: reduce("maximum"),
  Maximum: each("maximum"),
  Mean: reduce("add", true),
  Minimum: each("minimum"),
  Mul: each("multiply"),
  Neg: each("negate"),
  Pack: ({ program, inputs, outputs: [result], attribute }) => {
    const [axis] = axes([Number(attribute("axis"))], result!) as [number];
    const shape = result!.shape.map((dim, i) => i === axis ? 1 : dim);
    const wide = inputs.map((x) => program.reshape(x, shape));
    return program.apply("concatenate", wide, result!, `dimension = ${axis} : i64`);
  },
  PadV2: pad,
  Pow: each("power"),
  Range: ({ program, inputs: [start, , step], outputs: [result] }) =>
    program.each(
      "add",
      [program.each("multiply", [program.iota(result!, 0), step!], result!), start!],
      result!,
    ),
  RealDiv: each("divide"),
  Relu: ({ program, inputs: [x] }) => program.apply("maximum", [x!, program.fill(x!, 0)], x!),
  Reshape: reshape,
  Rsqrt: each("rsqrt"),
  Select: ({ program, inputs: [condition, x, y], outputs: [result] }) => {
    const isRows = condition!.shape.length === 1 && result!.shape.length > 1;
    const wide = isRows ? program.repeat(condition!, result!.shape, [0]) : condition!;
    return program.each("select", [wide, x!, y!], result!);
  },
  Sigmoid: each("logistic"),
  Sin: each("sine"),
  Slice: ({ program, inputs: [x], outputs: [result], numbers }) =>
    program.slice(x!, numbers(1), result!.shape),
  Softmax: ({ program, inputs: [x] }) => {
    const { powers, sums } = exponentials(program, x!);
    return program.apply("divide", [powers, sums], x!);
  },
  SparseSoftmaxCrossEntropyWithLogits: sparseCrossEntropy,
  SplitV: parts(
    ({ outputs }, axis) => outputs.map(({ shape }) => shape[axis]!),
    ({ numbers }) => numbers(2)[0]!,
  ),
  Sqrt: each("sqrt"),
  Square: ({ program, inputs: [x] }) => program.apply("multiply", [x!, x!], x!),
  Sub: each("subtract"),
  Sum: reduce("add"),
  Tanh: each("tanh"),
  Tile: tile,
  TopKV2: ({ program, inputs: [x], outputs, numbers }) =>
    program.applyAll("chlo.top_k", [x!], outputs, { attributes: `k = ${numbers(1)[0]} : i64` }),
  Transpose: ({ program, inputs: [x], outputs: [result], numbers }) =>
    program.apply("transpose", [x!], result!, `permutation = ${list(numbers(1))}`),
  Unpack: parts(({ outputs }) => outputs.map(() => 1), ({ attribute }) => Number(attribute("axis"))),
  UnsortedSegmentSum: ({ program, inputs: [values, rows], outputs: [result] }) =>
    program.scatter(program.fill(result!, 0), rows!, values!, "add"),
  XlaOptimizationBarrier: ({ program, inputs, outputs }) =>
    program.applyAll("stablehlo.optimization_barrier", inputs, outputs),
  ZerosLike: ({ program, outputs: [result] }) => program.fill(result!, 0),
};

/**
 * The text of a captured step.
 *
 * @param results the numbers of its results
 * @param aliases results that take an input's memory: result, input
 * @throws {RangeError} for an operation that has no writer
 */
export function toStableHlo(
  recorded: readonly Recorded[],
  results: readonly number[],
  aliases: readonly (readonly [number, number])[] = [],
): string {
  const program = new Program();
  const values = new Map<number, Value>();
  const constants = new Map<number, number[]>();
  const parameters: Value[] = [];
  for (const record of recorded) {
    if (record.kind === "operation") {
      writeOperation(program, record, { values, constants });
      continue;
    }
    const { id, shape, dtype } = record;
    if (record.kind === "input") {
      const value = { name: `%arg${parameters.length}`, shape, dtype };
      parameters.push(value);
      values.set(id, value);
    } else {
      values.set(id, program.bytes({ shape, dtype }, record.bytes));
      const { buffer } = record.bytes.slice();
      if (dtype === DTYPE.int32) constants.set(id, Array.from(new Int32Array(buffer)));
      if (dtype === DTYPE.int64) constants.set(id, Array.from(new BigInt64Array(buffer), Number));
    }
  }
  return program.toText(parameters, results.map((id) => values.get(id)!), aliases);
}

function writeOperation(
  program: Program,
  { name, attrs, inputs, outputs }: Operation,
  { values, constants }: { values: Map<number, Value>; constants: Map<number, number[]> },
): void {
  const write = WRITERS[name];
  if (!write) throw new RangeError(`Cannot write StableHLO of ${name}: it has no writer`);
  const numbers = (input: number) => {
    const found = constants.get(inputs[input]!);
    if (!found) throw new RangeError(`Cannot write StableHLO of ${name}: its input ${input} is no constant`);
    return found;
  };
  const attribute = (wanted: string) => attrs.find((attr) => attr.name === wanted)?.value;
  const written = write({
    program,
    inputs: inputs.map((id) => values.get(id)!),
    outputs,
    numbers,
    attribute,
  });
  [written].flat().forEach((value, i) => values.set(outputs[i]!.id, value));
}
