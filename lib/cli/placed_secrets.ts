/**
 * Secrets of forget rows as attacks take them: with the text that each stands in.
 *
 * @module
 */
import type { PlacedSecret } from "../attacks/mod.ts";
import type { Document } from "../datasets/corpus.ts";
import type { ExampleSecret } from "../datasets/examples.ts";
import { spanFinder } from "../datasets/place.ts";

/**
 * Places secrets in their documents.
 *
 * @param documents all that the secrets name
 * @param secrets by code points of their documents
 * @returns them by UTF-16 places, in their order
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { placedSecrets } from "./placed_secrets.ts";
 *
 * const documents = [{ docId: "a", path: null, text: "😀 ada@mail.invalid" }];
 * const [placed] = placedSecrets(documents, [{ doc_id: "a", tag: "EMAIL", start: 2, end: 18 }]);
 * assertEquals(placed!.text.slice(placed!.start, placed!.end), "ada@mail.invalid");
 * ```
 */
export function placedSecrets(
  documents: readonly Document[],
  secrets: readonly Pick<ExampleSecret, "doc_id" | "tag" | "start" | "end">[],
): PlacedSecret[] {
  const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
  return secrets.map((secret) => {
    const text = texts.get(secret.doc_id)!;
    const id = `${secret.doc_id} ${secret.start}-${secret.end}`;
    return { id, tag: secret.tag, text, ...spanFinder(text, "use")(secret) };
  });
}
