/**
 * The progress of a pass over a corpus, in megabytes of what lies on the disk.
 *
 * @module
 */
import { corpusBytes } from "../datasets/corpus_pieces.ts";
import type { FindDocumentsOptions } from "../datasets/find_documents.ts";
import type { CorpusOptions, CorpusSource } from "../datasets/resolve_corpus.ts";
import type { Context } from "./command.ts";
import type { Progress } from "./progress.ts";

const MEGABYTE = 1e6;

/** A pass that is shown. */
export interface Reading {
  /** The corpus' options, with what tells of the pass and lets signals in. */
  options: CorpusOptions & { onRead: NonNullable<FindDocumentsOptions["onRead"]> };
  /** The pass is over. */
  done(): void;
}

/**
 * Starts to show a pass over a corpus.
 *
 * @param name of the stage
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { createProgress } from "./progress.ts";
 * import { startReading } from "./reading.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.csv`;
 * await Deno.writeTextFile(path, "text\n" + "x".repeat(2e6));
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream, now: () => 0 }), breathe: () => Promise.resolve() };
 * const reading = await startReading({ source: await resolveCorpus(path), options: {} }, context);
 * await reading.options.onRead(1e6);
 * reading.done();
 * assertEquals(lines, ["Reading the corpus: 0 of 3 MB\n", "Reading the corpus: 3 MB in 0 s\n"]);
 * ```
 */
export async function startReading(
  { source, options }: { source: CorpusSource; options: CorpusOptions },
  { progress, breathe }: Pick<Context, "progress" | "breathe">,
  name = "Reading the corpus",
): Promise<Reading> {
  const stage = startMegabytes(progress, name, await corpusBytes(source, { ...options, breathe }));
  return {
    options: {
      ...options,
      breathe,
      onRead: async (bytes) => {
        stage.show(bytes);
        await breathe();
      },
    },
    done: stage.done,
  };
}

/**
 * A stage of so many bytes, shown by the megabyte.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { startMegabytes } from "./reading.ts";
 *
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
 * const stage = startMegabytes(createProgress({ stream, now: () => 0 }), "Tokenizing", 2.5e6);
 * stage.show(1e6);
 * stage.done("9 documents");
 * assertEquals(lines, ["Tokenizing: 0 of 3 MB\n", "Tokenizing: 3 MB in 0 s, 9 documents\n"]);
 * ```
 */
export function startMegabytes(
  progress: Pick<Progress, "start">,
  name: string,
  bytes: number,
): AmountStage {
  const stage = startAmount(progress, name, { amount: Math.ceil(bytes / MEGABYTE), unit: "MB" });
  return { ...stage, show: (done, ...how) => stage.show(Math.floor(done / MEGABYTE), ...how) };
}

/** A stage that is told how much of it is done, not how much more. */
export interface AmountStage {
  /** Shows how much is done; of less than before nothing. @param wasDone by an earlier run */
  show(done: number, note?: string, wasDone?: boolean): void;
  /** All of it is done. */
  done(note?: string): void;
}

/**
 * A stage of so many units, or of nobody knows how many, that is told how much of it is done.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { startAmount } from "./reading.ts";
 *
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
 * const stage = startAmount(createProgress({ stream, now: () => 0 }), "Counting", { amount: null, unit: "rows" });
 * for (const rows of [5, 3]) stage.show(rows);
 * stage.done();
 * assertEquals(lines, ["Counting: started\n", "Counting: 5 rows in 0 s\n"]);
 * ```
 */
export function startAmount(
  progress: Pick<Progress, "start">,
  name: string,
  { amount, unit }: { amount: number | null; unit: string },
): AmountStage {
  const stage = progress.start(name, amount, unit);
  let shown = 0;
  const show = (done: number, note?: string, wasDone = false) => {
    const more = Math.max(0, Math.min(done, amount ?? done) - shown);
    shown += more;
    if (wasDone) stage.skip(more);
    else stage.advance(more, note);
  };
  return {
    show,
    done: (note) => {
      if (amount !== null) show(amount, note);
      stage.done(note);
    },
  };
}
