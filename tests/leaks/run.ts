/**
 * The leak harness, `deno task leaks`: plants made-up values wherever a file may hold one, runs every command on good
 * and bad input, and searches every byte that was written, decoded, for pieces of nine characters.
 *
 * Four things may be shown. What the user typed is the user's. A document's id stands in the columns `doc_id`, `of` and
 * `path`, in a report and in SARIF, where the contract writes it. The copy of a corpus that `redact` writes is the user's text
 * but for the secrets that `detect` found; what `dedupe` and `sample` write is texts of the user as they stand. Each has
 * its line below (`keepsCorpus`, `copiesTexts`, `isId`).
 */
import { basename, join } from "node:path";
import { createProgress } from "../../lib/cli/progress.ts";
import { secretPieces } from "../../lib/embedded/secret_formats.ts";
import { SECRET_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { readTable } from "../../lib/datasets/tables.ts";
import { callMain } from "../cli/call_main.ts";
import { runCli, temporaryFolder } from "../cli/run_cli.ts";
import { certifiedCommands } from "../cli/tiny_cases.ts";
import { drawSecret, writeTinyRun } from "../cli/tiny_run.ts";
import { badCases, type CaseFiles, goodCases, type LeakCase } from "./cases.ts";
import { Plants } from "./plants.ts";
import { type FindPieces, pieceFinder, textsOf } from "./leaks.ts";

/** What a run of the harness did and found. */
export interface LeakReport {
  commands: number;
  cases: number;
  /** Command lines that were run, with and without CODESCRUB_DEBUG=1. */
  runs: number;
  planted: number;
  /** Characters of stdout and stderr, and bytes of files. */
  searched: number;
  leaks: string[];
  /** Cases that should succeed and did not. */
  failures: string[];
}

/** Options of {@linkcode huntLeaks}. */
export interface HuntOptions {
  /** Every n-th bad case only. */
  every?: number;
  /** Every n-th case has a process of its own, whose stderr holds what Deno itself and native code write too. */
  processEvery?: number;
  /** Values of CODESCRUB_DEBUG to run each case with. */
  debugs?: readonly string[];
  onCase?: (done: number) => void;
}

/** Runs the cases and searches what they wrote. */
export async function huntLeaks(options: HuntOptions = {}): Promise<LeakReport> {
  const { every = 1, processEvery = 25, debugs = ["0", "1"], onCase } = options;
  using folder = temporaryFolder();
  const plants = new Plants();
  const names = ["CODESCRUB_KEY", "HF_TOKEN"];
  const variables = Object.fromEntries(names.map((name) => [name, plants.name(name)]));
  using _environment = withEnvironment({ ...variables, HF_HOME: folder.path, HF_HUB_OFFLINE: "1" });
  const files = await prepare(folder.path, plants);
  const report: LeakReport = {
    commands: 0,
    cases: 0,
    runs: 0,
    planted: 0,
    searched: 0,
    leaks: [],
    failures: [],
  };
  const commands = new Set<string>();
  let bad = 0;
  for await (const one of casesOf(files, plants)) {
    if (one.isGood === undefined && bad++ % every !== 0) continue;
    commands.add(one.command);
    report.cases++;
    const find = pieceFinder(plants.pieces);
    const isProcess = one.isProcess || report.cases % processEvery === 0;
    for (const debug of debugs) await runCase(one, { files, plants, find, report, debug, isProcess });
    onCase?.(report.cases);
  }
  return { ...report, commands: commands.size, planted: plants.count };
}

async function* casesOf(files: CaseFiles, plants: Plants): AsyncGenerator<LeakCase> {
  yield* goodCases(files, plants);
  yield* badCases(files, plants);
}

/** Sets variables until it is disposed. */
function withEnvironment(variables: { [name: string]: string }): Disposable {
  const before = Object.keys(variables).map((name) => [name, Deno.env.get(name)] as const);
  for (const [name, value] of Object.entries(variables)) Deno.env.set(name, value);
  const restore = () => {
    for (const [name, value] of before) {
      value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    }
  };
  return { [Symbol.dispose]: restore };
}

/** A tiny run; its corpus gets planted ids, a planted column and cells; and what detect finds in it. */
async function prepare(folder: string, plants: Plants): Promise<CaseFiles> {
  const run = await writeTinyRun(folder);
  plants.add({ place: "a secret of the corpus" }, run.pieces);
  const rows = (await Deno.readTextFile(run.corpus)).trim().split("\n").map((line) => JSON.parse(line));
  for (let i = 0; i < 4; i++) {
    const secret = drawSecret(600 + i);
    plants.add({ place: "a secret beside a planted id" }, secretPieces(secret));
    rows.push({
      doc_id: plants.id("a document's id"),
      text: `key = "${secret}"\n# ${plants.text("a comment")}\n`,
    });
  }
  const column = plants.name("a column of the corpus");
  for (const row of rows) row[column] = plants.text("a cell beside the texts");
  await Deno.writeTextFile(run.corpus, rows.map((row) => JSON.stringify(row) + "\n").join(""));
  const path = (name: string) => join(folder, name);
  const files = {
    ...run,
    found: path("found.parquet"),
    run: path("run"),
    out: path("out"),
    bad: path("bad"),
  };
  for (const folder of [files.run, files.out, files.bad]) await Deno.mkdir(folder);
  for (const args of [["detect", files.corpus, "--out", files.found], ...certifiedCommands(files)]) {
    const { code, stderr } = await callMain(args);
    if (code !== 0) throw new Error(`Cannot prepare the leak harness: ${stderr}`);
  }
  for (
    const [from, name] of [[files.found, "secrets"], [files.probe, "probe"], [files.thresholds, "thresholds"]]
  ) {
    await Deno.copyFile(from!, join(files.run, `${name}.parquet`));
  }
  const texts = new Map(rows.map(({ doc_id, text }) => [doc_id, text]));
  for (const { doc_id, start, end } of await readRows(files.found, SECRET_COLUMNS)) {
    const value = texts.get(doc_id).slice(start, end); // texts of one unit a character
    plants.add({ place: "a secret that detect found", isFound: true }, secretPieces(value));
  }
  return files;
}

interface RunCaseOptions {
  files: CaseFiles;
  plants: Plants;
  find: FindPieces;
  report: LeakReport;
  debug: string;
  isProcess: boolean;
}

async function runCase(one: LeakCase, options: RunCaseOptions): Promise<void> {
  const { files, plants, find, report, debug, isProcess } = options;
  using _environment = withEnvironment({ CODESCRUB_DEBUG: debug });
  const run = isProcess ? runCli(one.args, { env: { CODESCRUB_DEBUG: debug } }) : callMain(one.args);
  const { code, ...streams } = await run;
  const about = `${one.command}, ${one.about}, CODESCRUB_DEBUG=${debug}`;
  report.runs++;
  const before = report.leaks.length;
  if (one.isGood && code !== 0) report.failures.push(`${about}: exit ${code}: ${streams.stderr}`);
  const note = (where: string, pieces: string[]) => {
    const places = pieces.map((piece) => plants.placeOf(piece));
    const wrong = places.filter(({ isFound }) => isFound || !one.keepsCorpus).map(({ place }) => place);
    for (const place of new Set(wrong)) report.leaks.push(`${about}: ${where} shows ${place}`);
  };
  for (const [name, text] of Object.entries(streams)) {
    report.searched += text.length;
    note(name, find(text));
  }
  for (const path of filesBelow(files.out)) {
    if (one.copiesTexts && !/\/\.codescrub\/|\/dropped\./.test(path)) continue;
    report.searched += (await Deno.stat(path)).size;
    note(basename(path), await piecesOf(path, { find, plants }));
  }
  if (one.isRevealing) {
    const shown = report.leaks.splice(before);
    if (!shown.some((leak) => leak.includes("a secret that detect found"))) {
      report.failures.push(`${about}: blind`);
    }
  }
  await Deno.remove(files.out, { recursive: true });
  await Deno.mkdir(files.out);
}

function filesBelow(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? filesBelow(path) : [path];
  });
}

