/**
 * What tells texts of a corpus from one another where forget sets are chosen.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { checkPlaces } from "../datasets/check_places.ts";
import { pickDocuments, refuseEmpty } from "../datasets/find_documents.ts";
import type { ProbedSecret } from "../datasets/forget_set.ts";
import type { CorpusSource } from "../datasets/resolve_corpus.ts";
import type { Context } from "./command.ts";
import type { GivenCorpus } from "./corpus_options.ts";
import { startReading } from "./reading.ts";
import { secretKey } from "./secret_key.ts";

/**
 * What tells the wanted documents' texts from one another, in one pass in which the places of all documents are checked.
 *
 * @returns a digest of each text by its document
 * @throws {Error} where the corpus has no documents, or a place does not hold what its fingerprint says
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { createProgress } from "./progress.ts";
 * import { readDigests } from "./read_digests.ts";
 *
 * const path = `${await Deno.makeTempDir()}/a.jsonl`;
 * await Deno.writeTextFile(path, '{"doc_id":"a","text":"x"}\n{"doc_id":"b","text":"x"}\n');
 * const source = await resolveCorpus(path, {});
 * const context = { progress: createProgress(), breathe: () => Promise.resolve() };
 * const digests = await readDigests({ rows: [], wanted: new Set(["a", "b"]) }, { source, options: {} }, context);
 * assertEquals(digests.get("a"), digests.get("b"));
 * ```
 */
export async function readDigests(
  { rows, wanted }: { rows: readonly ProbedSecret[]; wanted: ReadonlySet<string> },
  corpus: { source: CorpusSource; options: GivenCorpus["options"] },
  context: Pick<Context, "progress" | "breathe">,
): Promise<Map<string, string>> {
  const proven = Map.groupBy(rows.filter(({ fingerprint }) => fingerprint), ({ doc_id }) => doc_id);
  const key = proven.size > 0 ? await secretKey() : undefined;
  const digests = new Map<string, string>();
  const ids = new Set([...wanted, ...proven.keys()]);
  const reading = await startReading(corpus, context);
  let isEmpty = true;
  for await (const { docId, text } of pickDocuments(corpus.source, ids, reading.options)) {
    isEmpty = false;
    const places = proven.get(docId);
    if (places) await checkPlaces(places, () => text, () => key!);
    if (wanted.has(docId)) digests.set(docId, createHash("sha256").update(text).digest("base64"));
  }
  if (isEmpty) await refuseEmpty(corpus.source, corpus.options);
  reading.done();
  return digests;
}
