/**
 * A git history as pieces of a corpus: some hundred contents each, of about 4 MiB together at most, or one larger one.
 *
 * @module
 */
import type { HistoryBlob } from "./git_blobs.ts";
import { historyBlobs } from "./git_history.ts";
import type { GitHistory } from "./git_repository.ts";
import type { Shard } from "./corpus_piece.ts";
import type { KeyedSource } from "./table_pieces.ts";

/** How pieces are made. */
export interface HistoryPiecesOptions {
  exclude?: readonly string[] | undefined;
  shard?: Shard | undefined;
  /** Documents a piece. */
  documents?: number;
  breathe?: (() => Promise<void>) | undefined;
}

const [PIECE_DOCUMENTS, PIECE_BYTES] = [256, 2 ** 22];

/**
 * The pieces of a history.
 *
 * @throws {Error} As `historyBlobs`.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import type { GitHistory } from "./git_repository.ts";
 * import { historySources } from "./history_pieces.ts";
 *
 * const history = { folder: Deno.makeTempDirSync(), revisions: null, isStaged: false } as GitHistory;
 * await assertRejects(() => Array.fromAsync(historySources(history)), Error, "there is none");
 * ```
 */
export async function* historySources(
  history: GitHistory,
  { exclude = [], shard = { index: 0, count: 1 }, documents = PIECE_DOCUMENTS, breathe }:
    HistoryPiecesOptions = {},
): AsyncGenerator<KeyedSource> {
  const { folder } = history;
  for await (const { blobs, skipped } of historyBlobs(history, { exclude, shard, count: documents })) {
    await breathe?.();
    let some: HistoryBlob[] = [];
    let [left, bytes] = [skipped, 0];
    const take = (): KeyedSource => {
      const key = [...some.map(({ object, docId }) => `${object} ${docId}`), ...left.map(({ path }) => path)];
      const taken = {
        source: { kind: "history" as const, folder, blobs: some, skipped: left },
        key: key.join("\0"),
        bytes,
        read: 0,
      };
      [some, left, bytes] = [[], [], 0];
      return taken;
    };
    for (const { bytes: own, ...blob } of blobs) {
      if (some.length > 0 && bytes + own > PIECE_BYTES) yield take();
      some.push(blob);
      bytes += own;
    }
    yield take();
  }
}
