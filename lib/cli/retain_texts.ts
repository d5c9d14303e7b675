/**
 * Which texts of a corpus `retain` tries, streamed: those without secrets, of equal ones the last by its id in the place of
 * the first; and the set that is chosen of their scores, wherever these were made: in the parts of one process, or in the
 * tables of shards.
 *
 * @module
 */
import { checkPlaces } from "../datasets/check_places.ts";
import type { Place } from "../datasets/place.ts";
import { RETAIN_COLUMNS, ROW_COLUMN } from "../datasets/columns.ts";
import type { Document } from "../datasets/corpus.ts";
import { DistinctTexts } from "../datasets/distinct_texts.ts";
import { readRows, type RowOf } from "../datasets/row_table.ts";
import { chooseRetainSet, type RetainOptions, type RetainRow } from "../evaluation/retain_set.ts";

/** The columns of scores that the set is chosen of. */
export const TRIED_COLUMNS = { ...RETAIN_COLUMNS, ...ROW_COLUMN };

/** The columns of secrets that texts are left out by, and whose fingerprints prove the places. */
const PLACE_COLUMNS = { doc_id: "text", start: "int", end: "int", fingerprint: "text?" } as const;

/** Places of secrets with the proof of what was found there, by document. */
export type ProvenPlaces = ReadonlyMap<string, readonly (Place & { fingerprint?: string | null })[]>;

type TriedRow = RowOf<typeof TRIED_COLUMNS>;

/**
 * Where secrets stand in which document, of a table that `detect` wrote; nothing else of it is held.
 *
 * @throws {Error} as `readRows`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeRows } from "../datasets/row_table.ts";
 * import { readPlaces } from "./retain_texts.ts";
 *
 * const path = `${await Deno.makeTempDir()}/secrets.parquet`;
 * await writeRows(path, [{ doc_id: "a", start: 0, end: 1 }], { doc_id: "text", start: "int", end: "int" });
 * assertEquals((await readPlaces(path)).get("a"), [{ doc_id: "a", start: 0, end: 1, fingerprint: null }]);
 * ```
 */
export async function readPlaces(path: string): Promise<ProvenPlaces> {
  const rows = await readRows(path, PLACE_COLUMNS, { optional: ["fingerprint"] });
  return Map.groupBy(rows, ({ doc_id }) => doc_id);
}

/**
 * Looks at the documents of a corpus one by one, each once.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { CleanTexts } from "./retain_texts.ts";
 *
 * const places = new Map([["s", [{ doc_id: "s", start: 0, end: 1 }]]]);
 * const texts = new CleanTexts(places, () => new Uint8Array(32));
 * const add = (docId: string, text: string) => texts.add({ docId, path: null, text });
 * assertEquals([await add("s", "k"), await add("a", "x"), await add("b", "x"), await add("c", "y")], [null, 0, null, 1]);
 * assertEquals([texts.idOf(0, "a"), texts.idOf(1, "c"), texts.counts], ["b", "c", { texts: 4, with_secrets: 1, identical: 1 }]);
 * ```
 */
export class CleanTexts {
  readonly #places: ProvenPlaces;
  readonly #key: () => Uint8Array | Promise<Uint8Array>;
  readonly #distinct = new DistinctTexts();
  readonly #last = new Map<number, string>();
  #texts = 0;
  #withSecrets = 0;

  /** @param places of secrets @param key of their fingerprints */
  constructor(places: ProvenPlaces, key: () => Uint8Array | Promise<Uint8Array>) {
    this.#places = places;
    this.#key = key;
  }

  /**
   * The number of a document among the different texts without secrets; null where it has one, or came before.
   *
   * @throws {RangeError} when another value stands at a place than was found there
   */
  async add({ docId, text }: Document): Promise<number | null> {
    this.#texts++;
    const places = this.#places.get(docId);
    if (places) {
      this.#withSecrets++;
      await checkPlaces(places, () => text, this.#key);
      return null;
    }
    const before = this.#distinct.size;
    const number = this.#distinct.add(text);
    if (this.#distinct.size > before) return number;
    this.#last.set(number, docId);
    return null;
  }

  /** The id under which a text is taken: that of its last document. */
  idOf(number: number, first: string): string {
    return this.#last.get(number) ?? first;
  }

  /** What was counted so far. */
  get counts(): { texts: number; with_secrets: number; identical: number } {
    const [texts, with_secrets] = [this.#texts, this.#withSecrets];
    return { texts, with_secrets, identical: texts - with_secrets - this.#distinct.size };
  }
}

/**
 * The set that is chosen of the rows of some tables; only rows that pass are held.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeRows } from "../datasets/row_table.ts";
 * import { chooseFromTables, TRIED_COLUMNS } from "./retain_texts.ts";
 *
 * const path = `${await Deno.makeTempDir()}/part.parquet`;
 * const rows = [{ doc_id: "b", bleu4: 0.5, row: 1 }, { doc_id: "a", bleu4: 1, row: 0 }];
 * await writeRows(path, rows, TRIED_COLUMNS);
 * assertEquals(await chooseFromTables([path], { seed: 42 }), [{ doc_id: "a", bleu4: 1 }]);
 * ```
 */
export async function chooseFromTables(
  tables: readonly string[],
  { named = (row) => row, ...options }: RetainOptions & {
    /** A row under the id that its text is taken by. */
    named?: (row: TriedRow) => TriedRow;
  },
): Promise<RetainRow[]> {
  const { minBleu } = options;
  const kept: TriedRow[] = [];
  let best: TriedRow | undefined; // of those that do not pass, for the error's text
  for (const table of tables) {
    for (const row of await readRows(table, TRIED_COLUMNS)) {
      const passes = minBleu === null || minBleu === undefined || row.bleu4! >= minBleu;
      if (passes) kept.push(row);
      else if (!best || row.bleu4! > best.bleu4!) best = row;
    }
  }
  kept.sort((a, b) => a.row - b.row);
  const rows = [...kept, ...best ? [best] : []].map((row) => named(row)).map(({ doc_id, bleu4 }) => ({
    doc_id,
    bleu4,
  }));
  return chooseRetainSet(rows, options);
}
