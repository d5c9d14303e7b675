/**
 * The progress of a pass over a corpus, in megabytes of what lies on the disk.
 *
 * @module
 */
import { corpusBytes } from "../datasets/corpus_pieces.ts";
import type { FindOptions } from "../datasets/find_documents.ts";
import type { CorpusOptions, CorpusSource } from "../datasets/resolve_corpus.ts";
import type { Context } from "./command.ts";

const MEGABYTE = 1e6;

/** A pass that is shown. */
export interface Reading {
  /** The corpus' options, with what tells of the pass and lets signals in. */
  options: CorpusOptions & { onRead: NonNullable<FindOptions["onRead"]> };
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
  const total = Math.ceil(await corpusBytes(source, { ...options, breathe }) / MEGABYTE);
  const stage = progress.start(name, total, "MB");
  let shown = 0;
  const show = (megabytes: number) => {
    stage.advance(megabytes - shown);
    shown = megabytes;
  };
  return {
    options: {
      ...options,
      breathe,
      onRead: async (bytes) => {
        show(Math.min(total, Math.max(shown, Math.floor(bytes / MEGABYTE))));
        await breathe();
      },
    },
    done: () => {
      show(total);
      stage.done();
    },
  };
}
