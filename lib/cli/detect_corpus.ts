/**
 * The search of a whole corpus: piece by piece, by all cores, and only for what an earlier run has not found yet.
 *
 * @module
 */
import type { CorpusPiece } from "../datasets/corpus_piece.ts";
import { corpusPieces, type PieceOptions } from "../datasets/corpus_pieces.ts";
import type { CorpusSource } from "../datasets/resolve_corpus.ts";
import type { Context } from "./command.ts";
import { corpusStage } from "./corpus_stage.ts";
import { addCounts, type PieceCounts } from "./detect_counts.ts";
import { detectPiece, type DetectPieceOptions } from "./detect_piece.ts";
import { partPath, readPartCounts } from "./part_files.ts";
import { runWorkers } from "./worker_pool.ts";

/** How much of a corpus all workers hold at once: small pieces each, or the largest file there may be. */
const [MAX_PIECE_BYTES, WORKER_BYTES] = [2 ** 28, 2 ** 23];

/** What to search. */
export interface CorpusSearch extends PieceOptions {
  source: CorpusSource;
  /** Documents, where that is known. */
  total: number | null;
}

/** What was found. */
export interface FoundParts {
  /** Tables, in the corpus' order. */
  parts: string[];
  total: PieceCounts;
}

/**
 * Detects what an earlier run has not; the parts in order and all counts together.
 *
 * @throws {Error} as `corpusPieces` and `detectPiece`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolveCorpus } from "../datasets/resolve_corpus.ts";
 * import { createProgress } from "./progress.ts";
 * import { detectCorpus } from "./detect_corpus.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/a.py`, "# ada@mail.invalid\n");
 * const search = { source: await resolveCorpus(`${folder}/a.py`), total: 1 };
 * const options = { key: new Uint8Array(32), folder: await Deno.makeTempDir(), numbered: false };
 * const stream = { write: () => {}, isTTY: false, columns: 80 };
 * const context = { progress: createProgress({ stream, now: () => 0 }), breathe: () => Promise.resolve() };
 * const { total } = await detectCorpus(search, { options, workers: 1 }, context);
 * assertEquals(total.tags, { EMAIL: 1 });
 * ```
 */
export async function detectCorpus(
  { source, total, ...search }: CorpusSearch,
  { options, workers }: { options: DetectPieceOptions; workers: number },
  { progress, breathe }: Pick<Context, "progress" | "breathe">,
): Promise<FoundParts> {
  const stage = await corpusStage(progress, "Detecting", { source, total });
  let [spans, documents, read] = [0, 0, 0];
  const found = new Map<number, { part: string; counts: PieceCounts }>();
  const keep = async (piece: Pick<CorpusPiece, "index" | "key" | "read">, counts: PieceCounts) => {
    found.set(piece.index, { part: `${partPath(options.folder, piece)}.parquet`, counts });
    spans += counts.spans;
    documents += counts.documents + counts.skipped.length;
    read = Math.max(read, piece.read);
    stage.reach({ documents, read }, `${spans} spans`);
    await breathe();
  };
  const given = new Map<number, Pick<CorpusPiece, "index" | "key" | "read">>();
  /** The pieces that are not there yet. */
  async function* missing() {
    for await (const piece of corpusPieces(source, search)) {
      const counts = await readPartCounts<PieceCounts>(partPath(options.folder, piece));
      if (counts) await keep(piece, counts);
      else {
        given.set(piece.index, { index: piece.index, key: piece.key, read: piece.read });
        yield piece;
      }
      await breathe();
    }
  }
  const pieces = missing();
  const first = await pieces.next();
  const second = first.done ? first : await pieces.next();
  const early = [first, second].flatMap(({ done, value }) => done ? [] : [value as CorpusPiece]);
  if (early.length < 2) { // not worth a worker's start
    for (const piece of early) await keep(piece, await detectPiece(piece, options));
  } else {
    await runWorkers(chain(early, pieces), {
      module: new URL("./detect_worker.ts", import.meta.url),
      workers,
      hello: { options },
      request: (piece: CorpusPiece) => ({ piece }),
      bytesOf: ({ bytes }: CorpusPiece) => bytes,
      maxBytes: Math.max(MAX_PIECE_BYTES, workers * WORKER_BYTES),
      onResult: ({ index, counts }: { index: number; counts: PieceCounts }) =>
        keep(given.get(index)!, counts),
    });
  }
  stage.done(`${spans} spans`);
  const inOrder = [...found].sort(([a], [b]) => a - b).map(([, piece]) => piece);
  return { parts: inOrder.map(({ part }) => part), total: addCounts(inOrder.map(({ counts }) => counts)) };
}

async function* chain<T>(some: Iterable<T>, others: AsyncIterable<T>): AsyncGenerator<T> {
  yield* some;
  yield* others;
}
