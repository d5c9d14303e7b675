/**
 * Judging by the machine's own CPython, a process for each program: in bubblewrap's namespaces, or in none at all.
 * Bubblewrap gives no network, no other process, no file but Python's own, read-only, and an empty folder in memory;
 * with the sandbox go all its processes. `none` is the user's own rights: only for programs that one would run anyway.
 *
 * That the program passed is said by a random word after its end, so neither output nor `os._exit(0)` is taken for it.
 * But the word is in the memory of the same interpreter as the program, which could look for it there; Pyodide's
 * backend keeps it out of reach.
 *
 * @module
 */
import { join } from "node:path";
import { makeFolder } from "../files/folders.ts";
import { notWritten } from "../files/write_file.ts";
import { childCommand, type ChildOptions } from "../setup/child_command.ts";
import { GRACE_MS, type JudgeLimits, type JudgeWorker } from "./backend.ts";
import { type Outcome, readFailure } from "./verdict.ts";

/** Reads the words, the limits and the program from standard input; says at the end how it ended. */
const DRIVER = `
def judge():
    import json, os, resource, sys, time
    request = json.loads(sys.stdin.buffer.read())
    program, passed, failed = request["program"], request["passed"], request["failed"]
    for name, limit in request["limits"].items():
        if hasattr(resource, name):
            hard = resource.getrlimit(getattr(resource, name))[1]
            limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            resource.setrlimit(getattr(resource, name), (limit, limit))
    out, write, end, now = os.dup(1), os.write, os._exit, time.monotonic
    last = now() + request["seconds"]
    try:
        exec(program, {})
        answer = passed if now() <= last else failed + " timed-out"
    except BaseException as error:
        answer = failed + " failed " + type(error).__name__
    write(out, ("\\n" + answer + "\\n").encode())
    end(0)
judge()
`;

/** The machine's Python: its program and the folders that it needs. */
interface Python {
  executable: string;
  folders: string[];
}

/** Options of {@linkcode openPythonWorkers}. */
export interface PythonWorkerOptions extends JudgeLimits {
  /** Whether bubblewrap holds it. */
  isConfined: boolean;
  /** Where a program that it does not hold gets a folder to work in; made if need be (default: the system's). */
  folder?: string | undefined;
}

/**
 * A function that makes workers, once Python, and bubblewrap if asked for, were found to work.
 *
 * @throws {Error} If one is missing or does not work here.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openPythonWorkers } from "./python_worker.ts";
 *
 * const limits = { timeoutSeconds: 3, memoryBytes: 2 ** 29, outputBytes: 1e6 };
 * const start = await openPythonWorkers({ ...limits, isConfined: false });
 * assertEquals(await start().run("assert 1 == 2"), { reason: "failed", detail: "AssertionError" });
 * ```
 */
export async function openPythonWorkers(options: PythonWorkerOptions): Promise<() => JudgeWorker> {
  const python = await findPython();
  const start = () => pythonWorker(python, options);
  if (options.isConfined) {
    const reason = await tryConfined(python);
    if (reason !== null) throw new Error(`Cannot start the sandbox: bwrap (bubblewrap) ${reason}`);
  }
  return start;
}

/** Asks Python where it lies; what is first on PATH may be a script that chooses among several. */
async function findPython(): Promise<Python> {
  const script = "import json, sys; print(json.dumps([sys.executable, sys.prefix, sys.base_prefix, " +
    "sys.exec_prefix, sys.base_exec_prefix]))";
  const options: ChildOptions = { args: ["-I", "-c", script], stdin: "null", stderr: "null" };
  const output = await outputOf("python3", options);
  if (!output) throw new Error("Cannot start the sandbox: python3 is not on PATH or may not be run");
  if (!output.success) throw new Error("Cannot start the sandbox: python3 does not work");
  const [executable, ...folders] = JSON.parse(new TextDecoder().decode(output.stdout)) as [
    string,
    ...string[],
  ];
  return { executable, folders: [...new Set(folders)].filter((folder) => !/^\/(usr)?$/.test(folder)) };
}

