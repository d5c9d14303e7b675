/**
 * The only way out of a WebAssembly interpreter: the functions that its module imports. Python can't reach a JavaScript
 * object but through one of them, so all that are not needed to compute, to tell the time and to use files in memory
 * are shut before a program runs. A call of a shut one ends the run by an exception of JavaScript, which no Python can
 * catch; so do the end of the time and of the bytes that may be written.
 *
 * @module
 */
import type { Outcome, Reason } from "./verdict.ts";

/** Clocks, memory, files in memory, and what calls back into the module itself. */
const OPEN: ReadonlySet<string> = new Set([
  ...["clock_time_get", "clock_res_get", "emscripten_get_now", "emscripten_date_now", "_tzset_js"],
  ...["_localtime_js", "_gmtime_js", "_timegm_js", "_mktime_js", "random_get", "environ_get"],
  ...["environ_sizes_get", "_emscripten_get_progname", "_Py_emscripten_runtime"],
  ...["emscripten_resize_heap", "emscripten_get_heap_max", "_mmap_js", "_munmap_js", "_msync_js"],
  ...["_PyEM_TrampolineCall_JS", "__call_sighandler", "_Py_CheckEmscriptenSignals_Helper"],
  ...["fd_read", "fd_write", "fd_pread", "fd_pwrite", "fd_seek", "fd_sync", "fd_close", "fd_fdstat_get"],
  ...[
    "_try_fcntl64",
    "_maybe_poll_async",
    "__syscall_fcntl64",
    "__syscall_ioctl",
    "__syscall_pipe",
    "__syscall_poll",
  ],
  ...["__syscall_openat", "__syscall_dup", "__syscall_dup3", "__syscall_fdatasync", "__syscall_fadvise64"],
  ...["__syscall_stat64", "__syscall_fstat64", "__syscall_lstat64", "__syscall_newfstatat"],
  ...["__syscall_statfs64", "__syscall_fstatfs64", "__syscall_faccessat", "__syscall_getuid32_js"],
  ...["__syscall_getcwd", "__syscall_chdir", "__syscall_fchdir", "__syscall_getdents64"],
  ...["__syscall_mkdirat", "__syscall_rmdir", "__syscall_unlinkat", "__syscall_renameat"],
  ...["__syscall_symlinkat", "__syscall_readlinkat", "__syscall_umask_js", "__syscall_utimensat"],
  ...["__syscall_chmod", "__syscall_fchmod", "__syscall_fchmodat2", "__syscall_fchown32"],
  ...["__syscall_fchownat", "__syscall_ftruncate64", "__syscall_truncate64", "__syscall_fallocate"],
]);

/** What ends the interpreter: `os._exit`, `os.abort`, a failed check of its own. */
const ENDS: ReadonlySet<string> = new Set(["exit", "proc_exit", "_abort_js", "__assert_fail"]);

const WRITES: ReadonlySet<string> = new Set(["fd_write", "fd_pwrite"]);

/**
 * What is thrown through the interpreter to end a run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Stop } from "./gate.ts";
 *
 * assertEquals(new Stop("forbidden", "_dlopen_js").detail, "_dlopen_js");
 * ```
 */
export class Stop implements Outcome {
  constructor(readonly reason: Reason, readonly detail?: string) {}
}

/** How files in memory grow, in Emscripten's words. */
export interface FileStorage {
  /** Called before a file is given more room. */
  expandFileStorage(node: { contents?: { length: number } | null }, bytes: number): void;
  /** Called before a file is cut or made longer. */
  resizeFileStorage(node: { contents?: { length: number } | null }, bytes: number): void;
}

type Imported = ((...args: number[]) => unknown) & { sig?: string };

/**
 * Watches over one interpreter: open while it loads, shut from {@linkcode Gate.shut} on.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { Gate } from "./gate.ts";
 *
 * const gate = new Gate({ outputBytes: 100 });
 * const imports = { clock_time_get: () => 0, _emscripten_system: () => 0 };
 * gate.guard(imports, () => new Uint32Array());
 * gate.shut(performance.now() + 1000);
 * assertEquals(imports.clock_time_get(), 0);
 * assertThrows(() => imports._emscripten_system());
 * assertEquals(gate.stop?.detail, "_emscripten_system");
 * assertThrows(() => imports.clock_time_get()); // a stopped run goes no further
 * ```
 */
export class Gate {
  readonly #outputBytes: number;
  readonly #now = performance.now.bind(performance);
  #isShut = false;
  #deadline = Infinity;
  #written = 0;
  #stored = 0;
  #stop: Stop | null = null;

  constructor({ outputBytes }: { outputBytes: number }) {
    this.#outputBytes = outputBytes;
  }

  /** What ended the run, if anything here did. */
  get stop(): Stop | null {
    return this.#stop;
  }

  /** Puts every function of `imports` behind the gate, whoever calls it by that object. */
  guard(imports: { [name: string]: unknown }, words: () => Uint32Array): void {
    for (const [name, value] of Object.entries(imports)) {
      if (typeof value !== "function") continue;
      const call = value as Imported;
      const guarded: Imported = (...args) => {
        if (this.#isShut) this.#check(name, args, words);
        return call(...args);
      };
      guarded.sig = call.sig; // by which Emscripten makes pointers to functions
      imports[name] = guarded;
    }
  }

  /** Bounds the room that files take, which a write far behind their end makes too. */
  guardFiles(storage: FileStorage): void {
    for (const name of ["expandFileStorage", "resizeFileStorage"] as const) {
      const call = storage[name];
      storage[name] = (node, bytes) => {
        if (this.#isShut) {
          this.#stored += Math.max(0, bytes - (node.contents?.length ?? 0));
          if (this.#stored > this.#outputBytes) this.#end("too-much-output");
        }
        call(node, bytes);
      };
    }
  }

  /** Shuts the gate for good; at `deadline`, in milliseconds of `performance.now()`, nothing passes any more. */
  shut(deadline: number): void {
    this.#isShut = true;
    this.#deadline = deadline;
  }

  /** Lets nothing pass any more, whatever still calls. */
  end(): void {
    this.#isShut = true;
    this.#stop ??= new Stop("no-verdict");
  }

  #check(name: string, args: readonly number[], words: () => Uint32Array): void {
    if (this.#stop) throw this.#stop;
    if (this.#now() > this.#deadline) this.#end("timed-out");
    if (ENDS.has(name)) this.#end("no-verdict", name);
    if (!OPEN.has(name)) this.#end("forbidden", name);
    if (!WRITES.has(name)) return;
    this.#written += sumOfVectors(words(), args[1]!, args[2]!);
    if (this.#written > this.#outputBytes) this.#end("too-much-output");
  }

  #end(reason: Reason, detail?: string): never {
    throw this.#stop = new Stop(reason, detail);
  }
}

/** The lengths of WASI's vectors, pairs of a pointer and a length. */
function sumOfVectors(words: Uint32Array, pointer: number, count: number): number {
  let sum = 0;
  for (let i = 0; i < count && sum < Number.MAX_SAFE_INTEGER; i++) {
    sum += words[(pointer >>> 2) + 2 * i + 1] ?? 0;
  }
  return sum;
}
