/**
 * The options of `unlearn` that cut the forget set into chunks.
 *
 * @module
 */
import type { FORGET_COLUMNS } from "../datasets/columns.ts";
import { readForgetSpans } from "../datasets/forget_spans.ts";
import { placeKey } from "../datasets/place.ts";
import type { RowOf } from "../datasets/row_table.ts";
import { CHUNK_ORDERS, type ChunkOrder, type ChunkRow } from "../unlearning/cut_chunks.ts";
import { type OptionSpecs, type OptionValues, UsageError } from "./command.ts";
import { flagOf } from "./options.ts";

/** What is taken where an option is not given. */
export const CHUNK_DEFAULTS = { chunkOrder: "given", replay: 0.25, chunkPasses: 2, chunkSample: 64 } as const;

/** The options; the others have no default of their own, as they mean nothing without the first. */
export const CHUNK_OPTIONS = {
  chunkRows: {
    kind: "int",
    describe: "forget chunks of about so many rows one after the other; without it, the whole set at once",
    min: 1,
  },
  chunkOrder: {
    kind: "choice",
    describe: "with --chunk-rows: the table's order (default), by --seed, or of highest MA first",
    choices: CHUNK_ORDERS,
  },
  replay: {
    kind: "float",
    describe: "rows of earlier chunks that are in the loss with each chunk, as a share of --chunk-rows: " +
      `${CHUNK_DEFAULTS.replay} by default`,
    min: 0,
    max: 1,
  },
  chunkPasses: {
    kind: "int",
    describe:
      `go over the set so often, at most, after the first time over rows that came back: ${CHUNK_DEFAULTS.chunkPasses} by default`,
    min: 1,
  },
  chunkSample: {
    kind: "int",
    describe:
      `measure earlier and later chunks on so many rows of each: ${CHUNK_DEFAULTS.chunkSample} by default`,
    min: 1,
  },
} as const satisfies OptionSpecs;

/** Their values. */
export type ChunkValues = OptionValues<typeof CHUNK_OPTIONS>;

/** Values where the set is cut. */
export interface ResolvedChunks {
  chunkRows: number;
  chunkOrder: ChunkOrder;
  replay: number;
  chunkPasses: number;
  chunkSample: number;
}

/**
 * The values with their defaults; null where the set is not cut.
 *
 * @throws {UsageError} for an option that means nothing without `--chunk-rows`, or one that it does not go with
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { resolveChunks } from "./chunk_options.ts";
 *
 * const none = { chunkRows: undefined, chunkOrder: undefined, replay: undefined };
 * const values = { ...none, chunkPasses: undefined, chunkSample: undefined, lasting: false };
 * assertEquals(resolveChunks(values), null);
 * assertEquals(resolveChunks({ ...values, chunkRows: 32 })?.chunkOrder, "given");
 * assertThrows(() => resolveChunks({ ...values, replay: 1 }), Error, "Cannot use --replay without --chunk-rows");
 * ```
 */
export function resolveChunks(
  { lasting, ...values }: ChunkValues & { lasting: boolean },
): ResolvedChunks | null {
  const { chunkRows, chunkOrder, replay, chunkPasses, chunkSample } = values;
  const others = { chunkOrder, replay, chunkPasses, chunkSample };
  if (chunkRows === undefined) {
    const other = Object.entries(others).find(([, value]) => value !== undefined);
    if (other) throw new UsageError(`Cannot use ${flagOf(other[0])} without --chunk-rows`);
    return null;
  }
  if (lasting) {
    throw new UsageError(
      "Cannot use --lasting with --chunk-rows: the training that secrets must withstand comes after all are down, " +
        "and a chunk's would say nothing of the others: unlearn without it and measure with evaluate --benign",
    );
  }
  const given = Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined));
  return { chunkRows, ...CHUNK_DEFAULTS, ...given };
}

/**
 * What chunks are cut by: a secret without a fingerprint is its place alone.
 *
 * @throws {SyntaxError} when spans are no JSON
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chunkRowsOf } from "./chunk_options.ts";
 *
 * const row = { doc_id: "a", window: 0, spans: '[["KEY",2,5,"f1"],[null,7,9,"f2"]]', ma: 1, mask_tokens: 8 };
 * assertEquals(chunkRowsOf([row]), [{ values: ["f1"], ma: 1, mask_tokens: 8 }]);
 * ```
 */
export function chunkRowsOf(rows: readonly RowOf<typeof FORGET_COLUMNS>[]): ChunkRow[] {
  return rows.map((row) => ({
    values: readForgetSpans(row).flatMap((place) =>
      place.tag === null ? [] : [place.fingerprint ?? placeKey(place)]
    ),
    ...{ ma: row.ma, mask_tokens: row.mask_tokens },
  }));
}
