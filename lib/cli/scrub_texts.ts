/**
 * The innocent texts of `scrub`, looked through before any model is run: one that holds what is requested would teach it
 * again, and `evaluate` and `attack` would refuse it only when all is erased.
 *
 * @module
 */
import { checkBenign } from "../attacks/benign_texts.ts";
import { chooseDocuments } from "../datasets/choose_documents.ts";
import { SECRET_COLUMNS } from "../datasets/columns.ts";
import { streamDocuments } from "../datasets/corpus.ts";
import { spanFinder } from "../datasets/place.ts";
import { resolveCorpus } from "../datasets/resolve_corpus.ts";
import { readRows } from "../datasets/row_table.ts";
import type { Context } from "./command.ts";
import { besideCorpus, type GivenCorpus } from "./corpus_options.ts";
import { startReading } from "./reading.ts";

/** What is looked through for what. */
export interface CheckedTexts {
  /** The texts' paths. */
  texts: readonly string[];
  /** How many of each are trained on, chosen by the seed. */
  count: number;
  /** The corpus in which the secrets stand. */
  corpus: Pick<GivenCorpus, "path" | "options">;
  /** Table of their places. */
  secrets: string;
}

/**
 * Looks for the secrets in the texts.
 *
 * @throws {RangeError} when one stands in a text; {Error} as `chooseDocuments`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { writeRows } from "../datasets/row_table.ts";
 * import { SECRET_COLUMNS } from "../datasets/columns.ts";
 * import { createProgress } from "./progress.ts";
 * import { checkTexts } from "./scrub_texts.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const [path, texts, secrets] = ["corpus", "texts", "secrets"].map((name) => `${folder}/${name}.csv`) as [string, string, string];
 * await Deno.writeTextFile(path, "text\npin = hunter22\n");
 * await Deno.writeTextFile(texts, "text\nx = 1\nhunter22\n");
 * const secret = { doc_id: "0", tag: "KEY", start: 6, end: 14 };
 * await writeRows(secrets, [secret], SECRET_COLUMNS);
 * const context = { progress: createProgress(), breathe: async () => {}, seed: 1 };
 * const checked = { texts: [texts], count: 9, corpus: { path, options: {} }, secrets };
 * await assertRejects(() => checkTexts(checked, context), RangeError, "1 of 2 texts, 1 of 1 values: leave these texts out");
 * ```
 */
export async function checkTexts(
  { texts, count, corpus: { path, options }, secrets }: CheckedTexts,
  context: Pick<Context, "progress" | "breathe" | "seed">,
): Promise<void> {
  const { breathe, seed } = context;
  const chosen: string[][] = [];
  for (const path of texts) {
    const documents = await chooseDocuments(path, { ...besideCorpus(options), breathe, seed, count });
    chosen.push(documents.map(({ text }) => text));
  }
  const places = Map.groupBy(await readRows(secrets, SECRET_COLUMNS), ({ doc_id }) => doc_id);
  const source = await resolveCorpus(path, options);
  const reading = await startReading({ source, options }, context);
  const values = new Set<string>();
  for await (const { docId, text } of streamDocuments(source, reading.options)) {
    const own = places.get(docId);
    if (!own) continue;
    const spanOf = spanFinder(text, "look for");
    for (const place of own) {
      const { start, end } = spanOf(place);
      values.add(text.slice(start, end));
    }
  }
  reading.done();
  for (const innocent of chosen) checkBenign(innocent, [...values]);
}
