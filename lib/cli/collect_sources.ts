/**
 * Documents of many sources, repositories or packages, collected by some at once: each source leaves a part, and what
 * became of it, in the run's scratch folder, so that an interrupted run goes on with those that have none. The parts in
 * their order make the shards of a corpus.
 *
 * @module
 */
import { join } from "node:path";
import { gzip } from "../datasets/gzip.ts";
import { makeFolder, removePath } from "../files/folders.ts";
import { readRegularText } from "../files/read_file.ts";
import { writeFileAtomic } from "../files/write_file.ts";
import type { Context } from "./command.ts";

/** A document, as it stands in a corpus. */
export interface CollectedDocument {
  doc_id: string;
  repo: string;
  path: string;
  content: string;
  licence: string | null;
  created: string | null;
  language: string;
}

/** What became of a source. */
export interface SourceOutcome {
  repo: string;
  version: string | null;
  created: string | null;
  licence: string | null;
  documents: number;
  /** Files of the language that were left out, by reason. */
  skipped: { [reason: string]: number };
  /** Why there is nothing of it; null where there may be. */
  reason: string | null;
}

/** A source under way. */
export interface OpenSource extends AsyncDisposable {
  documents: AsyncIterable<CollectedDocument>;
  /** What became of it, once all documents were read. */
  outcome(): Omit<SourceOutcome, "documents">;
}

/** How sources are collected. */
export interface CollectOptions {
  /** How many there are. */
  count: number;
  /** Opens one; `folder` is for what it needs on the way, not there yet, and removed when it is over. */
  open(index: number, folder: string, signal: AbortSignal): Promise<OpenSource | SourceOutcome>;
  /** What a failure on the way means for the source; undefined where it is none of its own. */
  explain?(index: number, error: unknown): SourceOutcome | undefined;
  /** Sources at once. */
  workers: number;
  /** The run's scratch folder. */
  folder: string;
}

const MAX_OUTCOME_BYTES = 2 ** 20;
/** The reason of a source that the network did not lead to. */
export const UNREACHABLE = "unreachable";
const PARTS = "parts";
const CLONES = "clones";

/**
 * Collects all sources that have not been.
 *
 * @throws {Error} what `open` throws: then all others stop too; the signal's reason
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { collectSources } from "./collect_sources.ts";
 * import { createProgress } from "./progress.ts";
 *
 * const gone = { repo: "ada/gone", version: null, created: null, licence: null, documents: 0, skipped: {}, reason: "not found" };
 * const context = { progress: createProgress(), signal: new AbortController().signal, breathe: () => Promise.resolve() };
 * const outcomes = await collectSources({
 *   count: 1,
 *   workers: 2,
 *   folder: await Deno.makeTempDir(),
 *   open: () => Promise.resolve(gone),
 * }, context);
 * assertEquals(outcomes, [gone]);
 * ```
 */
export async function collectSources(
  options: CollectOptions,
  { progress, signal, breathe }: Pick<Context, "progress" | "signal" | "breathe">,
): Promise<SourceOutcome[]> {
  const { count, workers, folder } = options;
  await makeFolder(join(folder, PARTS));
  await removePath(join(folder, CLONES)).catch(() => {}); // what a killed run left, if there is any
  await makeFolder(join(folder, CLONES));
  const outcomes: (SourceOutcome | undefined)[] = [];
  for (let i = 0; i < count; i++) outcomes[i] = await readOutcome(partPath(folder, i, "json"));
  const stage = progress.start("Collecting", count, "sources");
  stage.skip(outcomes.filter(Boolean).length);
  let documents = outcomes.reduce((sum, outcome) => sum + (outcome?.documents ?? 0), 0);
  const failed = new AbortController();
  const both = AbortSignal.any([signal, failed.signal]);
  let next = 0;
  const work = async () => {
    for (let index; (index = next++) < count;) {
      if (outcomes[index]) continue;
      both.throwIfAborted();
      const outcome = await collectOne(index, options, both);
      outcomes[index] = outcome;
      documents += outcome.documents;
      stage.advance(1, `${documents} documents`);
      await breathe();
    }
  };
  const all = await Promise.allSettled(
    Array.from({ length: Math.min(workers, count) }, () =>
      work().catch((error) => {
        if (!failed.signal.aborted) failed.abort(error);
        throw error;
      })),
  );
  signal.throwIfAborted();
  if (all.some(({ status }) => status === "rejected")) throw failed.signal.reason;
  await removePath(join(folder, CLONES));
  stage.done(`${documents} documents`);
  return outcomes as SourceOutcome[];
}

