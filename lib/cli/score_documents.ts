/**
 * What commands make of each document of a corpus by a model, streamed: units of some hundred documents, a part of the
 * output each, or several where the model is slow.
 *
 * @module
 */
import { changedCorpus, type CorpusCounts, emptyCorpus, streamDocuments } from "../datasets/corpus.ts";
import type { Shard } from "../datasets/corpus_piece.ts";
import { countDocuments } from "../datasets/corpus_pieces.ts";
import {
  type DocumentUnit,
  documentUnits,
  type DocumentUnitsOptions,
  type UnitDocument,
} from "../datasets/document_units.ts";
import { gpuMemory } from "../engine/cpu_features.ts";
import type { Model } from "../models/model.ts";
import type { CorpusOptions, CorpusSource } from "../datasets/resolve_corpus.ts";
import type { Columns, RowOf } from "../datasets/row_table.ts";
import type { Context, Json } from "./command.ts";
import { corpusStage } from "./corpus_stage.ts";
import { makeParts, type PartName, type WorkUnit } from "./part_files.ts";

/** A corpus as it was looked at. */
export interface ScoredCorpus {
  source: CorpusSource;
  options: CorpusOptions;
}

/** Options of {@linkcode scoreDocuments}. */
export interface ScoreDocumentsOptions<C extends Columns, T extends Json>
  extends Pick<DocumentUnitsOptions, "rowOf"> {
  /** The stage's name. */
  name: string;
  /** Where parts are written. */
  folder: string;
  shard: Shard | undefined;
  /** Those of the rows. */
  columns: C;
  /** Documents of the corpus by an earlier pass, by which some of them were chosen. */
  expected?: number | undefined;
  /** Documents of a part, at most; all of a unit by default. What a part holds is kept where the command is killed. */
  partDocuments?: number;
  /** Makes the rows of some documents, and counts; it tells how many are done. */
  score: (
    documents: readonly UnitDocument[],
    tell: (done: number) => Promise<void>,
  ) => Promise<{ rows: readonly RowOf<C>[]; counts: T }>;
}

/** A model of so many weights makes a part of 256 texts in seconds; of larger ones a part holds fewer in proportion. */
const FAST_WEIGHTS = 2 ** 23;
const [LEAST, MOST] = [4, 256];

/**
 * How many documents a part may hold, so that some minutes of work are lost at most where a command is killed. A graphics
 * card is quick, and wants many at once.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { partDocuments } from "./score_documents.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * assertEquals([4e6, 135e6, 7e9].map((parameterCount) => partDocuments({ parameterCount })), [256, 8, 4]);
 * ```
 */
export function partDocuments({ parameterCount }: Pick<Model, "parameterCount">): number {
  if (gpuMemory() !== null) return MOST;
  const share = 2 ** Math.floor(Math.log2(MOST * FAST_WEIGHTS / parameterCount));
  return Math.min(MOST, Math.max(LEAST, share));
}

/** What was made of a corpus. */
export interface ScoredDocuments<T> {
  /** Files of the parts, in the corpus' order. */
  parts: string[];
  /** What was counted of each. */
  counts: T[];
  /** Documents of the corpus. */
  documents: number;
  /** What of the corpus gave no document. */
  skipped: number;
}

/**
 * Makes what is not there yet of a corpus, or of a shard's units of it.
 *
 * @throws {Error} If the corpus has no document, or others than were expected; as `streamDocuments`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { createProgress } from "./progress.ts";
 * import { scoreDocuments } from "./score_documents.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.py`, "x = 1\n");
 * const stream = { write: () => {}, isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream }), breathe: () => Promise.resolve() };
 * const corpus = { source: await resolveCorpus(folder), options: {} };
 * const { counts, documents } = await scoreDocuments(corpus, {
 *   name: "Measuring",
 *   folder: `${await Deno.makeTempDir()}/parts`,
 *   shard: undefined,
 *   columns: { doc_id: "text" },
 *   score: (documents) => Promise.resolve({ rows: documents.map(({ docId }) => ({ doc_id: docId })), counts: 7 }),
 * }, context);
 * assertEquals([counts, documents], [[7], 1]);
 * ```
 */
export async function scoreDocuments<C extends Columns, T extends Json>(
  { source, options }: ScoredCorpus,
  { name, folder, shard, columns, score, rowOf, expected, partDocuments }: ScoreDocumentsOptions<C, T>,
  { progress, breathe }: Pick<Context, "progress" | "breathe">,
): Promise<ScoredDocuments<T>> {
  const reading = { ...options, breathe };
  const total = await countDocuments(source, reading);
  const stage = await corpusStage(progress, name, { source, total, unit: "texts" });
  const seen: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
  let at = { documents: 0, read: 0 };
  let next = at;
  let count = 0;
  async function* counted() {
    for await (const document of streamDocuments(source, reading, seen)) {
      count++;
      yield document;
    }
  }
  /** The units of this shard. */
  async function* own(): AsyncGenerator<WorkUnit<C, T>> {
    const units = documentUnits(counted(), { shard, ...(rowOf && { rowOf }) });
    for await (const unit of units) {
      const from = at;
      const end = { documents: unit.end + seen.skipped.length, read: seen.read };
      if (!unit.isOwn) {
        stage.reach(at = end, undefined, true);
        continue;
      }
      for (const { name, documents, isLast } of partsOf(unit, partDocuments)) {
        const share = documents.length / unit.documents.length;
        next = isLast ? end : {
          documents: at.documents + documents.length,
          read: at.read + share * (end.read - from.read),
        };
        let done = 0;
        const tell = async (more: number) => {
          done += more;
          stage.reach({ documents: at.documents + done, read: at.read });
          await breathe();
        };
        yield { ...name, make: () => score(documents, tell) };
      }
    }
  }
  const made = await makeParts(own(), {
    folder,
    columns,
    onPart: (_, wasThere) => stage.reach(at = next, undefined, wasThere),
  });
  stage.done();
  if (count === 0) throw emptyCorpus(source.path, seen.skipped);
  if (expected !== undefined && count !== expected) {
    throw changedCorpus(source.path, expected, count);
  }
  return { ...made, documents: count, skipped: seen.skipped.length };
}

/** The parts of a unit: one, by the unit's own name, or several. */
function* partsOf(
  { index, key, documents }: DocumentUnit,
  most = documents.length,
): Generator<{ name: PartName; documents: UnitDocument[]; isLast: boolean }> {
  const isWhole = documents.length <= most;
  for (let first = 0; first < documents.length; first += most) {
    yield {
      name: { index, key: isWhole ? key : `${key}x${most}x${first}` },
      documents: documents.slice(first, first + most),
      isLast: first + most >= documents.length,
    };
  }
}
