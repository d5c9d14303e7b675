/**
 * What is dumped for the proof and how it is kept: a manifest, a module a step, and one file of numbers.
 *
 * @module
 */
import type { ElementType } from "./pjrt.ts";

/** An input or a result of a step. */
export interface DumpedTensor {
  type: ElementType;
  shape: number[];
  /** Where its numbers begin in the file of numbers. */
  offset?: number;
  /** Without numbers: floats are drawn from [-spread, spread]. */
  spread?: number;
  /** Without numbers: integers are drawn below this. */
  below?: number;
}

/** A dumped step. */
export interface DumpedStep {
  name: string;
  /** The file of its `HloModuleProto`, as XLA had it of TensorFlow; compressed by gzip. */
  module: string;
  /** The file of its StableHLO, as we write it ourselves; compressed by gzip. */
  text: string;
  inputs: DumpedTensor[];
  /** With numbers where they are known: those after `runs` runs. */
  outputs: DumpedTensor[];
  /** Results that take an input's memory and are that input in the next run: result, input. */
  aliases: [output: number, input: number][];
  runs: number;
  /** How often each operation of XLA stands in it. */
  operations: Record<string, number>;
}

/** A folder of dumped steps. */
export interface Manifest {
  /** What made it. */
  madeBy: string;
  steps: DumpedStep[];
}

/** Names of files in the folder. */
export const FILES = { manifest: "manifest.json", numbers: "numbers.bin" } as const;
