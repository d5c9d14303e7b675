/**
 * Detection for looking at: every find with what the value filter says of it, where in its file it stands and what it
 * is, masked.
 *
 * @module
 */
import { secretKey } from "../cli/secret_key.ts";
import type { Document } from "../datasets/corpus.ts";
import { type SecretRow, secretRows } from "../datasets/secret_table.ts";
import { describeSecret } from "../secrets/fingerprint.ts";
import type { BigramTable } from "../secrets/gibberish.ts";

/** A find. */
export interface FoundSecret extends Omit<SecretRow, "value"> {
  /** Whether the value filter keeps it. */
  kept: boolean;
  /** The first folder of its path, or its path where it has none. */
  package: string;
  /** Its start as a share of the file. */
  position: number;
  /** Its kind, length and first two characters. */
  description: string;
}

/** Options of {@linkcode findSecrets}. */
export interface FindOptions {
  /** Called for each document. */
  onProgress?: (done: number) => void | Promise<void>;
  /** Letter pairs for the gibberish rule, as `PLANTING_BIGRAMS` for the embedded corpus. */
  bigrams?: BigramTable | undefined;
}

/**
 * Finds the secrets of documents, those that the value filter drops too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findSecrets } from "./find_secrets.ts";
 *
 * const text = 'a = "ada@mail.invalid"\nb = "127.0.0.1"\n';
 * const found = await findSecrets([{ docId: "pkg/a.py", path: "pkg/a.py", text }]);
 * assertEquals(found.map(({ tag, kept, package: name }) => [tag, kept, name]), [
 *   ["EMAIL", true, "pkg"],
 *   ["IP_ADDRESS", false, "pkg"],
 * ]);
 * ```
 */
export async function findSecrets(
  documents: readonly Document[],
  { onProgress, bigrams }: FindOptions = {},
): Promise<FoundSecret[]> {
  const options = { key: await secretKey(), ...(bigrams && { bigrams }) };
  const found: FoundSecret[] = [];
  for (const document of documents) {
    const keyOf = ({ tag, detector, start, end }: SecretRow) => `${tag} ${detector} ${start} ${end}`;
    const kept = new Set(secretRows(document, options).map(keyOf));
    const length = Array.from(document.text).length;
    for (const row of secretRows(document, { ...options, unfiltered: true, reveal: true })) {
      const { value = "", ...place } = row;
      found.push({
        ...place,
        kept: kept.has(keyOf(row)),
        package: (row.path ?? row.doc_id).split("/")[0]!,
        position: row.start / length,
        description: describeSecret(row.tag, value),
      });
    }
    await onProgress?.(1);
  }
  return found;
}
