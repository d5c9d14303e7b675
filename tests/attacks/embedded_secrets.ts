/**
 * Secrets of the embedded corpus for the embedded model: planted ones that it saw often, and twins that it never saw.
 *
 * @module
 */
import { join } from "node:path";
import { buildEmbeddedCorpus } from "../../lib/embedded/embedded_corpus.ts";
import type { PlantedDocuments } from "../../lib/embedded/planted_secrets.ts";
import { EMBEDDED_MODEL } from "../../lib/setup/fetched_models.ts";
import type { PlacedSecret } from "../../lib/attacks/placed_secret.ts";

/** The place of each secret with the least text before it, as that is what takes time; ids are the corpus's own. */
function placesOf(
  { documents, secrets }: PlantedDocuments,
): (PlacedSecret & { copies: number; format: string })[] {
  const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
  const places = new Map(
    secrets.toSorted((a, b) => b.start - a.start).map((secret) => [secret.secretId, secret]),
  );
  return Array.from(places.values(), ({ docId, secretId, tag, start, end, copies, format }) => ({
    id: secretId,
    text: texts.get(docId)!,
    tag,
    start,
    end,
    copies,
    format,
  })).sort((a, b) => a.id < b.id ? -1 : 1);
}

/** Some planted secrets of 64 copies and their twins, in like order; needs the wheels. */
export async function embeddedSecrets(count: number) {
  const tokenizer = await Deno.readTextFile(join(EMBEDDED_MODEL, "tokenizer.json")); // trained already, on the same texts
  const { planted, twins } = await buildEmbeddedCorpus({ tokenizer });
  const memorized = placesOf(planted).filter(({ copies }) => copies === 64).slice(0, count);
  const ids = new Set(memorized.map(({ id }) => id.replace("planted/", "twin/")));
  return { memorized, unseen: placesOf(twins).filter(({ id }) => ids.has(id)) };
}
