/**
 * A stage that goes through a corpus: by documents where it is known how many there are, else by the bytes of its tables.
 *
 * @module
 */
import { tableBytes } from "../datasets/corpus_pieces.ts";
import type { CorpusSource } from "../datasets/resolve_corpus.ts";
import type { Progress } from "./progress.ts";
import { type AmountStage, startAmount, startMegabytes } from "./reading.ts";

/** How far a corpus was gone through. */
export interface CorpusPlace {
  /** Documents, those that were skipped too. */
  documents: number;
  /** Bytes of its tables. */
  read: number;
}

/** A stage by a corpus' documents or bytes. */
export interface CorpusStage {
  /** Shows how much of it is done. @param wasDone by an earlier run */
  reach(place: CorpusPlace, note?: string, wasDone?: boolean): void;
  /** All of it is done. */
  done(note?: string): void;
}

/** What a stage needs to know. */
export interface CorpusStageOptions {
  /** What is gone through. */
  source: CorpusSource;
  /** Its documents, as `countDocuments` gives them. */
  total: number | null;
  /** What a document is called: "documents" by default. */
  unit?: string;
}

/**
 * A stage through a corpus, shown from when something of it is done.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { corpusStage } from "./corpus_stage.ts";
 *
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
 * const progress = createProgress({ stream, now: () => 0 });
 * const source = { path: "a", tables: [], columns: null, others: 0 };
 * const stage = await corpusStage(progress, "Measuring", { source, total: 3, unit: "texts" });
 * stage.reach({ documents: 2, read: 0 });
 * stage.done();
 * assertEquals(lines, ["Measuring: 0 of 3 texts\n", "Measuring: 3 texts in 0 s\n"]);
 * ```
 */
export async function corpusStage(
  progress: Pick<Progress, "start">,
  name: string,
  { source, total, unit = "documents" }: CorpusStageOptions,
): Promise<CorpusStage> {
  const isByBytes = total === null && source.tables.length > 0;
  const bytes = isByBytes ? await tableBytes(source.tables) : 0;
  const start = () =>
    isByBytes ? startMegabytes(progress, name, bytes) : startAmount(progress, name, { amount: total, unit });
  let stage: AmountStage | undefined; // not for a corpus that turns out to be empty
  return {
    reach: ({ documents, read }, ...how) => (stage ??= start()).show(isByBytes ? read : documents, ...how),
    done: (note) => stage?.done(note),
  };
}
