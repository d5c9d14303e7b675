/**
 * `unlearn --chunk-rows --plan`: how many chunks there are, and how long an epoch of one takes.
 *
 * @module
 */
import type { LoadOptions } from "../checkpoints/load.ts";
import type { Products } from "../engine/compile.ts";
import type { CutSet } from "./chunks.ts";
import type { CommandResult, Context } from "./command.ts";
import { formatSeconds } from "./progress.ts";
import { openModel } from "./session.ts";
import { type EpochOptions, timeEpoch } from "./unlearn_plan.ts";

/** What is planned beside the chunks. */
export interface PlannedChunks extends Omit<EpochOptions, "forgetRows"> {
  model: string;
  /** What products are computed in. */
  dtype: Products;
  /** Epochs of a chunk, at most. */
  epochs: number;
  /** How the model is opened. */
  trained: LoadOptions;
}

/**
 * A plan of the memory of the largest chunk, with the number of chunks and the time of the first pass before it. TensorFlow
 * must be open.
 *
 * @throws {Error} as `openModel`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { planChunks } from "./chunk_plan.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const cut = { chunks: [[0]], larger: 0, chunking: { replay: 0 } } as never;
 * const work = { model: "/nowhere", dtype: "float32" as const, method: "ga", epochs: 9, microBatch: 1, retainRows: 0 };
 * const planned = planChunks({ summary: {} }, cut, { ...work, trained: {}, context });
 * await assertRejects(() => planned, Error, 'Cannot find model "/nowhere"');
 * ```
 */
export async function planChunks(
  { text, summary }: CommandResult,
  { chunks, larger, chunking: { replay } }: Pick<CutSet, "chunks" | "larger" | "chunking">,
  { model, dtype, trained, epochs, context, ...work }: PlannedChunks & {
    context: Pick<Context, "cwd" | "progress" | "signal">;
  },
): Promise<CommandResult> {
  using session = await openModel(model, context, { ...trained, products: dtype });
  const rows = chunks.reduce((sum, { length }) => sum + length, 0) + replay * (chunks.length - 1);
  const each = Math.round(rows / chunks.length);
  const seconds = await timeEpoch(session.loaded.model, { ...work, forgetRows: each });
  const largest = Math.max(...chunks.map(({ length }) => length));
  const most = epochs * seconds * chunks.length;
  const also = larger === 0
    ? ""
    : `, ${larger} of them larger than asked for, as values stand in several rows`;
  const lines = [
    `Chunks: ${chunks.length}, the largest of ${largest} rows${also}; ${replay} earlier rows with each`,
    `Time: about ${
      seconds < 60 ? `${seconds.toPrecision(2)} s` : formatSeconds(1000 * seconds)
    } an epoch of a chunk, without EL_n; ${chunks.length} chunks of at most ` +
    `${epochs} epochs take at most ${formatSeconds(1000 * most)}, and most chunks fewer epochs`,
  ];
  return {
    text: [...lines, "", text].join("\n"),
    summary: {
      ...summary,
      ...{ chunks: chunks.length, largest_chunk: largest, larger_chunks: larger, replayed: replay },
      ...{ epoch_seconds: Number(seconds.toPrecision(3)), seconds: Number(most.toPrecision(3)) },
    },
  };
}
