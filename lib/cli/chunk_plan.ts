/**
 * `unlearn --chunk-rows --plan`: how many chunks there are, and how long an epoch of one takes. For that the model is loaded,
 * where it fits.
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

/** What is planned beside the chunks; the plan of memory says how many rows run at once. */
export interface PlannedChunks extends Omit<EpochOptions, "forgetRows" | "microBatch"> {
  model: string;
  /** What products are computed in. */
  dtype: Products;
  /** Epochs of a chunk, at most. */
  epochs: number;
  /** How the model is opened. */
  trained: LoadOptions;
}

/**
 * A plan of the memory of the largest chunk, with the number of chunks and, where it fits, the time of the first pass before
 * it: two epochs on random tokens are run, with the plan's micro-batch. TensorFlow must be open.
 *
 * @param plan of `planUnlearning`
 * @throws {Error} as `openModel`
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { planChunks } from "./chunk_plan.ts";
 *
 * const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
 * const cut = { chunks: [[0]], larger: 0, chunking: { replay: 0 } } as never;
 * const work = { model: "/nowhere", dtype: "float32" as const, method: "ga", epochs: 9, retainRows: 0, trained: {}, context };
 * const planned = planChunks({ summary: { micro_batch: 1 } }, cut, work);
 * await assertRejects(() => planned, Error, 'Cannot find model "/nowhere"');
 * const { summary } = await planChunks({ summary: { micro_batch: null } }, cut, work); // it does not fit
 * assertEquals([summary.chunks, summary.epoch_seconds], [1, null]);
 * ```
 */
export async function planChunks(
  { text, summary }: CommandResult,
  { chunks, larger, chunking: { replay } }: Pick<CutSet, "chunks" | "larger" | "chunking">,
  { epochs, ...work }: PlannedChunks & { context: Pick<Context, "cwd" | "progress" | "signal"> },
): Promise<CommandResult> {
  const rows = chunks.reduce((sum, { length }) => sum + length, 0) + replay * (chunks.length - 1);
  const microBatch = summary.micro_batch as number | null;
  const seconds = microBatch === null
    ? null
    : await secondsOf(Math.round(rows / chunks.length), { ...work, microBatch });
  const most = seconds === null ? null : epochs * seconds * chunks.length;
  const largest = Math.max(...chunks.map(({ length }) => length));
  const also = larger === 0
    ? ""
    : `, ${larger} of them larger than asked for, as values stand in several rows`;
  const lines = [
    `Chunks: ${chunks.length}, the largest of ${largest} rows${also}; ${replay} earlier rows with each`,
    seconds === null
      ? "Time: not measured, as it does not fit"
      : `Time: about ${
        seconds < 60 ? `${seconds.toPrecision(2)} s` : formatSeconds(1000 * seconds)
      } an epoch of a chunk, without EL_n; ${chunks.length} chunks of at most ` +
        `${epochs} epochs take at most ${formatSeconds(1000 * most!)}, and most chunks fewer epochs`,
  ];
  const rounded = (value: number | null) => value === null ? null : Number(value.toPrecision(3));
  return {
    text: [...lines, "", text].join("\n"),
    summary: {
      ...summary,
      ...{ chunks: chunks.length, largest_chunk: largest, larger_chunks: larger, replayed: replay },
      ...{ epoch_seconds: rounded(seconds), seconds: rounded(most) },
    },
  };
}

/** The seconds of an epoch of so many rows. */
async function secondsOf(
  forgetRows: number,
  { model, dtype, trained, context, ...work }:
    & Omit<PlannedChunks, "epochs">
    & Pick<EpochOptions, "microBatch">
    & { context: Pick<Context, "cwd" | "progress" | "signal"> },
): Promise<number> {
  using session = await openModel(model, context, { ...trained, products: dtype });
  return await timeEpoch(session.loaded.model, { ...work, forgetRows });
}
