/**
 * Judging by a process of Deno with CPython in WebAssembly, {@link ./child.ts}. The process is started with leave to
 * read Pyodide's folder and nothing else, and gives that up too. One that does not answer in time is killed, and
 * another one started.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { PYODIDE_FOLDER } from "../npm/pyodide.ts";
import { childCommand } from "../setup/child_command.ts";
import { GRACE_MS, type JudgeLimits, type JudgeWorker } from "./backend.ts";
import { encodeRequest, READY } from "./serve.ts";
import { readFailure } from "./verdict.ts";

const CHILD = new URL("child.ts", import.meta.url);
const START_MS = 120_000; // about 2 s on an idle machine
const PAGE_BYTES = 65_536;
const HEAP_MEGABYTES = 512;
const LONGEST_LINE = 10_000;

/** Options of {@linkcode startPyodideWorker}. */
export interface PyodideWorkerOptions extends JudgeLimits {
  /** The program of the process (default: {@link ./child.ts}). */
  child?: URL;
}

/**
 * What the process is started with: the whole of its permissions.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { childArguments } from "./pyodide_worker.ts";
 *
 * const options = childArguments({ timeoutSeconds: 3, memoryBytes: 2 ** 29, outputBytes: 1e6 });
 * const allowed = options.filter((option) => option.startsWith("--allow"));
 * assertEquals([allowed.length, allowed[0]!.startsWith("--allow-read=")], [1, true]);
 * ```
 */
export function childArguments({ memoryBytes, outputBytes, child = CHILD }: PyodideWorkerOptions): string[] {
  return [
    ...["run", "-q", "--no-prompt", "--no-check", "--cached-only", "--no-remote", "--deny-import"],
    `--allow-read=${fileURLToPath(PYODIDE_FOLDER).replace(/\/$/, "")}`,
    `--v8-flags=--wasm-max-mem-pages=${
      Math.floor(memoryBytes / PAGE_BYTES)
    },--max-old-space-size=${HEAP_MEGABYTES}`,
    fileURLToPath(child),
    String(outputBytes),
  ];
}

const PIPES = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
const isReadyLine = (line: string) => line === READY;

/** Deno itself, by its path where that may be run, else by its name: a permission for "deno" is for the one on PATH. */
async function denoProgram(): Promise<string> {
  const command = Deno.execPath();
  const { state } = await Deno.permissions.query({ name: "run", command });
  return state === "granted" ? command : "deno";
}

/** One process, and what it says line by line. */
class JudgeProcess {
  readonly #process: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncGenerator<string, void>;
  readonly #errors: Promise<string>;

  constructor(process: Deno.ChildProcess) {
    this.#process = process;
    this.#input = process.stdin.getWriter();
    this.#lines = readLines(process.stdout);
    this.#errors = readStart(process.stderr);
  }

  /** The first line that `isWanted`; null where the process ends or `limitMs` are over before: it is dead then. */
  async line(isWanted: (line: string) => boolean, limitMs: number): Promise<string | null> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.kill();
    }, limitMs);
    try {
      for (;;) {
        const { value, done } = await this.#lines.next();
        if (isLate || done) return null;
        if (isWanted(value)) return value;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  async send(bytes: Uint8Array): Promise<void> {
    await this.#input.write(bytes).catch(() => {}); // a dead process is known by its silence
  }

  kill(): void {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // it has ended
    }
  }

  /** Kills the process and waits until it is gone; what it had said of errors. */
  async end(): Promise<string> {
    this.kill();
    await this.#lines.return();
    await this.#input.abort().catch(() => {});
    await this.#process.status;
    return await this.#errors;
  }
}

/**
 * A worker whose process has started.
 *
 * @throws {Error} If it does not start: Deno may not be run, or Pyodide is not there.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startPyodideWorker } from "./pyodide_worker.ts";
 *
 * await using worker = await startPyodideWorker({ timeoutSeconds: 3, memoryBytes: 2 ** 29, outputBytes: 1e6 });
 * assertEquals(await worker.run("assert sorted([2, 1]) == [1, 2]"), { reason: "passed" });
 * assertEquals(await worker.run("import os; os._exit(0)"), { reason: "no-verdict", detail: "proc_exit" });
 * ```
 */
export async function startPyodideWorker(options: PyodideWorkerOptions): Promise<JudgeWorker> {
  const args = childArguments(options);
  const program = await denoProgram();
  const timeoutMs = options.timeoutSeconds * 1000;

  const start = async (): Promise<JudgeProcess> => {
    let process: JudgeProcess;
    try {
      process = new JudgeProcess(
        childCommand("judge", program, { args, env: { NO_COLOR: "1" }, ...PIPES }).spawn(),
      );
    } catch (cause) {
      throw new Error(
        "Cannot start the sandbox: Deno may not be started from here: allow it by --allow-run=deno, with deno on PATH",
        { cause },
      );
    }
    if (await process.line(isReadyLine, START_MS)) return process;
    const said = (await process.end()).split("\n").find((line) => line.trim() !== "") ?? "its process ended";
    throw new Error(`Cannot start the sandbox: ${said.replace(/^error: /, "").trim()}`);
  };

  let current = start();
  await current;
  let isReady = true;
  let isClosed = false;

  /** A process that waits for a program: the one that is there, unless it is dead. */
  const ready = async (): Promise<JudgeProcess> => {
    const process = await current.catch(() => null);
    if (process && (isReady || await process.line(isReadyLine, START_MS))) return process;
    await process?.end();
    if (isClosed) throw new Error("Cannot judge: the judge was closed");
    return await (current = start());
  };
  return {
    async run(program) {
      const process = await ready();
      isReady = false;
      // known to the judging process and here, whatever the program writes
      const [passed, failed] = [crypto.randomUUID(), crypto.randomUUID()];
      await process.send(encodeRequest({ program, timeoutMs, passed, failed }));
      const isAnswer = (line: string) => line === passed || line.startsWith(`${failed} `);
      const startedAt = performance.now();
      const answer = await process.line(isAnswer, timeoutMs + GRACE_MS);
      if (answer === passed) return { reason: "passed" };
      if (answer !== null) return readFailure(answer.slice(failed.length + 1));
      const isLate = performance.now() - startedAt >= timeoutMs;
      await process.end();
      return { reason: isLate ? "timed-out" : "no-verdict" };
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await (await current.catch(() => null))?.end();
    },
  };
}

/** The lines of a stream; a line of no end ends it. */
async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  let rest = "";
  for await (
    const text of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
  ) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
    if (rest.length > LONGEST_LINE) return;
  }
}

/** The start of a text; the rest is read and left. */
async function readStart(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (
    const part of stream.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
  ) {
    if (text.length < LONGEST_LINE) text += part;
  }
  return text;
}
