/**
 * The documents of a corpus one by one, as a stage that is shown.
 *
 * @module
 */
import { type CorpusCounts, type Document, streamDocuments } from "../datasets/corpus.ts";
import { countDocuments } from "../datasets/corpus_pieces.ts";
import type { CorpusOptions, CorpusSource } from "../datasets/resolve_corpus.ts";
import type { Context } from "./command.ts";
import { corpusStage } from "./corpus_stage.ts";

/** A corpus that is gone through. */
export interface ShownCorpus {
  source: CorpusSource;
  options: CorpusOptions;
}

/** What of a command's context shows a stage. */
export type Shown = Pick<Context, "progress" | "breathe">;

/** Documents between two looks at the clock. */
const DOCUMENTS = 256;

/**
 * Streams a corpus.
 *
 * @param name of the stage @param counts is told what gave no document
 * @throws {Error} as `streamDocuments`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { createProgress } from "./progress.ts";
 * import { shownDocuments } from "./shown_documents.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.py", "b.py"]) await Deno.writeTextFile(`${folder}/${name}`, "x = 1\n");
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream, now: () => 0 }), breathe: () => Promise.resolve() };
 * const corpus = { source: await resolveCorpus(folder), options: {} };
 * const documents = await Array.fromAsync(shownDocuments("Reading", corpus, context), ({ docId }) => docId);
 * assertEquals([documents, lines.at(-1)], [["a.py", "b.py"], "Reading: 2 documents in 0 s\n"]);
 * ```
 */
export async function* shownDocuments(
  name: string,
  { source, options }: ShownCorpus,
  { progress, breathe }: Shown,
  counts: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 },
): AsyncGenerator<Document> {
  const reading = { ...options, breathe };
  const total = await countDocuments(source, reading);
  const stage = await corpusStage(progress, name, { source, total });
  let documents = 0;
  const show = () => stage.reach({ documents: documents + counts.skipped.length, read: counts.read });
  for await (const document of streamDocuments(source, reading, counts)) {
    yield document;
    if (++documents % DOCUMENTS > 0) continue;
    show();
    await breathe();
  }
  if (documents > 0) show();
  stage.done();
}
