/**
 * What unlearning by chunks is given and what it gives back, beside what unlearning at once is and does.
 *
 * @module
 */
import type { UnlearnRow } from "./micro_batches.ts";
import type { ChunkDrift } from "./chunk_drift.ts";
import type { SecretThresholds } from "./per_secret_stop.ts";
import type { UnlearnEpoch } from "./unlearn_epoch.ts";
import type { UnlearnHooks, UnlearnOptions, UnlearnResult } from "./unlearn_options.ts";

/** What the run of some rows needs that is made for them alone; freed when their turn is over. */
export interface ChunkMaterial extends Disposable {
  /** As `UnlearnSets.controls`. */
  controls?: readonly (readonly UnlearnRow[])[];
  /** As `UnlearnOptions.rescore`, for the secrets of these rows. */
  rescore?: () => Promise<readonly SecretThresholds[]>;
}

/** How a forget set is gone through. */
export interface Chunking {
  /** Cuts rows, by their numbers, into chunks: all of them first, then those that are left of a pass. */
  cut: (rows: readonly number[]) => readonly (readonly number[])[];
  /** So many rows of earlier chunks are in the loss with each chunk. */
  replay: number;
  /** How often the set is gone through, at most: after the first time what is above its thresholds alone. */
  passes: number;
  /** Rows of each part that are measured after each chunk, at most. */
  sample: number;
  /** Makes what the run of some rows needs. Default: nothing. */
  materialOf?: (rows: readonly number[]) => Promise<ChunkMaterial>;
}

/** How to unlearn by chunks: no training between, which would be of one chunk and judge all. */
export interface ChunkedOptions extends Omit<UnlearnOptions, "lasting" | "rescore" | "underReference"> {
  /** How the set is gone through. */
  chunking: Chunking;
}

/** Whose turn it is. */
export interface ChunkPlace {
  /** From 1, over all passes. */
  turn: number;
  /** From 1. */
  pass: number;
  /** The chunk's number in the pass, from 1. */
  chunk: number;
  /** How many the pass has. */
  chunks: number;
  /** Epochs of the turns before. */
  epochs: number;
  /** The secrets in the loss by their numbers in the forget set, those of replayed rows last. */
  secrets: readonly number[];
}

/** Hooks; what `UnlearnHooks` tells is of the chunk whose turn it is, whose epochs are counted from 0. */
export interface ChunkedHooks extends UnlearnHooks {
  /** Called before each turn, and where a run goes on in one. */
  onChunk?: (place: ChunkPlace) => void;
  /** Called when a turn is over and its weights are safe. */
  onChunkEnd?: (place: ChunkPlace, status: UnlearnResult["status"]) => void;
}

/** An epoch of a chunk. */
export interface ChunkEpoch extends UnlearnEpoch {
  /** Whose turn it was. */
  turn: number;
}

/** What became of it: `history` has the whole set before, and after each pass. */
export interface ChunkedResult extends UnlearnResult {
  /** How the parts stood after each turn, and the whole set before and after each pass. */
  drift: ChunkDrift[];
  /** All epochs of all turns, each from 0. */
  epochs: ChunkEpoch[];
}
