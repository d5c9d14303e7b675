/**
 * What a graph is asked for, in words that do not know it.
 *
 * @module
 */
import type { OpAttr } from "./dtypes.ts";

/** Shape and data type of a tensor. */
export interface TensorInfo {
  /** The tensor's number. */
  id: number;
  /** Its dimensions. */
  shape: number[];
  /** `TF_DataType` */
  dtype: number;
}

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