async function collectOne(
  index: number,
  { open, explain, folder }: CollectOptions,
  signal: AbortSignal,
): Promise<SourceOutcome> {
  const place = join(folder, CLONES, String(index));
  const part = partPath(folder, index, "jsonl.gz");
  try {
    const outcome = await open(index, place, signal)
      .then((opened) =>
        typeof opened.documents === "number" ? opened as SourceOutcome : writePart(part, opened as OpenSource)
      )
      .catch((error) => {
        const outcome = signal.aborted ? undefined : explain?.(index, error);
        if (outcome === undefined) throw error;
        return outcome;
      });
    if (outcome.reason !== UNREACHABLE) { // that may pass: the next run tries again
      await writeFileAtomic(partPath(folder, index, "json"), JSON.stringify(outcome) + "\n");
    }
    return outcome;
  } finally {
    await removePath(place).catch(() => {}); // it may not have come into being
  }
}

/** Writes a source's documents, if it has any. */
async function writePart(path: string, source: OpenSource): Promise<SourceOutcome> {
  await using held = source;
  const documents = held.documents[Symbol.asyncIterator]();
  let [count, failure]: [number, unknown] = [0, undefined];
  const first = await documents.next();
  async function* lines(): AsyncGenerator<Uint8Array> {
    const encoder = new TextEncoder();
    try {
      for (let at = first; !at.done; at = await documents.next()) {
        count++;
        yield encoder.encode(JSON.stringify(at.value) + "\n");
      }
    } catch (error) {
      failure = error; // as it is, not as the file's
      throw error;
    }
  }
  if (!first.done) {
    await writeFileAtomic(path, { bytes: 0, pieces: gzip(ReadableStream.from(lines())) }).catch((error) => {
      throw failure ?? error;
    });
  }
  return { ...held.outcome(), documents: count };
}

async function readOutcome(path: string): Promise<SourceOutcome | undefined> {
  if (await Deno.lstat(path).catch(() => undefined) === undefined) return undefined;
  const text = await readRegularText(path, { what: "a part of the run", maxBytes: MAX_OUTCOME_BYTES });
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // nothing of ours: it is collected again
  }
}

function partPath(folder: string, index: number, extension: string): string {
  return join(folder, PARTS, `part-${String(index).padStart(8, "0")}.${extension}`);
}

/**
 * Puts parts together to shards.
 *
 * @param shardPath the path of a shard by its number
 * @returns how many shards there are
 * @throws {Error} If one cannot be written
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { writeShards } from "./collect_sources.ts";
 *
 * const folder = await Deno.makeTempDir();
 * assertEquals(await writeShards([], { folder, maxBytes: 9, shardPath: (i) => Promise.resolve(`${folder}/${i}`) }), 0);
 * ```
 */
export async function writeShards(
  outcomes: readonly SourceOutcome[],
  { folder, maxBytes, shardPath }: {
    folder: string;
    /** A shard is closed when it has as many, packed. */
    maxBytes: number;
    shardPath: (number: number) => Promise<string>;
  },
): Promise<number> {
  const parts = outcomes.flatMap(({ documents }, i) =>
    documents > 0 ? [partPath(folder, i, "jsonl.gz")] : []
  );
  let shards = 0;
  for (let from = 0; from < parts.length;) {
    let [to, bytes] = [from, 0];
    while (to < parts.length && bytes < maxBytes) bytes += (await Deno.stat(parts[to++]!)).size;
    await writeFileAtomic(await shardPath(shards++), { bytes, pieces: readAll(parts.slice(from, to)) });
    from = to;
  }
  return shards;
}

/** Packed files one after the other: gzip reads them as one. */
async function* readAll(paths: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const path of paths) {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(2 ** 16);
    for (let count; (count = await file.read(buffer)) !== null;) yield buffer.subarray(0, count);
  }
}
