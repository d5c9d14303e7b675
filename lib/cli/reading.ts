/**
 * The progress of a pass over a corpus, in megabytes of what lies on the disk.
 *
 * @module
 */
import { corpusBytes } from "../datasets/corpus_pieces.ts";
import type { FindDocumentsOptions } from "../datasets/find_documents.ts";
import type { CorpusOptions, CorpusSource } from "../datasets/resolve_corpus.ts";
import type { Context } from "./command.ts";

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
  progress: Context["progress"],
  name: string,
  bytes: number,
): { show(done: number, note?: string): void; done(note?: string): void } {
  const total = Math.ceil(bytes / MEGABYTE);
  const stage = progress.start(name, total, "MB");
  let shown = 0;
  const show = (megabytes: number, note?: string) => {
    stage.advance(megabytes - shown, note);
    shown = megabytes;
  };
  return {
    show: (done, note) => show(Math.min(total, Math.max(shown, Math.floor(done / MEGABYTE))), note),
    done: (note) => {
      show(total, note);
      stage.done(note);
    },
  };
}
