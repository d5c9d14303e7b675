/**
 * A stream of documents as units of work of some hundred, for what a machine does with each of them for long: the units
 * are the same however many machines share them and however often one begins again, so that what a model makes of a unit
 * is the same to the last bit.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { Document } from "./corpus.ts";
import type { Shard } from "./corpus_piece.ts";

/** A document that is worked on. */
export interface UnitDocument extends Document {
  /** Where its result stands among all results. */
  row: number;
}

/** Some hundred documents that follow one another. */
export interface DocumentUnit {
  /** The unit's number, from 0. */
  index: number;
  /** Changes when the documents do. */
  key: string;
  /** Those of this machine's shard; none of a unit that is another's. */
  documents: UnitDocument[];
  /** Whether this shard has it. */
  isOwn: boolean;
  /** Documents of the stream up to its end, those that were left out too. */
  end: number;
}

/** Options of {@linkcode documentUnits}. */
export interface DocumentUnitsOptions {
  /** Only the documents of these units: those whose index is `index` modulo `count`. */
  shard?: Shard | undefined;
  /** The row of a document, or null to leave it out; its number in the stream by default. */
  rowOf?: (document: Document, number: number) => number | null | Promise<number | null>;
  /** Documents a unit. */
  documents?: number;
  /** Characters a unit, but for a longer document. */
  characters?: number;
}

const [UNIT_DOCUMENTS, UNIT_CHARACTERS] = [256, 2 ** 22];
const WHOLE: Shard = { index: 0, count: 1 };

/**
 * The units of a stream of documents, one at a time in memory.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { documentUnits } from "./document_units.ts";
 *
 * const documents = ["a", "b", "c"].map((docId) => ({ docId, path: null, text: "x = 1" }));
 * const units = documentUnits(documents, { documents: 2, shard: { index: 1, count: 2 } });
 * const found = await Array.fromAsync(units);
 * assertEquals(found.map(({ isOwn, documents }) => [isOwn, documents.length]), [[false, 0], [true, 1]]);
 * ```
 */
export async function* documentUnits(
  stream: AsyncIterable<Document> | Iterable<Document>,
  {
    shard = WHOLE,
    rowOf = (_, number) => number,
    documents: most = UNIT_DOCUMENTS,
    characters: mostCharacters = UNIT_CHARACTERS,
  }: DocumentUnitsOptions = {},
): AsyncGenerator<DocumentUnit> {
  let [index, number] = [0, 0];
  let [taken, count, characters]: [UnitDocument[], number, number] = [[], 0, 0];
  const isOwn = () => index % shard.count === shard.index;
  const take = (): DocumentUnit => {
    const unit = { isOwn: isOwn(), index: index++, key: keyOf(taken), documents: taken, end: number };
    [taken, count, characters] = [[], 0, 0];
    return unit;
  };
  for await (const document of stream) {
    const row = await rowOf(document, number);
    if (row !== null && count > 0 && characters + document.text.length > mostCharacters) yield take();
    number++;
    if (row === null) continue;
    count++;
    characters += document.text.length;
    if (isOwn()) taken.push({ ...document, row });
    if (count === most) yield take();
  }
  if (count > 0) yield take();
}

function keyOf(documents: readonly UnitDocument[]): string {
  const hash = createHash("sha256");
  for (const { docId, text, row } of documents) {
    hash.update(`${row} ${docId.length} ${text.length}\0${docId}`).update(text);
  }
  return hash.digest("hex").slice(0, 16);
}
