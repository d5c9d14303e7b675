/**
 * What a check is: work that a process does on its device, and what of it is compared afterwards.
 *
 * @module
 */
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Engine } from "../../lib/engine/engine.ts";
import type { PlainTensor } from "../tensors.ts";
import type { Rule } from "./compare.ts";

/** Where tensors are computed. */
export type DeviceName = "cpu" | "gpu";

/** How much is done. */
export interface CheckOptions {
  /** Less of everything: for a test. */
  quick: boolean;
}

/** What a process has while it runs a check. */
export interface CheckContext extends CheckOptions {
  engine: Engine;
  /** Whether this is the process whose numbers the others are held against: eager, in float32, on the CPU. */
  isReference: boolean;
  /** Writes a part's tensors to a file. */
  put(
    part: string,
    tensors: Readonly<Record<string, Tensor | PlainTensor | ArrayLike<number>>>,
  ): Promise<void>;
  /** Does a part's work; what it throws fails the part, not the check. */
  part(name: string, work: () => Promise<void> | void): Promise<void>;
  /** Reports a sentence that is no comparison. */
  note(part: string, text: string): void;
}

/** A row of the table that compares tensors. */
export interface Comparison {
  /** Its name, such as "gpt2 float32". */
  row: string;
  /** What is compared, in words. */
  what: string;
  /** Parts of the device, each with the part that it is held against. */
  pairs: readonly { part: string; reference: string }[];
  /** Whose the references are. Default "cpu". */
  referenceOf?: "cpu" | "device";
  /** How far apart. */
  rule: Rule;
  /** The largest difference that is right. */
  bound: number;
  /** Which tensors are compared, all by default. */
  only?: (name: string) => boolean;
}

/** A row of the table that has no tensors: the text of a note. */
export interface NoteRow {
  /** Its name. */
  row: string;
  /** What it says. */
  what: string;
  /** The part that was noted. */
  note: string;
  /** Decides by the text; without it the row is information. */
  passes?: (text: string) => boolean;
}

/** A check that both devices do. */
export interface Check {
  /** Its name, for --only. */
  name: string;
  /** The most seconds that it may take. */
  seconds: number;
  /** Whether --quick leaves it out. */
  isLong?: boolean;
  /** What a process does. */
  run(context: CheckContext): Promise<void>;
  /** The table's rows. */
  rows(options: CheckOptions & { device: DeviceName }): readonly (Comparison | NoteRow | MissingRow)[];
}

/** A row of what is not there to be checked. */
export interface MissingRow {
  row: string;
  what: string;
  /** Why. */
  notOffered: string;
}