/** The pieces in a file and its name; ids may stand where ids are named. */
async function piecesOf(
  path: string,
  { find, plants }: Pick<RunCaseOptions, "find" | "plants">,
): Promise<string[]> {
  const texts = await textsOf(path).catch(async () => [await Deno.readTextFile(path)]); // broken, as it was given
  const pieces = [basename(path), ...texts].flatMap(find);
  const isId = (piece: string) => plants.placeOf(piece).isId;
  if (!pieces.some(isId)) return pieces;
  if (/\.(html|sarif)$/.test(path)) return pieces.filter((piece) => !isId(piece));
  const beside = /\.(parquet|csv|jsonl|jsonl\.gz)$/.test(path) ? await cellsBesideIds(path) : texts;
  return [...pieces.filter((piece) => !isId(piece)), ...beside.flatMap(find)];
}

async function cellsBesideIds(path: string): Promise<string[]> {
  const rows = (await readTable(path)).toRecords();
  return rows.flatMap(({ doc_id: _, path: __, of: ___, ...rest }) => Object.entries(rest).flat().map(String));
}

if (import.meta.main) {
  const start = performance.now();
  const progress = createProgress();
  const stage = progress.start("Hunting leaks", null, "cases");
  const report = await huntLeaks({ onCase: () => stage.advance() });
  stage.done();
  progress.close();
  for (const line of [...report.failures, ...report.leaks]) console.log(line);
  const { commands, cases, runs, planted, searched, leaks, failures } = report;
  const seconds = Math.round((performance.now() - start) / 1000);
  console.log(
    `${commands} commands, ${cases} cases, ${runs} runs, ${planted} planted values, ${
      (searched / 1e6).toFixed(1)
    } ` +
      `MB searched in ${seconds} s: ${leaks.length} leaks, ${failures.length} good runs failed`,
  );
  Deno.exit(leaks.length + failures.length === 0 ? 0 : 1);
}