/** What a program writes; null where it is not there or not allowed. */
async function outputOf(program: string, options: ChildOptions): Promise<Deno.CommandOutput | null> {
  try {
    return await childCommand("judged", program, options).output();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

/** The most that all files of a program in bubblewrap take, which lie in memory. */
const FILES_BYTES = 64 * 2 ** 20;

/** What holds a program: nothing of the machine but Python and the libraries of the system, and those read-only. */
function bubblewrapArguments({ executable, folders }: Python, args: readonly string[]): string[] {
  const system = ["/usr", "/lib", "/lib64", "/lib32", "/bin", "/etc/ld.so.cache", "/etc/alternatives"];
  return [
    ...["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"],
    ...system.flatMap((path) => ["--ro-bind-try", path, path]),
    ...folders.flatMap((path) => ["--ro-bind", path, path]),
    ...["--proc", "/proc", "--dev", "/dev", "--hostname", "sandbox"],
    ...["/tmp", "/dev/shm"].flatMap((path) => ["--size", String(FILES_BYTES), "--tmpfs", path]),
    ...["--chdir", "/tmp"],
    ...["--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp", "--setenv", "PYTHONHASHSEED", "0"],
    ...["--", executable, ...args],
  ];
}

/** Why bubblewrap does not work here; null where it does. */
async function tryConfined(python: Python): Promise<string | null> {
  const args = bubblewrapArguments(python, ["-I", "-c", "pass"]);
  const options: ChildOptions = { args, stdin: "null", stdout: "null", stderr: "piped" };
  const output = await outputOf("bwrap", options);
  if (!output) {
    return "is not on PATH or may not be run: install bubblewrap, allow it by --allow-run=bwrap,python3";
  }
  if (output.success) return null;
  const said = new TextDecoder().decode(output.stderr).split("\n", 1)[0]!.replace(/^bwrap: /, "");
  return `does not work here: ${said}`;
}

function pythonWorker(python: Python, options: PythonWorkerOptions): JudgeWorker {
  const { isConfined, timeoutSeconds, memoryBytes, outputBytes } = options;
  const own = ["-I", "-B", "-c", DRIVER];
  const [program, args] = isConfined ? ["bwrap", bubblewrapArguments(python, own)] : ["python3", own];
  let running: Deno.ChildProcess | null = null;
  const limits = {
    RLIMIT_AS: memoryBytes,
    RLIMIT_FSIZE: outputBytes,
    RLIMIT_CORE: 0,
    RLIMIT_CPU: Math.ceil(timeoutSeconds) + 1,
    ...isConfined && { RLIMIT_NPROC: 32 },
  };
  return {
    async run(source): Promise<Outcome> {
      const [passed, failed] = [crypto.randomUUID(), crypto.randomUUID()];
      const pipes: ChildOptions = { args, stdin: "piped", stdout: "piped", stderr: "null" };
      const folder = isConfined ? undefined : await workingFolder(options.folder);
      let isLate = false;
      const process = running = childCommand("judged", program, { ...pipes, cwd: folder }).spawn();
      const timer = setTimeout(() => {
        isLate = true;
        kill(process);
      }, timeoutSeconds * 1000);
      try {
        const text = JSON.stringify({ program: source, passed, failed, limits, seconds: timeoutSeconds });
        const sent = new Blob([text]).stream().pipeTo(process.stdin).catch(() => {}); // it may end before it reads
        const end = await readEnd(process, outputBytes + END_BYTES);
        await sent;
        if (end === null) return { reason: "too-much-output" };
        const answer = end.trimEnd().split("\n").at(-1)!;
        if (answer === passed) return { reason: "passed" }; // in time, by its clock, though read late by a busy process
        if (isLate) return { reason: "timed-out" };
        return answer.startsWith(`${failed} `)
          ? readFailure(answer.slice(failed.length + 1))
          : { reason: "no-verdict" };
      } finally {
        clearTimeout(timer);
        running = null;
        // what can't be removed is no fault of the program, and goes with the folder that it is in
        if (folder !== undefined) await Deno.remove(folder, { recursive: true }).catch(() => {});
      }
    },
    async [Symbol.asyncDispose]() {
      if (!running) return;
      kill(running);
      await running.status;
    },
  };
}

async function workingFolder(dir: string | undefined): Promise<string> {
  if (dir !== undefined) await makeFolder(dir);
  try {
    return await Deno.makeTempDir({ ...dir !== undefined && { dir }, prefix: "codescrub-judge-" });
  } catch (cause) {
    throw notWritten(join(dir ?? "a temporary folder", "codescrub-judge-*"), cause);
  }
}

function kill(process: Deno.ChildProcess): void {
  try {
    process.kill("SIGKILL"); // and by it all that is in bubblewrap's namespace
  } catch {
    // it has ended
  }
}

const END_BYTES = 200;

/** The last bytes that a process writes; null where it was killed as it had written more than `bytes`. */
async function readEnd(process: Deno.ChildProcess, bytes: number): Promise<string | null> {
  const reader = process.stdout.getReader();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isOver = process.status.then(() => {
    timer = setTimeout(() => reader.cancel(), GRACE_MS); // what it started may keep its output open
  });
  let [end, count] = ["", 0];
  const decoder = new TextDecoder("latin1");
  for (;;) {
    const { value } = await reader.read();
    if (!value) break;
    count += value.length;
    if (count > bytes) kill(process);
    end = (end + decoder.decode(value.subarray(-END_BYTES))).slice(-END_BYTES);
  }
  await isOver;
  clearTimeout(timer);
  return count > bytes ? null : end;
}
