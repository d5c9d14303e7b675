/**
 * `dedupe --plan`: texts, time and memory of a run, from the first seconds of it, said without writing anything.
 *
 * @module
 */
import { type CorpusCounts, emptyCorpus, streamDocuments } from "../datasets/corpus.ts";
import { corpusBytes, countDocuments } from "../datasets/corpus_pieces.ts";
import type { CommandResult, Context } from "./command.ts";
import { DedupeTexts } from "./dedupe_texts.ts";
import { formatSeconds } from "./progress.ts";
import type { ShownCorpus } from "./shown_documents.ts";

/** What would be done. */
export interface PlannedDedupe {
  corpus: ShownCorpus;
  training: ShownCorpus | undefined;
  near: number | undefined;
  distinct?: number | undefined;
}

/** How long each corpus is tried. */
const TRIED_MS = 2000;
/** Bytes a text, and a token that is looked for. */
const [EXACT_BYTES, NEAR_BYTES, TOKEN_BYTES] = [64, 560, 6];
/** About how many characters a token has. */
const TOKEN_CHARACTERS = 4;

/**
 * Says what it would take.
 *
 * @throws {Error} if a corpus has no text; as `streamDocuments`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { planDedupe } from "./dedupe_plan.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.py", "b.py"]) await Deno.writeTextFile(`${folder}/${name}`, "x = 1\n");
 * const corpus = { source: await resolveCorpus(folder), options: {} };
 * const context = { breathe: () => Promise.resolve() };
 * const { summary } = await planDedupe({ corpus, training: undefined, near: undefined }, context);
 * assertEquals([summary.plan, summary.texts], [true, 2]);
 * ```
 */
export async function planDedupe(
  { corpus, training, near, distinct }: PlannedDedupe,
  context: Pick<Context, "breathe">,
): Promise<CommandResult> {
  const scratch = near === undefined ? "" : await Deno.makeTempFile();
  try {
    using texts = new DedupeTexts({ near, scratch, distinct, isListed: false });
    const own = await tryCorpus(corpus, (document) => {
      if (texts.add(document) && training) texts.lookFor(document);
    }, context);
    const beside = training && await tryCorpus(training, (document) => texts.search(document), context);
    const tokens = training ? own.characters / TOKEN_CHARACTERS : 0;
    const passes = training ? Math.ceil(tokens / texts.tokensAtOnce) : 0;
    // read once to decide, once to write; or both at once
    const seconds = own.seconds * (training ? 2 : 1) + passes * (beside?.seconds ?? 0);
    const bytes = own.texts * (EXACT_BYTES + (near === undefined ? 0 : NEAR_BYTES)) +
      TOKEN_BYTES * Math.min(tokens, texts.tokensAtOnce);
    return {
      text: [
        `Texts: ${own.isCounted ? "" : "about "}${own.texts}`,
        `Time: about ${formatSeconds(1000 * seconds)}, and that of writing what is left`,
        `Memory: about ${Math.ceil(bytes / 1e6)} MB beside the program's own`,
        ...near === undefined ? [] : [`Disk: about ${Math.ceil(own.characters / 1e6)} MB until it is done`],
        ...training ? [`Passes over the training corpus: ${passes}`] : [],
      ].join("\n"),
      summary: {
        plan: true,
        texts: own.texts,
        seconds: Number(seconds.toPrecision(3)),
        bytes: Math.ceil(bytes),
        passes,
      },
    };
  } finally {
    if (scratch !== "") await Deno.remove(scratch);
  }
}

/** What all of a corpus would take, by its first texts. */
async function tryCorpus(
  { source, options }: ShownCorpus,
  work: (document: { docId: string; path: string | null; text: string }) => void,
  { breathe }: Pick<Context, "breathe">,
): Promise<{ texts: number; isCounted: boolean; characters: number; seconds: number }> {
  const reading = { ...options, breathe };
  const counted = await countDocuments(source, reading);
  const total = counted === null ? await corpusBytes(source, reading) : counted;
  const seen: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
  const start = performance.now();
  let [texts, characters] = [0, 0];
  let isWhole = true;
  for await (const document of streamDocuments(source, reading, seen)) {
    work(document);
    texts++;
    characters += document.text.length;
    if (performance.now() - start < TRIED_MS) continue;
    isWhole = false;
    break;
  }
  if (texts === 0) throw emptyCorpus(source.path, seen.skipped);
  const seconds = (performance.now() - start) / 1000;
  const done = counted === null ? seen.read : texts + seen.skipped.length;
  const times = isWhole ? 1 : total / Math.max(1, done);
  return {
    texts: counted ?? Math.round(times * texts),
    isCounted: counted !== null || isWhole,
    characters: times * characters,
    seconds: times * seconds,
  };
}
