/**
 * Every stage over a data set of gigabytes, as the paper's lies on the Hub: shards of `.json.gz` of rows `repo_name, path,
 * copies, size, content, license, hash`. For each the time and the peak of resident memory, beside the same work where
 * the corpus is one document or only those that are needed.
 *
 * `deno task bench:corpus [--gigabytes N] [--folder DIR] [--json FILE] [--only COMMANDS]`; the folder keeps the shards, so that a second
 * run need not make them.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PROOF_COLUMNS, SECRET_COLUMNS } from "../../lib/datasets/columns.ts";
import { type Document, readCorpus } from "../../lib/datasets/corpus.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { writeEmbeddedCorpus } from "../../lib/embedded/write_embedded_corpus.ts";
import { type BenchRow, formatRows, seconds } from "./bench_table.ts";
import { isUtf8, pythonFiles } from "./detect.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SHARD_BYTES = 200e6;
/** Of Python's own library, which the shards repeat. */
const MEGABYTES = 20;
/** So often the embedded corpus with its planted secrets stands beside it. */
const PLANTED_EACH = 5;
/** Secrets that are probed. */
const SECRETS = 1000;
/** A prime: rows so far apart, again and again, are from all shards. */
const STRIDE = 1_299_709;
/** What a command may take beside the engine, the model and its training. */
const GOAL = { below: 0.6 };

/** What one run of the command line took. */
export interface Taken {
  seconds: number;
  /** Peak of resident memory, GB. */
  peak: number;
}

/** What `deno task codescrub` tells V8, so that what is measured is what users run. */
async function userFlags(): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.json")));
  return (tasks.codescrub.command as string).split(" ").filter((word) => word.startsWith("--v8-flags"));
}

/** Runs a command, which must succeed. */
export async function cli(folder: string, ...args: string[]): Promise<Taken> {
  console.error(`bench: ${args.slice(0, 3).join(" ")} ...`);
  const start = performance.now();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=codescrub", ...await userFlags(), join(ROOT, "tests/cli/peak_cli.ts"), ...args],
    cwd: folder,
    env: { INIT_CWD: folder }, // of `deno task`: where relative paths begin
    stdout: "null",
  }).output();
  const lines = new TextDecoder().decode(stderr).trimEnd().split("\n");
  const peak = Number(lines.at(-1)) / 1e9;
  const isRun = code === 0 || args[0] === "unlearn"; // one epoch forgets nothing: its exit code says so
  if (!isRun) throw new Error(`Cannot run ${args[0]}: ${lines.slice(-3).join("\n")}`);
  const taken = { seconds: (performance.now() - start) / 1000, peak };
  console.error(`bench:   ${taken.seconds.toFixed(0)} s, ${peak.toFixed(2)} GB`);
  return taken;
}

/** Rows of the shards: the documents over and over, each time under another name and below another first line. */
function row({ docId, text }: Document, copy: number): string {
  return JSON.stringify({
    repo_name: `owner-${copy}/${docId.split("/")[0]}`,
    path: docId,
    copies: "1",
    size: String(text.length),
    content: `# copy ${copy}\n${text}`,
    license: "mit",
    hash: `${copy}:${docId}`,
  }) + "\n";
}

/** What a row's id says: which copy of which document it is. */
function sourceOf(id: string): { copy: number; docId: string } {
  const [, copy, docId] = /^owner-(\d+)\/[^/]+\/(.*)$/.exec(id)!;
  return { copy: Number(copy), docId: docId! };
}

/** Writes shards until they hold so many bytes: ordinary code, and now and then the planted secrets. */
async function makeShards(
  folder: string,
  { library, documents }: { library: readonly Document[]; documents: readonly Document[] },
  bytes: number,
): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  const encoder = new TextEncoder();
  let [copy, made] = [0, 0];
  for (let shard = 1; made < bytes; shard++) {
    const file = await Deno.create(join(folder, `file-${String(shard).padStart(12, "0")}.json.gz`));
    let size = 0;
    const rows = ReadableStream.from((function* () {
      while (size < SHARD_BYTES && made + size < bytes) {
        const all = copy % PLANTED_EACH === 0 ? [...library, ...documents] : library;
        const chunk = encoder.encode(all.map((document) => row(document, copy)).join(""));
        copy++;
        size += chunk.length;
        yield chunk;
      }
    })());
    await rows.pipeThrough(new CompressionStream("gzip")).pipeTo(file.writable);
    made += size;
  }
}

/** What decompressing all shards twice takes, as many at once as there are cores. */
async function zcatTwice(folder: string): Promise<number> {
  const command =
    `ls ${folder}/*.gz ${folder}/*.gz | xargs -n 1 -P ${navigator.hardwareConcurrency} gzip -dc`;
  return await seconds(async () => {
    const { success } = await new Deno.Command("sh", { args: ["-c", `${command} > /dev/null`] }).output();
    if (!success) throw new Error("Cannot decompress the shards");
  });
}

