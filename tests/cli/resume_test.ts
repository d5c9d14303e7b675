import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { temporaryPath } from "../../lib/files/write_file.ts";
import { readTensors } from "../tensors.ts";
import { cliCommand, type CliRun, runCli, temporaryFolder } from "./run_cli.ts";
import { type TinyRun, writeCertainModel, writeTinyRun } from "./tiny_run.ts";

const EPOCHS = 18;

/** A rule of stopping, and what a run comes to by it that changes nothing: it keeps the last epoch, or the first one. */
interface Rule {
  stop: "group" | "secret";
  status: string;
  epochs: number;
  kept: number;
  tables: string[];
  /** What an adapter is like that is trained in place of the weights. */
  lora?: string;
}

const RULES: readonly Rule[] = [
  {
    stop: "group",
    status: "not-converged",
    epochs: EPOCHS,
    kept: EPOCHS,
    tables: ["history.parquet", "metrics.jsonl"],
  },
  {
    ...{ stop: "secret", status: "out-of-patience", epochs: 10, kept: 0 },
    tables: ["history.parquet", "metrics.jsonl", "secrets.parquet"],
  },
  {
    ...{
      stop: "group",
      status: "not-converged",
      epochs: EPOCHS,
      kept: EPOCHS,
      tables: ["history.parquet", "metrics.jsonl"],
    },
    lora: "r=2,dropout=0.3",
  },
];

/** At such a rate the model goes on knowing what it knows, so every run takes all its epochs, and says so with exit 1. */
function unlearnArguments(
  { model, corpus, forget, retain }: TinyRun,
  { out, stop, lora }: { out: string } & Pick<Rule, "stop" | "lora">,
): string[] {
  const sets = ["--model", model, "--corpus", corpus, "--forget", forget, "--retain", retain];
  const how = ["--method", "codeeraser", "--ma", "0", "--el10", "0", "--lr", "1e-7", "--epochs", `${EPOCHS}`]
    .concat("--stop", stop, lora === undefined ? [] : ["--lora", lora]);
  return ["unlearn", ...sets, ...how, "--out", out, "--json"];
}

/** Starts a run, sends a signal as soon as it has a newer checkpoint than before, and waits for its end. */
async function stop(args: readonly string[], out: string, signal: Deno.Signal): Promise<CliRun> {
  const before = lastEpoch(out);
  const child = cliCommand(args).spawn();
  const texts = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  for (let i = 0; i < 24_000 && lastEpoch(out) <= before; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  child.kill(signal);
  const { code } = await child.status;
  const [stdout = "", stderr = ""] = await texts;
  return { code, stdout, stderr };
}

/** The epoch of a run's newest checkpoint: CodeEraser takes two of Adam's steps an epoch, whose number its name has. */
function lastEpoch(folder: string): number {
  if (!existsSync(folder)) return 0;
  return Math.max(0, ...namesIn(folder).map((name) => Number(/^checkpoint-(\d+)$/.exec(name)?.[1] ?? 0) / 2));
}

function namesIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

const FILES = ["README.md", "config.json", "model.safetensors", "run.json", "tokenizer.json"];
const ADAPTER_FILES = ["README.md", "adapter_config.json", "adapter_model.safetensors", "run.json"];
/** The file of a rule's weights. */
const weightsOf = ({ lora }: Rule) => lora === undefined ? "model.safetensors" : "adapter_model.safetensors";

for (const rule of RULES) {
  const title = "was interrupted and then killed goes on without a flag to the same bytes";
  const how = [`--stop ${rule.stop}`, ...rule.lora === undefined ? [] : [`--lora ${rule.lora}`]].join(" ");
  Deno.test(`unlearn ${how} that ${title}`, () => stopTwice(rule));
}

async function stopTwice(rule: Rule): Promise<void> {
  using folder = temporaryFolder();
  const files = await writeTinyRun(folder.path);
  const gain = rule.lora === undefined ? undefined : (i: number) => i % 2 * 0.05; // else no adapter would change anything
  await writeCertainModel(files.model, "n", gain); // with which each secret begins
  const [whole, out] = [join(folder.path, "whole"), join(folder.path, "stopped")];
  const args = unlearnArguments(files, { ...rule, out });
  await finish(unlearnArguments(files, { ...rule, out: whole }), whole, rule);

  const interrupted = await stop(args, out, "SIGINT");
  assertEquals([interrupted.code, interrupted.stdout], [130, ""]);
  const line = interrupted.stderr.trimEnd().split("\n").at(-1);
  assertEquals(line, "codescrub: Interrupted by SIGINT: what was finished stays");
  const first = lastEpoch(out);
  assert(first >= 1 && first < rule.epochs, `interrupted after epoch ${first}`);
  const kept = new Set(["checkpoint-0.kept", `checkpoint-${rule.kept === 0 ? 0 : first}.kept`]); // as it came, too
  assertEquals(namesIn(out), [`checkpoint-${2 * first}`, ...kept, "metrics.jsonl", "run.json"].sort());

  const killed = await stop(args, out, "SIGKILL");
  assertEquals([killed.code, killed.stdout], [137, ""]);
  const second = lastEpoch(out);
  assert(second > first && second < rule.epochs, `killed after epoch ${second}`);
  const weights = weightsOf(rule);
  assertEquals([existsSync(join(out, ".lock")), existsSync(join(out, weights))], [true, false]);
  Deno.writeTextFileSync(temporaryPath(join(out, weights)), "what a kill may leave");

  const stderr = await finish(args, out, rule);
  const last = `Unlearning (codeeraser): ${rule.epochs - second} epochs in `;
  assertStringIncludes(stderr, last);
  assertStringIncludes(stderr, ` after ${second} of an earlier run, ${rule.status}\n`);
  if (rule.lora !== undefined) {
    const adapter = await readTensors(join(whole, weights));
    assert(
      Array.from(adapter.values()).every(({ values }) => Array.from(values).some((value) => value !== 0)),
    );
  }
  for (const name of [weights, ...rule.tables]) {
    assertEquals(Deno.readFileSync(join(out, name)), Deno.readFileSync(join(whole, name)), name);
  }
}

/** Runs to the end, and checks what is there then; what it said of its progress. */
async function finish(args: readonly string[], out: string, rule: Rule): Promise<string> {
  const { code, stdout, stderr } = await runCli(args);
  assertEquals(code, 1, stderr);
  const { status, epoch, done } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  assertEquals([status, epoch, done], [rule.status, rule.kept, false]);
  const files = rule.lora === undefined ? FILES : ADAPTER_FILES;
  assertEquals(namesIn(out), [...files, ...rule.tables].sort());
  return stderr;
}
