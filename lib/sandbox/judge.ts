/**
 * Judging of model-written programs: several at once, each by an interpreter that no other program has met. A program
 * is the whole source, prompt, completion and tests; it passes if it runs to its end without an exception within the
 * limits, as the reference's `exec(check_program)` has it. What a program does to its own tests (an object that equals
 * everything) is the benchmark's matter: it runs in one interpreter with them.
 *
 * @module
 */
import type { JudgeLimits, JudgeWorker } from "./backend.ts";
import { startPyodideWorker } from "./pyodide_worker.ts";
import { openPythonWorkers } from "./python_worker.ts";
import type { Verdict } from "./verdict.ts";

/** Ways of judging: CPython in WebAssembly, the machine's in bubblewrap, or the machine's with the user's rights. */
export const JUDGE_BACKENDS = ["pyodide", "bubblewrap", "none"] as const;

/** A way of judging. */
export type JudgeBackend = typeof JUDGE_BACKENDS[number];

/** Options of {@linkcode openJudge}. */
export interface JudgeOptions extends Partial<JudgeLimits> {
  /** How programs are held (default "pyodide"). */
  backend?: JudgeBackend;
  /** How many are judged at once (default: one a core). */
  workers?: number;
  /** For the backend "none": that model-written code may do here whatever this user may. */
  consent?: boolean;
  /** For the backend "none": where programs get folders to work in (default: the system's for temporary files). */
  folder?: string;
}

/** A program to judge. */
export interface JudgedSample {
  /** Comes back with the verdict. */
  id: string;
  /** The whole source. */
  program: string;
}

/** What judges programs until it is disposed. */
export interface Judge extends AsyncDisposable {
  /**
   * Judges a sample. It may be called as often as one likes before the others are done; they wait for a free worker.
   *
   * @throws {Error} If the sandbox can't be started again, or the judge was disposed: never because of the program.
   */
  run(sample: JudgedSample): Promise<Verdict>;
}

const DEFAULTS: JudgeLimits = { timeoutSeconds: 3, memoryBytes: 2 ** 29, outputBytes: 10 * 2 ** 20 };
const LEAST_MEMORY = 64 * 2 ** 20; // an interpreter has 30 MiB before it does anything

/**
 * Starts a judge. With "pyodide" this process must be allowed to run Deno (`--allow-run=deno`), with "bubblewrap"
 * `bwrap` and `python3`, with "none" `python3`.
 *
 * @throws {RangeError} If an option is out of its range, or "none" is asked for without consent.
 * @throws {Error} If the sandbox can't start; it says what is missing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openJudge } from "./judge.ts";
 *
 * await using judge = await openJudge({ workers: 1 });
 * const programs = ["assert max([1, 2]) == 2", "assert max([1, 2]) == 3", "import os; os.system('true')"];
 * const verdicts = await Promise.all(programs.map((program, i) => judge.run({ id: `${i}`, program })));
 * assertEquals(verdicts.map(({ passed, reason }) => [passed, reason]), [
 *   [true, "passed"],
 *   [false, "failed"],
 *   [false, "forbidden"],
 * ]);
 * ```
 */
export async function openJudge(options: JudgeOptions = {}): Promise<Judge> {
  const { backend = "pyodide", workers = navigator.hardwareConcurrency, consent = false } = options;
  const limits = readLimits(options);
  if (!JUDGE_BACKENDS.includes(backend)) {
    throw new RangeError(
      `Unknown sandbox "${backend}": expected ${JUDGE_BACKENDS.map((b) => `"${b}"`).join(", ")}`,
    );
  }
  if (!Number.isInteger(workers) || workers < 1) {
    throw new RangeError(`Cannot judge with ${workers} workers: expected a whole number of at least 1`);
  }
  if (backend === "none" && consent !== true) {
    throw new RangeError(
      "Cannot judge without a sandbox: model-written code could do whatever you may: give consent, or take another one",
    );
  }
  if (backend === "pyodide") return await openPool(workers, () => startPyodideWorker(limits));
  const { folder } = options;
  const start = await openPythonWorkers({ ...limits, isConfined: backend === "bubblewrap", folder });
  return await openPool(workers, () => Promise.resolve(start()));
}

function readLimits(options: JudgeOptions): JudgeLimits {
  const read = (name: keyof JudgeLimits, least: number) => {
    const value = options[name] ?? DEFAULTS[name];
    if (Number.isFinite(value) && value >= least) return value;
    throw new RangeError(`Cannot judge with ${name} ${value}: expected a number of at least ${least}`);
  };
  return {
    timeoutSeconds: read("timeoutSeconds", 0.01),
    memoryBytes: read("memoryBytes", LEAST_MEMORY),
    outputBytes: read("outputBytes", 0),
  };
}

/** Workers that take the next waiting sample when they are done with one. */
async function openPool(count: number, start: () => Promise<JudgeWorker>): Promise<Judge> {
  const started = await Promise.allSettled(Array.from({ length: count }, start));
  const all = started.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
  const close = () => Promise.all(all.map((worker) => worker[Symbol.asyncDispose]()));
  const failure = started.find(({ status }) => status === "rejected") as PromiseRejectedResult | undefined;
  if (failure) {
    await close();
    throw failure.reason;
  }
  const idle = [...all];
  const waiting: ((worker: JudgeWorker) => void)[] = [];
  let isClosed = false;
  const checkOpen = () => {
    if (isClosed) throw new Error("Cannot judge: the judge was closed");
  };
  return {
    async run({ id, program }) {
      checkOpen();
      const worker = idle.pop() ?? await new Promise<JudgeWorker>((resolve) => waiting.push(resolve));
      try {
        checkOpen();
        const outcome = await worker.run(program);
        checkOpen(); // else it was killed, which is no verdict
        return { id, passed: outcome.reason === "passed", ...outcome };
      } finally {
        const next = waiting.shift();
        if (next) next(worker);
        else idle.push(worker);
      }
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await close();
    },
  };
}
