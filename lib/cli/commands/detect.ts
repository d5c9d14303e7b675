/**
 * `detect`: the secrets of a corpus as a table of spans and fingerprints, by all cores and in constant memory. No value
 * is written or shown without `--reveal`. The corpus is searched piece by piece; the parts found so far stand beside the
 * output until it is whole, so an interrupted run goes on where it was and ends with the same bytes.
 *
 * @module
 */
import { readAllowList } from "../../datasets/allow_list.ts";
import { assembleParts, countDistinct } from "../../datasets/assemble_parts.ts";
import { SKIPPED_COLUMNS } from "../../datasets/columns.ts";
import { emptyCorpus } from "../../datasets/corpus.ts";
import type { CorpusPiece } from "../../datasets/corpus_piece.ts";
import { corpusPieces, countDocuments, type PieceOptions } from "../../datasets/corpus_pieces.ts";
import { type CorpusSource, resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { writeRows } from "../../datasets/row_table.ts";
import { secretTable } from "../../datasets/secret_table.ts";
import { writeTable } from "../../datasets/tables.ts";
import {
  EXTRA_SECRETS,
  type ExtraSecret,
  type Profile,
  PROFILES,
  SECRET_DETECTORS,
} from "../../secrets/detect.ts";
import { type BigramTable, checkBigrams } from "../../secrets/gibberish.ts";
import { makeFolder, removePath } from "../../files/folders.ts";
import { readRegularText } from "../../files/read_file.ts";
import { reasonOf } from "../../files/reason.ts";
import { privateIf } from "../../files/write_file.ts";
import { type Context, defineCommand, UsageError } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { corpusStage } from "../corpus_stage.ts";
import { detectPiece, type DetectPieceOptions } from "../detect_piece.ts";
import { addCounts, describeCounts, type PieceCounts, summarizeCounts } from "../detect_counts.ts";
import { partPath, readPartCounts, removeWithoutParts } from "../part_files.ts";
import { openRunFiles } from "../run_files.ts";
import { keySetting, secretKey } from "../secret_key.ts";
import { SHARD_OPTION, shardOutput } from "../shard.ts";
import { runWorkers } from "../worker_pool.ts";

/**
 * The command `detect`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./detect.ts";
 *
 * assertEquals(Object.keys(command.args), ["corpus"]);
 * ```
 */
export const command = defineCommand({
  args: {
    corpus: {
      kind: "path",
      describe: "source files, table of texts or folder of such, or - for standard input",
      required: true,
      orInput: true,
    },
  },
  options: {
    out: { kind: "path", describe: "table of the secrets", metavar: "F", required: true },
    profile: {
      kind: "choice",
      describe: "what CodeEraser's detection finds, or what more rules with fewer false alarms do",
      choices: PROFILES,
      default: "reference",
    },
    compat: {
      kind: "choice",
      describe: "whose reading of the value filter: reference drops 172.160 to 172.199 as local too",
      choices: ["sound", "paper", "reference"],
      default: "sound",
    },
    rules: {
      kind: "path",
      describe: "rules in gitleaks' format, in place of the reference profile's or beside the extended one's",
      metavar: "F",
    },
    also: { kind: "list", describe: "with the extended profile: phone, card or name", metavar: "KIND" },
    unfiltered: { kind: "flag", describe: "keep what the value filter drops (examples, local addresses)" },
    bigrams: { kind: "path", describe: "counts of letter pairs for the gibberish rule (JSON)", metavar: "F" },
    allow: { kind: "path", describe: "allow-list of what is known to be no secret", metavar: "F" },
    ...CORPUS_OPTIONS,
    skipped: { kind: "path", describe: "table of the files that were not searched, and why", metavar: "F" },
    shard: SHARD_OPTION,
    workers: { kind: "int", describe: "threads; as many as there are cores by default", min: 1, max: 256 },
    reveal: { kind: "flag", describe: "write the secrets themselves, in a column of their own" },
  },
  config: true,
  writes: true,
  async run({ corpus: given, out: whole, bigrams, allow, skipped, rules: ruleFile, ...options }, context) {
    const { shard, out, setting } = shardOutput(whole, options.shard);
    const rules = ruleFile === undefined ? undefined : await readRuleFiles(ruleFile);
    const profile = rules?.useDefault ? "extended" : options.profile;
    const also = readExtras({ ...options, profile });
    using input = await givenCorpus(given, options);
    const corpus = input.path;
    const key = await secretKey();
    const { workers: _, skipped: __, ...settings } = context.settings;
    using run = await openRunFiles([out, ...(skipped === undefined ? [] : [skipped])], {
      command: "detect",
      context: {
        ...context,
        settings: {
          ...settings,
          shard: setting,
          key: keySetting(key),
        },
      },
      inputs: { corpus: input.input, bigrams, "allow-list": allow, ...rules?.files },
      hasScratch: true,
    });
    const detectors = [...SECRET_DETECTORS, ...rules?.set.rules.map(({ id }) => id) ?? []];
    const piece = {
      key,
      profile,
      ...(rules && { rules: rules.set }),
      compat: options.compat,
      also,
      unfiltered: options.unfiltered,
      reveal: options.reveal,
      numbered: shard !== undefined,
      ...(bigrams !== undefined && { bigrams: await readBigrams(bigrams) }),
      ...(allow !== undefined && { allow: await readAllowList(allow, detectors) }),
    };
    const reading = { ...input.options, breathe: context.breathe, shard };
    const source = await resolveCorpus(corpus, reading); // refuses what is no corpus before anything is written
    const total = await countDocuments(source, reading);
    await makeFolder(run.scratch, { mode: 0o700 });
    const counts = await detectAll({ ...reading, source, total }, {
      options: { ...piece, folder: run.scratch },
      workers: options.workers ?? navigator.hardwareConcurrency,
    }, context).catch(async (error) => {
      await removeWithoutParts(run.scratch);
      throw error;
    });
    const writeSkipped = async () => {
      if (skipped === undefined) return;
      await writeRows(skipped, counts.total.skipped, SKIPPED_COLUMNS);
    };
    if (counts.total.documents === 0 && !shard) { // a shard of a small corpus may be
      await removePath(run.scratch);
      await writeSkipped(); // it tells why
      throw emptyCorpus(corpus, counts.total.skipped);
    }
    const values = await countDistinct(counts.parts, "fingerprint");
    const read = describeCorpus(source);
    const summary = { ...summarizeCounts(counts.total), values, ...read.summary, out };
    await run.finish(summary, async () => {
      if (counts.parts.length > 0) await assembleParts(counts.parts, out, privateIf(options.reveal));
      else {
        const empty = secretTable([], { reveal: options.reveal, ...(shard && { numbers: [] }) });
        await writeTable(empty, out, privateIf(options.reveal));
      }
      await writeSkipped();
    });
    return { text: [...read.lines, ...rules?.lines ?? [], describeCounts(summary)].join("\n"), summary };
  },
});

/** Rules and what reads them, which is loaded only where there are some. */
async function readRuleFiles(path: string) {
  const { readRules } = await import("../../datasets/read_rules.ts");
  return await readRules(path);
}

/** @throws {UsageError} If something unknown is asked for, or of the reference profile. */
function readExtras({ also, profile }: { also: readonly string[]; profile: Profile }): ExtraSecret[] {
  const unknown = also.find((name) => !(EXTRA_SECRETS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`Cannot read --also "${unknown}": one of ${EXTRA_SECRETS.join(", ")} is needed`);
  }
  if (also.length > 0 && profile !== "extended") {
    throw new UsageError("Cannot use --also with the reference profile: give --profile extended");
  }
  return also as ExtraSecret[];
}

const MAX_BIGRAM_BYTES = 2 ** 24;
/** How much of a corpus all workers hold at once: small pieces each, or the largest file there may be. */
const [MAX_PIECE_BYTES, WORKER_BYTES] = [2 ** 28, 2 ** 23];

/** What to search. */
interface Search extends PieceOptions {
  source: CorpusSource;
  /** Documents, where that is known. */
  total: number | null;
}

/** Detects what an earlier run has not; the parts in order and all counts together. */
async function detectAll(
  { source, total, ...search }: Search,
  { options, workers }: { options: DetectPieceOptions; workers: number },
  { progress, breathe }: Pick<Context, "progress" | "breathe">,
): Promise<{ parts: string[]; total: PieceCounts }> {
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
      module: new URL("../detect_worker.ts", import.meta.url),
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

async function readBigrams(path: string): Promise<BigramTable> {
  const text = await readRegularText(path, { what: "bigrams", maxBytes: MAX_BIGRAM_BYTES });
  try {
    return checkBigrams(JSON.parse(text));
  } catch (cause) {
    throw new SyntaxError(`Cannot read bigrams "${path}": ${reasonOf(cause)}`, { cause });
  }
}
