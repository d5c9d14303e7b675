/**
 * `dedupe` over many made-up files: exact duplicates beside reading the same shards, near-duplicates beside Python's
 * datasketch and the truth, and texts that a training corpus holds. Each run is a process of its own, whose peak of
 * resident memory is told.
 *
 * `deno task bench:dedupe [--files 1000000] [--near-files 100000] [--peer-files 20000] [--texts 10000] [--folder DIR]
 * [--packed] [--only exact,near,against] [--json FILE]`; the folder keeps the shards. datasketch comes from
 * CODESCRUB_PEER_PYTHON, else from a virtual environment in the cache folder.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { jaccard, shinglesOf } from "../../lib/collection/shingles.ts";
import { streamDocuments } from "../../lib/datasets/corpus.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { DROPPED_COLUMNS } from "../../lib/datasets/unseen_columns.ts";
import { type BenchRow, formatRows, seconds } from "./bench_table.ts";
import { cli } from "./corpus.ts";
import { asCode, changedWords, type MadeRow, madeWords, numbers, writeShards } from "./made_files.ts";
import { findPeerPython, Peer } from "./peer.ts";

const THRESHOLD = 0.7;
/** Lines of a file: about 5 KB. */
const LINES = 55;
/** One of so many files is another one again. */
const SAME_EACH = 5;
/** Files of a family: one, and copies of it with one of so many words changed; by these they are from 0.3 to 0.95 alike. */
const FAMILY = [100, 60, 40, 30, 24, 18, 14, 10, 7];
const DATASKETCH = ["datasketch==2.0.0"];

/** Files of which every fifth is one of the thousand before it. */
function* withCopies(count: number): Generator<MadeRow> {
  const random = numbers(1);
  const recent: string[] = [];
  for (let i = 0; i < count; i++) {
    const isCopy = i % SAME_EACH === SAME_EACH - 1;
    const content = isCopy
      ? recent[SAME_EACH * random(Math.min(i, 1000) / SAME_EACH | 0)] ?? recent[0]!
      : asCode(madeWords(LINES + random(20), random));
    if (!isCopy) recent[i % 1000] = content;
    yield { id: `f${i}`, path: `src/f${i}.py`, content };
  }
}

/** Families of files one after the other. */
function* families(count: number): Generator<MadeRow> {
  const random = numbers(2);
  for (let i = 0; i < count;) {
    const words = madeWords(LINES + random(20), random);
    const all = [words, ...FAMILY.map((each) => changedWords(words, each, random))];
    for (const [k, own] of all.entries()) {
      if (i++ < count) yield { id: `f${i - 1}`, path: `family/${k}.py`, content: asCode(own) };
    }
  }
}

/** What goes if each file is compared with all kept ones of its family by the definition. */
function trulyDropped(count: number): Set<string> {
  const dropped = new Set<string>();
  let kept: Uint32Array[] = [];
  let i = 0;
  for (const { id, content } of families(count)) {
    if (i++ % (FAMILY.length + 1) === 0) kept = [];
    const shingles = shinglesOf(content);
    if (kept.some((own) => jaccard(own, shingles) >= THRESHOLD)) dropped.add(id);
    else kept.push(shingles);
  }
  return dropped;
}

function quality(found: ReadonlySet<string>, truth: ReadonlySet<string>): string {
  const right = truth.intersection(found).size;
  const percent = (share: number) => (100 * share).toFixed(2);
  return `recall ${percent(right / truth.size)} %, precision ${
    percent(right / found.size)
  } % of ${truth.size} that are to go`;
}

interface Run {
  work: string;
  folder: string;
  isPacked: boolean;
  counts: { files: number; near: number; peer: number; texts: number };
}

async function shardsOf(
  name: string,
  rows: () => Iterable<MadeRow>,
  { folder, isPacked }: Run,
): Promise<string> {
  const path = join(folder, name);
  if (!existsSync(path)) {
    console.error(`bench: making ${path}`);
    const bytes = await writeShards(`${path}~`, rows(), { isPacked });
    await Deno.rename(`${path}~`, path);
    console.error(`bench:   ${(bytes / 1e9).toFixed(2)} GB of texts`);
  }
  return path;
}

async function benchExact(run: Run): Promise<BenchRow[]> {
  const { files } = run.counts;
  const shards = await shardsOf(`exact-${files}`, () => withCopies(files), run);
  const reading: number[] = [];
  const read = async () => {
    let characters = 0;
    reading.push(
      await seconds(async () => {
        for await (const { text } of streamDocuments(shards)) characters += text.length;
      }),
    );
    return characters;
  };
  const characters = await read();
  const taken = await cli(run.work, "dedupe", "--corpus", shards, "--out", "exact");
  await read();
  return [{
    name: `exact duplicates of ${files} files, ${(characters / 1e9).toFixed(2)} GB`,
    unit: "s",
    ours: { name: "dedupe", values: [taken.seconds] },
    peer: { name: "reading the same shards, before and after", values: reading },
    goal: { ratio: 0.5 },
    notes: [],
  }, {
    name: `exact duplicates of ${files} files, peak`,
    unit: "GB",
    ours: { name: "dedupe, VmHWM", values: [taken.peak] },
    peer: null,
    goal: { below: 1 },
    notes: [],
  }];
}

