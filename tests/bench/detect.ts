/**
 * Detection against the Python functions that CodeEraser calls, on the same Python files: one core, and the whole machine
 * by the command. The spans are compared first.
 *
 * @module
 */
import { assert } from "@std/assert";
import { join } from "node:path";
import { readText } from "../../lib/datasets/read_text.ts";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import type { BenchContext } from "./models.ts";
import { findPeerPython, Peer, SECRETS_PACKAGES } from "./peer.ts";
import { type BenchRow, median, seconds } from "./bench_table.ts";
import { distinctSpans, type OracleSpan, toOracleSpans } from "../parity/oracle_spans.ts";
import { cliCommand } from "../cli/run_cli.ts";

const MEGABYTES = 20;
/** What the Python functions are given of it: they take minutes for all. */
const PEER_FILES = 400;

/** The peer's answer: seconds and the spans of each file. */
export interface Found extends Record<string, unknown> {
  seconds: number;
  spans: OracleSpan[][];
}

/** One core and the whole machine. */
export async function benchDetect(context: BenchContext): Promise<BenchRow[]> {
  const python = await findPeerPython(context.log, SECRETS_PACKAGES);
  const files = await pythonFiles(python, MEGABYTES);
  const texts = files.map((path) => (readText(path) as { text: string }).text);
  const bytes = files.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
  context.log(`detection in ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
  await using peer = await Peer.start(python, "secrets_peer.py", []);
  const sample = texts.map((_, i) => i).filter((i) => i % Math.ceil(texts.length / PEER_FILES) === 0);
  const share = sample.reduce((sum, i) => sum + Deno.statSync(files[i]!).size, 0) / bytes;
  const theirs = await peer.ask<Found>("find", { paths: sample.map((i) => files[i]!) });
  assertSame(sample.map((i) => texts[i]!), theirs.spans);
  const ours: number[] = [], machine: number[] = [];
  for (let i = 0; i < context.repetitions; i++) {
    ours.push(await seconds(() => texts.forEach((text) => detectSecrets(text))));
    machine.push(await runCommand(files, join(context.folder, `detect-${i}`)));
  }
  const peerSeconds = theirs.seconds / share;
  const note = `Python on ${sample.length} of the files, ${(share * 100).toFixed(1)} % of the bytes: ` +
    `${theirs.seconds.toFixed(1)} s, the rest in proportion`;
  const rate = (values: number[]) => `${(bytes / 1e6 / median(values)).toFixed(1)} MB/s`;
  const row = (name: string, values: number[], ratio: number): BenchRow => ({
    name,
    unit: "s",
    ours: { name: "CodeScrub", values },
    peer: { name: "detect-secrets 1.5.0, gibberish-detector, regex", values: values.map(() => peerSeconds) },
    goal: { ratio },
    notes: [rate(values), note],
  });
  return [
    row(`secrets of ${(bytes / 1e6).toFixed(0)} MB of Python, one core`, ours, 40),
    row("the same by the command, whole machine, start and table included", machine, 75),
  ];
}

/** Ordinary Python files: those of the peer's own library and packages, by path, up to so many megabytes. */
export async function pythonFiles(python: string, megabytes: number): Promise<string[]> {
  const code = "import sysconfig; print(sysconfig.get_path('stdlib')); print(sysconfig.get_path('purelib'))";
  const { stdout } = await new Deno.Command(python, { args: ["-c", code] }).output();
  const files: string[] = [];
  let bytes = 0;
  const visit = (folder: string) => {
    for (
      const { name, isDirectory } of [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1)
    ) {
      const path = join(folder, name);
      if (bytes >= megabytes * 1e6 || name === "site-packages") continue;
      if (isDirectory) visit(path);
      else if (name.endsWith(".py") && isUtf8(path)) {
        files.push(path);
        bytes += Deno.statSync(path).size;
      }
    }
  };
  new TextDecoder().decode(stdout).trim().split("\n").forEach(visit);
  return files;
}

/** Whether the Python functions can be given a file: UTF-8, not empty, no NUL. */
export function isUtf8(path: string): boolean {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(Deno.readFileSync(path));
    return text !== "" && !text.includes("\0") && text.isWellFormed();
  } catch {
    return false;
  }
}

function assertSame(texts: readonly string[], spans: Found["spans"]): void {
  texts.forEach((text, i) => {
    const [own, wanted] = [toOracleSpans(detectSecrets(text)), spans[i]!].map(distinctSpans);
    assert(own!.join() === wanted!.join(), `other spans in file ${i}`);
  });
}

/** Seconds of the command, as a user runs it. */
async function runCommand(files: readonly string[], folder: string): Promise<number> {
  await Deno.mkdir(join(folder, "corpus"), { recursive: true });
  for (const [i, path] of files.entries()) await Deno.copyFile(path, join(folder, "corpus", `${i}.py`));
  const args = ["detect", join(folder, "corpus"), "--out", join(folder, "s.parquet")];
  return await seconds(async () => {
    const { success, stderr } = await cliCommand(args).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
  });
}
