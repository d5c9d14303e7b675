/**
 * What a graph under construction says of itself; tensors are numbers, as in the binding.
 *
 * @module
 */
import type { OpAttr } from "./dtypes.ts";

/** One thing that a step did while it was captured. */
export interface TraceEntry {
  /** The operation, or what else is compared. */
  what: string;
  /** Its attributes and inputs. */
  detail: string;
}

/** An assignment, by the numbers of both tensors: what the step reads of the target is what it held before the call. */
export interface Assignment {
  /** Is given new contents. */
  target: number;
  /** Holds them. */
  value: number;
}

/** Shape and data type of a tensor. */
export interface TensorInfo {
  /** The tensor's number. */
  id: number;
  /** Its dimensions. */
  shape: number[];
  /** `TF_DataType` */
  dtype: number;
}

/** What a graph was asked for, so that parts of it can be built again elsewhere; tensors by their numbers. */
export type Recorded =
  | { kind: "input"; id: number; shape: readonly number[]; dtype: number }
  | { kind: "constant"; id: number; shape: readonly number[]; dtype: number; bytes: Uint8Array }
  | {
    kind: "operation";
    name: string;
    attrs: readonly OpAttr[];
    inputs: readonly number[];
    outputs: TensorInfo[];
    /** Whether XLA shall not compile it. */
    isOutside: boolean;
  };

/** An operation that a graph was asked for. */
export type Operation = Extract<Recorded, { kind: "operation" }>;

/** Operations with an input list: "*" is the list, 1 a single input. From TensorFlow's registry of operations. */
const LIST_INPUTS: Readonly<Record<string, readonly ("*" | 1)[]>> = {
  AddN: ["*"],
  ConcatV2: ["*", 1],
  IdentityN: ["*"],
  Pack: ["*"],
  PartitionedCall: ["*"],
  ParallelDynamicStitch: ["*", "*"],
  XlaOptimizationBarrier: ["*"],
};

/**
 * How many of an operation's inputs are its list, which may be empty; null where it has none.
 *
 * @throws {RangeError} when there are fewer inputs than it has beside the list: TensorFlow would end the process
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * assertEquals([listLength("ConcatV2", 3), listLength("MatMul", 2)], [2, null]);
 * assertThrows(() => listLength("ConcatV2", 0), RangeError, "expected 1 more");
 * ```
 */
export function listLength(name: string, inputs: number): number | null {
  const kinds = LIST_INPUTS[name];
  if (!kinds) return null;
  const length = inputs - (kinds.length - 1);
  if (length < 0) throw new RangeError(`Cannot run ${name} for ${inputs} inputs: expected ${-length} more`);
  return length;
}
