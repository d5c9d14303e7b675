/**
 * `deno task bench:scan FOLDER [--gitleaks PATH] [--repetitions N] [--json FILE]`: the extended profile on one core over all
 * files of a folder, beside gitleaks on one core in alternation; and the start of `detect` to its end on ten files.
 *
 * One core: ours is the detection alone in this process, of files that it reads itself, so the reading counts; gitleaks is
 * its program with `GOMAXPROCS=1`, its start (some 0.1 s) included. V8 compiles and collects on threads of its own, as
 * Go's collector does within its one. To hold both to one core of the machine: `taskset -c 0 deno task bench:scan ...`.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { type CorpusCounts, streamDocuments } from "../../lib/datasets/corpus.ts";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { filterSecrets } from "../../lib/secrets/filter.ts";
import { cliCommand } from "../cli/run_cli.ts";
import { median, seconds } from "./bench_table.ts";

const START_REPETITIONS = 9;
const START_FILES = 10;

const { values, positionals: [folder] } = parseArgs({
  options: {
    gitleaks: { type: "string" },
    repetitions: { type: "string", default: "5" },
    json: { type: "string" },
  },
  allowPositionals: true,
});
if (folder === undefined) throw new RangeError("Missing argument: a folder of files");

const ours: number[] = [], theirs: number[] = [];
let [megabytes, spans, files] = [0, 0, 0];
for (let i = 0; i < Number(values.repetitions); i++) {
  ours.push(await seconds(() => scan(folder)));
  if (values.gitleaks !== undefined) theirs.push(await seconds(() => runGitleaks(values.gitleaks!, folder)));
}
const starts = await measureStart(folder);
const rate = (times: readonly number[]) => (megabytes / median([...times])).toFixed(1);
console.log(`${files} files, ${megabytes.toFixed(1)} MB, ${spans} spans`);
console.log(`extended profile, one core: ${show(ours)}, ${rate(ours)} MB/s`);
if (theirs.length > 0) {
  const ratio = (median([...theirs]) / median([...ours])).toFixed(2);
  console.log(
    `gitleaks, one core: ${show(theirs)}, ${rate(theirs)} MB/s; ours is ${ratio} times as fast (goal 1.5)`,
  );
}
console.log(`detect on ${START_FILES} files, start to end: ${show(starts)} (goal 0.5 s)`);
if (values.json !== undefined) {
  await Deno.writeTextFile(
    values.json,
    JSON.stringify({ files, megabytes, spans, ours, theirs, starts }) + "\n",
  );
}

function show(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b).map((time) => time.toFixed(2));
  return `${median([...times]).toFixed(2)} s (${sorted[0]} to ${sorted.at(-1)})`;
}

async function scan(folder: string): Promise<void> {
  const counts: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
  const source = await resolveCorpus(folder, { format: "files" });
  [megabytes, spans, files] = [0, 0, 0];
  for await (const { text } of streamDocuments(source, { format: "files" }, counts)) {
    spans +=
      filterSecrets(text, detectSecrets(text, { profile: "extended" }), { profile: "extended" }).length;
    megabytes += text.length / 1e6;
    files++;
  }
}

async function runGitleaks(program: string, folder: string): Promise<void> {
  const report = await Deno.makeTempFile();
  const args = [
    "dir",
    folder,
    "--no-banner",
    "--report-path",
    report,
    "--report-format",
    "json",
    "--exit-code",
    "0",
  ];
  const { success, stderr } = await new Deno.Command(program, { args, env: { GOMAXPROCS: "1" } }).output();
  await Deno.remove(report);
  if (!success) throw new Error(`gitleaks failed: ${new TextDecoder().decode(stderr).slice(-500)}`);
}

/** Seconds of whole runs of the command on ten of the files, as a user starts it. */
async function measureStart(folder: string): Promise<number[]> {
  const corpus = await Deno.makeTempDir();
  try {
    const counts: CorpusCounts = { skipped: [], replacedSurrogates: 0, read: 0 };
    const source = await resolveCorpus(folder, { format: "files" });
    let count = 0;
    for await (const { text } of streamDocuments(source, { format: "files" }, counts)) {
      await Deno.writeTextFile(join(corpus, `${count}.txt`), text.slice(0, 20_000));
      if (++count === START_FILES) break;
    }
    const args = ["detect", corpus, "--profile", "extended", "--fail-on-findings"];
    const times: number[] = [];
    for (let i = 0; i < START_REPETITIONS; i++) {
      times.push(await seconds(async () => void await cliCommand(args).output()));
    }
    return times;
  } finally {
    await Deno.remove(corpus, { recursive: true });
  }
}