async function benchNear(run: Run): Promise<BenchRow[]> {
  const { near, peer: some } = run.counts;
  const shards = await shardsOf(`near-${near}`, () => families(near), run);
  const args = ["dedupe", "--near", String(THRESHOLD)];
  const table = join(run.work, "near.parquet");
  const taken = await cli(run.work, ...args, "--corpus", shards, "--out", "near", "--dropped", table);
  const droppedOf = async (path: string) =>
    new Set((await readRows(path, DROPPED_COLUMNS)).map(({ doc_id }) => doc_id));
  const truth = trulyDropped(near);
  const rows: BenchRow[] = [{
    name: `near-duplicates of ${near} files`,
    unit: "s",
    ours: { name: "dedupe --near 0.7", values: [taken.seconds] },
    peer: null,
    goal: { below: 300 },
    notes: [`${quality(await droppedOf(table), truth)}; peak ${taken.peak.toFixed(2)} GB`],
  }];
  if (some === 0) return rows;
  const few = await shardsOf(`near-${some}`, () => families(some), run);
  const fewTable = join(run.work, "few.parquet");
  const ours = await cli(run.work, ...args, "--corpus", few, "--out", "few", "--dropped", fewTable);
  const python = await findPeerPython((line) => console.error(`bench: ${line}`), DATASKETCH);
  await using peer = await Peer.start(python, "datasketch_peer.py", [few, String(THRESHOLD)]);
  const answer = await peer.ask<{ seconds: number; dropped: string[]; estimated: string[] }>("dedupe");
  const fewTruth = trulyDropped(some);
  rows.push({
    name: `near-duplicates of ${some} files`,
    unit: "s",
    ours: { name: "dedupe --near 0.7", values: [ours.seconds] },
    peer: {
      name: `datasketch ${peer.versions.datasketch}, 256 permutations, one process`,
      values: [answer.seconds],
    },
    goal: { ratio: 1 },
    notes: [
      `ours: ${quality(await droppedOf(fewTable), fewTruth)}`,
      `datasketch, any candidate: ${quality(new Set(answer.dropped), fewTruth)}`,
      `datasketch, candidates estimated at ${THRESHOLD} and more: ${
        quality(new Set(answer.estimated), fewTruth)
      }`,
    ],
  });
  return rows;
}

/** Texts of which every tenth holds 60 words in a row of a training file, and every tenth 30. */
function* unseenTexts(count: number, files: readonly string[]): Generator<MadeRow> {
  const random = numbers(3);
  for (let i = 0; i < count; i++) {
    const [words, lines] = [madeWords(LINES, random, "own"), asCode(madeWords(3, random, "own"))];
    const from = files[random(files.length)]!.split("\n");
    const at = random(from.length - 9);
    // a line has 20 words and marks
    const held = i % 10 === 0 ? from.slice(at, at + 4) : i % 10 === 5 ? from.slice(at, at + 1) : [];
    yield { id: `u${i}`, path: `u${i}.py`, content: `${lines}${held.join("\n")}\n${asCode(words)}` };
  }
}

async function benchAgainst(run: Run): Promise<BenchRow[]> {
  const { files, texts } = run.counts;
  const training = await shardsOf(`exact-${files}`, () => withCopies(files), run);
  const some: string[] = [];
  let number = 0;
  for (const { content } of withCopies(files)) if (number++ % 997 === 0) some.push(content);
  const unseen = await shardsOf(`unseen-${texts}-of-${files}`, () => unseenTexts(texts, some), run);
  const table = join(run.work, "shared.parquet");
  const taken = await cli(
    ...[run.work, "dedupe", "--corpus", unseen, "--against", training, "--out", "unseen"] as const,
    ...["--dropped", table],
  );
  const found = new Set((await readRows(table, DROPPED_COLUMNS)).map(({ doc_id }) => doc_id));
  const truth = new Set(Array.from({ length: texts / 10 }, (_, i) => `u${10 * i}`));
  const reading = await seconds(async () => {
    for await (const _ of streamDocuments(training));
  });
  return [{
    name: `${texts} texts against ${files} files, peak`,
    unit: "GB",
    ours: { name: "dedupe --against, VmHWM", values: [taken.peak] },
    peer: null,
    goal: { below: 1 },
    notes: [
      quality(found, truth),
      `${taken.seconds.toFixed(0)} s; reading the training corpus alone ${reading.toFixed(0)} s`,
    ],
  }];
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      files: { type: "string", default: "1000000" },
      "near-files": { type: "string", default: "100000" },
      "peer-files": { type: "string", default: "20000" },
      texts: { type: "string", default: "10000" },
      folder: { type: "string" },
      packed: { type: "boolean", default: false },
      only: { type: "string", default: "exact,near,against" },
      json: { type: "string" },
    },
  });
  const work = await Deno.makeTempDir({ prefix: "codescrub-bench-" });
  const counts = {
    files: Number(values.files),
    near: Number(values["near-files"]),
    peer: Number(values["peer-files"]),
    texts: Number(values.texts),
  };
  const run: Run = { work, folder: values.folder ?? work, isPacked: values.packed, counts };
  const benches = { exact: benchExact, near: benchNear, against: benchAgainst };
  try {
    const rows: BenchRow[] = [];
    for (const [name, bench] of Object.entries(benches)) {
      if (values.only.split(",").includes(name)) rows.push(...await bench(run));
    }
    console.log(`load ${Deno.loadavg()[0]!.toFixed(1)} on ${navigator.hardwareConcurrency} cores\n`);
    console.log(formatRows(rows));
    if (values.json) await Deno.writeTextFile(values.json, JSON.stringify(rows, null, 2) + "\n");
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

if (import.meta.main) await main();
