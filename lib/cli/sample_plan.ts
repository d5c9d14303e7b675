/**
 * `sample --plan`: how many texts there are, how many would be taken and how long it takes, from the first seconds of the
 * corpus, said without writing anything.
 *
 * @module
 */
import { type CorpusCounts, type Document, emptyCorpus, streamDocuments } from "../datasets/corpus.ts";
import { corpusBytes, countDocuments } from "../datasets/corpus_pieces.ts";
import type { CommandResult, Context } from "./command.ts";
import { formatSeconds } from "./progress.ts";
import { countTokens, type SampleOptions } from "./sample_corpus.ts";
import type { ShownCorpus } from "./shown_documents.ts";

/** How long the corpus is read, and the texts of it whose tokens are counted, at most. */
const [TRIED_MS, TRIED_TEXTS] = [2000, 256];

/**
 * Says what it would take.
 *
 * @throws {Error} if the corpus has no text; as `streamDocuments`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { planSample } from "./sample_plan.ts";
 *
 * const folder = await Deno.makeTempDir();
 * for (const name of ["a.py", "b.py"]) await Deno.writeTextFile(`${folder}/${name}`, "x = 1\n");
 * const tokenizer = { encodeIds: (texts: readonly string[]) => Promise.resolve(texts.map((_, i) => new Int32Array(9 + i))) };
 * const options = { tokenizer, count: 2, minTokens: 9, maxTokens: 9, order: "python" as const, seed: 42, isReference: false };
 * const corpus = { source: await resolveCorpus(folder), options: {} };
 * const { summary } = await planSample(corpus, options, { breathe: () => Promise.resolve() });
 * assertEquals([summary.documents, summary.texts], [2, 1]);
 * ```
 */
export async function planSample(
  { source, options }: ShownCorpus,
  how: SampleOptions,
  { breathe }: Pick<Context, "breathe">,
): Promise<CommandResult> {
  const reading = { ...options, breathe };
  const counted = await countDocuments(source, reading);
  const total = counted ?? await corpusBytes(source, reading);
  const seen: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
  const some: Document[] = [];
  let [texts, isWhole] = [0, true];
  const start = performance.now();
  for await (const document of streamDocuments(source, reading, seen)) {
    if (texts++ < TRIED_TEXTS) some.push(document);
    if (performance.now() - start < TRIED_MS) continue;
    isWhole = false;
    break;
  }
  if (texts === 0) throw emptyCorpus(source.path, seen.skipped);
  const readSeconds = (performance.now() - start) / 1000;
  const done = counted === null ? seen.read : texts + seen.skipped.length;
  const times = isWhole ? 1 : total / Math.max(1, done);
  const triedAt = performance.now();
  const fit = (await countTokens(some, how)).filter(({ isFit }) => isFit).length;
  const textSeconds = (performance.now() - triedAt) / 1000 / some.length;
  const documents = counted ?? Math.round(times * texts);
  const share = fit / some.length;
  const taken = Math.min(how.count, Math.round(share * documents));
  const tried = share === 0 ? documents : Math.min(documents, Math.ceil(how.count / share));
  const passes = how.order === "python" ? 2 : 1;
  const seconds = passes * times * readSeconds + tried * textSeconds;
  return {
    text: [
      `Texts: ${counted === null && !isWhole ? "about " : ""}${documents}`,
      `Taken: about ${taken}, as ${fit} of ${some.length} have ${how.minTokens} to ${how.maxTokens} tokens`,
      `Time: about ${formatSeconds(1000 * seconds)}, reading the corpus ${passes === 1 ? "once" : "twice"}`,
    ].join("\n"),
    summary: { plan: true, documents, texts: taken, seconds: Number(seconds.toPrecision(3)), passes },
  };
}