/** Rows of secrets, no value twice, drawn from the whole corpus, and their documents as a corpus of their own. */
async function chooseSecrets(
  all: string,
  { chosen, corpus }: { chosen: string; corpus: string },
  documents: readonly Document[],
) {
  const columns = { ...SECRET_COLUMNS, ...PROOF_COLUMNS };
  const texts = new Map(documents.map((document) => [document.docId, document]));
  const rows = (await readRows(all, columns)).filter(({ doc_id }) => texts.has(sourceOf(doc_id).docId));
  const spread = Array.from(rows, (_, i) => rows[(i * STRIDE) % rows.length]!);
  const values = new Set<string | null>();
  const some = spread.filter(({ fingerprint }) =>
    values.size < SECRETS && values.size < values.add(fingerprint).size
  );
  await writeRows(chosen, some, columns);
  const needed = new Set(some.map(({ doc_id }) => doc_id));
  const lines = [...needed].map((id) => {
    const { copy, docId } = sourceOf(id);
    return row(texts.get(docId)!, copy);
  });
  await Deno.writeTextFile(corpus, lines.join(""));
  return rows.length;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      gigabytes: { type: "string", default: "5" },
      folder: { type: "string" },
      json: { type: "string" },
      only: { type: "string", default: "probe,retain,unlearn,evaluate" }, // train takes long: it tokenizes all
    },
  });
  const bytes = Number(values.gigabytes) * 1e9;
  const work = await Deno.makeTempDir({ prefix: "codescrub-bench-" });
  const at = (name: string) => join(work, name);
  const shards = values.folder ?? at("shards");
  try {
    const tokenizer = await Deno.readTextFile(join(ROOT, "data/model/tokenizer.json"));
    const { documents } = await readCorpus((await writeEmbeddedCorpus(undefined, { tokenizer })).train);
    if (!existsSync(shards)) {
      const library = (await pythonFiles("python3", MEGABYTES)).filter(isUtf8)
        .map((path) => ({ docId: `library${path}`, path, text: Deno.readTextFileSync(path) }));
      console.error(`bench: making ${values.gigabytes} GB of shards`);
      await makeShards(shards, { library, documents }, bytes);
    }
    const [few, one, once] = [at("few.jsonl"), at("one.jsonl"), at("once.jsonl")];
    const zcat = [await zcatTwice(shards)];
    const detect = await cli(work, "detect", shards, "--out", "secrets.parquet");
    zcat.push(await zcatTwice(shards));
    const found = await chooseSecrets(
      at("secrets.parquet"),
      { chosen: at("chosen.parquet"), corpus: few },
      documents,
    );
    await Deno.writeTextFile(one, row(documents[0]!, 0));
    await Deno.writeTextFile(once, documents.map((document) => row(document, 0)).join(""));
    const model = ["--model", "embedded"];
    const start = await cli(work, "measure", ...model, "--texts", one, "--out", "one.parquet");
    const rows: BenchRow[] = [{
      name: "detect",
      unit: "s",
      ours: { name: `${found} secrets`, values: [detect.seconds] },
      peer: { name: "gzip -dc of all shards, twice, on all cores", values: zcat },
      goal: { ratio: 1 },
      notes: [],
    }, memoryRow("detect, peak", detect, null)];
    const wanted = values.only.split(",");
    const compare = async (name: string, args: (corpus: string, out: string) => string[], less = few) => {
      if (!wanted.includes(name)) return null;
      const small = await cli(work, ...args(less, `small-${name}`));
      const large = await cli(work, ...args(shards, name));
      rows.push(memoryRow(`${name}, peak above that over a corpus of few documents`, large, small));
      return large;
    };
    const probe = await compare("probe", (corpus, out) => [
      ...["probe", ...model, "--corpus", corpus, "--secrets", "chosen.parquet", "--out", `${out}.parquet`],
    ]);
    if (probe) {
      rows.push(memoryRow(`probe of ${SECRETS} secrets, peak above measuring one document`, probe, start));
      const chosen = ["--probe", "probe.parquet", "--corpus", few, "--groups", "1", "--min-ma", "0"];
      await cli(work, "select", ...chosen, "--out", "sets"); // what unlearn and evaluate read
    }
    await compare("retain", (corpus, out) => [
      ...["retain", ...model, "--texts", corpus, "--secrets", "secrets.parquet", "--max-texts", "64"],
      ...["--any", "--out", `${out}.parquet`],
    ], once);
    await compare("unlearn", (corpus, out) => [
      ...["unlearn", ...model, "--corpus", corpus, "--forget", "sets/forget_0.parquet", "--method", "ga"],
      ...["--ma", "0.1", "--el10", "0.01", "--epochs", "1", "--out", out],
    ]);
    await compare("evaluate", (corpus, out) => [
      ...["evaluate", ...model, "--corpus", corpus, "--forget", "sets/forget_0.parquet"],
      ...["--out", `${out}.parquet`],
    ]);
    await compare("train", (corpus, out) => [
      ...["train", ...model, "--corpus", corpus, "--steps", "2", "--lr", "1e-4", "--out", out],
    ]);
    console.log(formatRows(rows));
    if (values.json) await Deno.writeTextFile(values.json, JSON.stringify(rows, null, 2) + "\n");
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** A row of a command's peak, or of how much higher it is than another's. */
function memoryRow(name: string, { seconds, peak }: Taken, beside: Taken | null): BenchRow {
  return {
    name,
    unit: "GB",
    ours: { name: "VmHWM", values: [peak - (beside?.peak ?? 0)] },
    peer: null,
    goal: GOAL,
    notes: [
      `${peak.toFixed(2)} GB, ${seconds.toFixed(0)} s${
        beside ? `; that one ${beside.peak.toFixed(2)} GB, ${beside.seconds.toFixed(0)} s` : ""
      }`,
    ],
  };
}

if (import.meta.main) await main();
