/**
 * What `deno task bench:gpu` runs: the project's work on a graphics card beside PyTorch on the same card in the same
 * minutes, row by row in the order of importance.
 *
 * `deno task bench:gpu [ROW...] [--json FILE] [--device gpu|cpu] [--tiny] [--limit SECONDS] [--row-limit SECONDS] [--verbose]`.
 * PyTorch and transformers come from CODESCRUB_PEER_PYTHON, else `python3`. Each result prints as soon as it is measured and
 * the file is written anew, so that the run can be stopped at any point. A row that fails or takes too long is one
 * line, and the rest goes on. `--tiny --device cpu` runs the same code with small models.
 *
 * @module
 */
import { isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { formatResult, isReached, type RowResult, type SentResult } from "./bench_result.ts";
import { ROW_SECONDS, ROWS } from "./bench_rows.ts";
import { openCard } from "./card_memory.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** The most that a row may take, where nothing else is said. */
const SECONDS = 150;
/** Lines of a row's messages that are kept. */
const KEPT_LINES = 30;

function readArguments() {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      json: { type: "string" },
      device: { type: "string", default: "gpu" },
      tiny: { type: "boolean", default: false },
      limit: { type: "string", default: "100000" },
      "row-limit": { type: "string" },
      verbose: { type: "boolean", default: false },
    },
  });
  const unknown = positionals.find((name) => !Object.hasOwn(ROWS, name));
  if (unknown) throw new RangeError(`Unknown row "${unknown}": expected ${Object.keys(ROWS).join(", ")}`);
  const { device } = values;
  if (device !== "gpu" && device !== "cpu") {
    throw new RangeError(`Unknown device "${device}": expected "gpu" or "cpu"`);
  }
  const seconds = (name: "limit" | "row-limit", text: string) => {
    const value = Number(text);
    if (value > 0) return value;
    throw new RangeError(`Cannot read --${name} "${text}": expected a number of seconds above 0`);
  };
  const own = values["row-limit"];
  const cwd = Deno.env.get("INIT_CWD") ?? Deno.cwd();
  const json = values.json === undefined || isAbsolute(values.json) ? values.json : join(cwd, values.json);
  const names = positionals.length > 0 ? positionals : Object.keys(ROWS);
  const limits = {
    all: seconds("limit", values.limit),
    row: own === undefined ? null : seconds("row-limit", own),
  };
  return { names, device, json, limits, tiny: values.tiny, verbose: values.verbose } as const;
}

type Arguments = ReturnType<typeof readArguments>;

/** A row's process: its results as they come, and why it failed. */
class RowProcess {
  readonly results = new Map<string, RowResult>();
  readonly messages: string[] = [];
  error: string | null = null;
  readonly #row: string;
  readonly #options: Arguments;
  #last = performance.now();

  constructor(row: string, options: Arguments) {
    this.#row = row;
    this.#options = options;
  }

