/**
 * Bad input for every command in turn: a tiny run whose files are given to a command, some of its flags changed, and
 * the check that a failure is one line on stderr and leaves nothing behind.
 */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { callMain } from "./call_main.ts";
import { type CliRun, temporaryFolder } from "./run_cli.ts";
import { type TinyRun, writeTinyRun } from "./tiny_run.ts";

/** Flags of a command; `corpus` of detect, `tables` of report and `certificate` of verify are their arguments. */
export type Flags = { [name: string]: string | number | true | undefined };

/** A tiny run in a folder of its own; `run` runs a command on its files, `fail` one that must leave nothing. */
export async function tiny() {
  const folder = temporaryFolder();
  const files = await writeTinyRun(folder.path);
  const path = (name: string) => join(folder.path, name);
  const run = async (command: string, changes: Flags = {}): Promise<CliRun> => {
    const result = await callMain(argumentsOf(command, files, changes));
    for (const piece of files.pieces) {
      assert(!(result.stdout + result.stderr).includes(piece), `${command} shows a piece of a secret`);
    }
    return result;
  };
  const fail = async (
    command: string,
    changes: Flags,
    message: RegExp | string,
    code = 1,
  ): Promise<void> => {
    const before = listAll(folder.path);
    const found = await run(command, changes);
    const lines = found.stderr.trimEnd().split("\n").filter((line) => !isProgress(line));
    const about = `${command} ${JSON.stringify(changes)}: ${found.stderr}`;
    assertEquals([found.code, lines.length, found.stdout], [code, 1, ""], about);
    assertStringIncludes(lines[0]!, "codescrub: ");
    if (typeof message === "string") assertStringIncludes(lines[0]!, message, about);
    else assertMatch(lines[0]!, message, about);
    assertEquals(listAll(folder.path), before, `${about} left something behind`);
  };
  return { ...files, path, run, fail, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** The command lines that make a tiny run's model forget, attack it and certify it, by thresholds of any model's reach. */
export function certifiedCommands(files: TinyRun, changes: Flags = {}): string[][] {
  const [erased, attacks] = ["erased", "attacks"].map((name) => join(files.folder, name)) as [string, string];
  const thresholds = { thresholds: undefined, ma: 1, el10: 1, epochs: 1 };
  return [
    argumentsOf("unlearn", files, { ...thresholds, ...changes, out: erased }),
    argumentsOf("attack", files, { model: erased, attacks: "exposure,extract", out: attacks }),
    argumentsOf("certify", files, {}),
  ];
}

const POSITIONALS: { readonly [command: string]: string } = {
  detect: "corpus",
  redact: "corpus",
  merge: "table",
  report: "tables",
  sweep: "sweep",
  verify: "certificate",
};

/** A command line over the good files of a tiny run, some of its flags changed (undefined: not given). */
export function argumentsOf(command: string, files: TinyRun, changes: Flags): string[] {
  const { model, corpus, secrets, probe, forget, retain, thresholds, request, problems, folder } = files;
  const table = join(folder, "out.parquet"), run = join(folder, "out");
  const erased = join(folder, "erased"), certificate = join(erased, "certificate.json");
  const all: { [command: string]: Flags } = {
    crawl: { language: "Lua", "created-after": "2023-06-01", out: table },
    collect: { repos: join(folder, "repos.csv"), language: "Lua", out: run },
    detect: { corpus, out: table },
    dedupe: { corpus, out: run },
    sample: { corpus, tokenizer: model, "min-tokens": 1, out: table },
    measure: { model, texts: corpus, out: table },
    thresholds: { model, texts: corpus, out: table },
    probe: { model, corpus, secrets, out: table },
    analyze: { probe, threshold: 0.4, out: table },
    select: { probe, corpus, k: 4, groups: 2, out: run },
    retain: { model, texts: corpus, secrets, k: 4, out: table },
    unlearn: { model, corpus, forget, retain, method: "codeeraser", thresholds, out: run },
    evaluate: { model, corpus, forget, retain, out: table },
    humaneval: { model, problems, n: 2, "max-tokens": 32, sandbox: "none", consent: true, out: run },
    attack: { model, before: model, corpus, forget, controls: 20, "attacked-controls": 1, out: run },
    scrub: {
      model,
      corpus,
      request,
      controls: 9,
      attacks: "exposure",
      "exposure-controls": 9,
      any: true,
      out: run,
    },
    sweep: { sweep: join(folder, "sweep.json"), out: run },
    certify: {
      ...{ model: erased, before: model, forget, attacks: join(folder, "attacks") },
      out: certificate,
    },
    verify: { certificate, model: erased, corpus, forget },
    report: { tables: folder, out: join(folder, "out.html") },
    redact: { corpus, secrets, out: run },
    merge: { table },
    "merge-adapter": { model, adapter: join(folder, "adapter"), out: run },
    train: { corpus, model, steps: 2, batch: 2, length: 16, out: run },
  };
  const {
    [POSITIONALS[command] ?? ""]: positional,
    ...flags
  } = {
    ...all[command]!,
    ...changes,
  };
  const words = Object.entries(flags).flatMap(([name, value]) =>
    value === undefined ? [] : value === true ? [`--${name}`] : [`--${name}`, String(value)]
  );
  return [command, ...(positional === undefined ? [] : [String(positional)]), ...words];
}

function isProgress(line: string): boolean {
  return /^[A-Z][\w ()]+: (\d+|done|about) /.test(line);
}

/** Every file and folder below, with its size. */
export function listAll(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = join(folder, name);
    return isDirectory ? [path, ...listAll(path)] : [`${path} ${Deno.statSync(path).size}`];
  }).sort();
}

/** Runs a command of a tiny run that must end well, or otherwise with a code; its summary. */
export async function summaryOf(
  at: Awaited<ReturnType<typeof tiny>>,
  command: string,
  flags: Flags,
  expected = 0,
) {
  const { code, stdout, stderr } = await at.run(command, { ...flags, json: true });
  assertEquals(code, expected, stderr);
  return { ...JSON.parse(stdout.trimEnd().split("\n").at(-1)!), stderr };
}