  /** Runs it to its end, its limit or the signal; `onResult` is called with each new result. */
  async run(
    folder: string,
    { signal, onResult }: { signal: AbortSignal; onResult: (result: RowResult) => Promise<void> },
  ): Promise<void> {
    const { device, tiny, limits } = this.#options;
    const script = join(ROOT, "tests", "gpu", "bench_row.ts");
    const python = Deno.env.get("CODESCRUB_PEER_PYTHON") ?? "python3";
    const row = ["run", "-q", "-P=test", "--no-prompt", script, this.#row, device, python, folder];
    const child = new Deno.Command(Deno.execPath(), {
      args: tiny ? [...row, "tiny"] : row,
      cwd: ROOT,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const kill = () => child.kill("SIGKILL"); // the peer ends as its input ends
    let reason: string | null = null;
    const stop = (why: string) => {
      reason ??= why;
      kill();
    };
    const seconds = limits.row ?? ROW_SECONDS[this.#row] ?? SECONDS;
    const timer = setTimeout(() => stop(`stopped after ${seconds} s`), 1000 * seconds);
    const onAbort = () => stop("interrupted");
    signal.addEventListener("abort", onAbort);
    try {
      await Promise.all([
        eachLine(child.stdout, (line) => this.#read(line, onResult)),
        eachLine(child.stderr, (line) => this.#keep(line)),
      ]);
      const status = await child.status;
      const last = this.messages.at(-1) ?? "";
      if (reason !== null) this.error = reason;
      else if (status.signal) this.error ??= `its process ended by ${status.signal}: ${last}`;
      else if (status.code !== 0) this.error ??= `exit code ${status.code}: ${last}`;
      if (reason !== null || status.signal) await new Promise((resolve) => setTimeout(resolve, 2000)); // for the peer to end
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #read(line: string, onResult: (result: RowResult) => Promise<void>): Promise<void> {
    let sent: SentResult | { error: string };
    try {
      sent = JSON.parse(line);
    } catch {
      return this.#keep(line); // what a library printed
    }
    if ("error" in sent) return void (this.error = sent.error);
    const now = performance.now();
    const result = { row: this.#row, ...sent, seconds: (now - this.#last) / 1000 };
    if (sent.final) this.#last = now;
    this.results.set(sent.name, result);
    await onResult(result);
  }

  #keep(line: string): void {
    if (this.#options.verbose) console.error(`    ${line}`);
    if (line.trim() !== "") this.messages.push(line.slice(0, 500));
    if (this.messages.length > KEPT_LINES) this.messages.shift();
  }
}

async function eachLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  task: (line: string) => void | Promise<void>,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) await task(line);
  }
  if (rest) await task(rest);
}

function describeMachine(device: string) {
  const card = device === "gpu" ? openCard() : null;
  return {
    date: new Date().toISOString().slice(0, 16) + "Z",
    card: card?.name ?? null,
    driver: card?.driver ?? null,
    gigabytes: card ? Math.round(card.totalBytes / 1e9) : null,
    cores: navigator.hardwareConcurrency,
    deno: Deno.version.deno,
  };
}

async function main(): Promise<number> {
  const options = readArguments();
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 1000;
  const machine = describeMachine(options.device);
  console.log(Object.entries(machine).map(([key, value]) => `${key} ${value}`).join(", "));
  const results: RowResult[] = [];
  const skipped: string[] = [];
  const failures: { row: string; error: string; messages: string[] }[] = [];
  const write = async () => {
    const all = results.map((result) => ({
      ...result,
      goals: result.goals.map((goal) => ({ ...goal, reached: isReached(goal) })),
    }));
    const file = { machine, seconds: Math.round(elapsed()), results: all, failures, skipped };
    const text = JSON.stringify(file, null, 2);
    if (options.json) await Deno.writeTextFile(options.json, text + "\n");
  };
  const interrupt = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => interrupt.abort());
  }
  for (const row of options.names) {
    if (interrupt.signal.aborted) break;
    if (elapsed() > options.limits.all) {
      skipped.push(row);
      console.log(`${row}: not started: ${elapsed().toFixed(0)} s have passed`);
      continue;
    }
    const folder = await Deno.makeTempDir({ prefix: "codescrub-bench-" });
    const running = new RowProcess(row, options);
    try {
      const onResult = async (result: RowResult) => {
        const at = results.findIndex((known) => known.row === row && known.name === result.name);
        results.splice(at < 0 ? results.length : at, at < 0 ? 0 : 1, result);
        if (result.final) console.log(formatResult(result));
        await write();
      };
      await running.run(folder, { signal: interrupt.signal, onResult });
    } catch (error) {
      running.error ??= (error as Error).message;
    } finally {
      await Deno.remove(folder, { recursive: true }).catch(() => {}); // the peer may still write
    }
    for (const result of running.results.values()) if (!result.final) console.log(formatResult(result));
    if (running.error !== null) {
      console.log(`${row}: FAILED: ${running.error.split("\n")[0]}`);
      failures.push({ row, error: running.error, messages: running.messages });
    }
    await write();
  }
  await write();
  const goals = results.flatMap((result) => result.goals.map(isReached));
  const count = (value: boolean | null) => goals.filter((reached) => reached === value).length;
  console.log(
    `${count(true)} goals reached, ${count(false)} missed, ${count(null)} not measured, ` +
      `${failures.length} rows failed, ${skipped.length} not started, ${elapsed().toFixed(0)} s`,
  );
  return failures.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error(`bench:gpu: ${(error as Error).message}`);
    Deno.exit(2);
  }
}
