/**
 * TensorFlow's two shared libraries, opened by `Deno.dlopen` on first use and never at import.
 *
 * While they load, absl and oneDNN write notes to file descriptor 2 whatever the log level: the descriptor points to
 * memory meanwhile, and what is no such note is written out afterwards, by a shell if TensorFlow ends the process.
 *
 * @module
 */
import { withoutStartNotes } from "./start_notes.ts";
import { SYMBOLS, type Symbols } from "./symbols.ts";

/** Where the two libraries are. */
export interface LibraryPaths {
  /** `libtensorflow_framework.so.2` */
  framework: string;
  /** `libtensorflow_cc.so.2` */
  cc: string;
}

const LIBC = {
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "i64" },
  popen: { parameters: ["buffer", "buffer"], result: "pointer" },
  fputs: { parameters: ["buffer", "pointer"], result: "i32" },
  pclose: { parameters: ["pointer"], result: "i32" },
} as const;

const LOADER = { dlopen: { parameters: ["buffer", "i32"], result: "pointer" } } as const;

/** `RTLD_LAZY | RTLD_NODELETE` of Linux's dlfcn.h. */
const STAY_LOADED = 1 | 0x1000;

/** C++: `absl::SetMinLogLevel(absl::LogSeverityAtLeast)`; null where a build of TensorFlow does not have it. */
const LOGGING = {
  setMinLogLevel: {
    name: "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE",
    parameters: ["i32"],
    result: "void",
    optional: true,
  },
} as const;
/** Values of TF_CPP_MIN_LOG_LEVEL. */
const LEVELS = { all: "0", warnings: "1", errors: "2" } as const;

/**
 * Runs `action` with standard error kept aside, then writes out the lines that are no known start-up note. All of it is
 * left as it is where the user asks for every line by TF_CPP_MIN_LOG_LEVEL=0.
 *
 * A process that is ended inside, as TensorFlow ends its own where a check fails, cannot write anything out any more. A
 * shell that waits beside it does: its input ends without a word then.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(withoutNoise(() => 42), 42);
 * ```
 */
export function withoutNoise<T>(action: () => T): T {
  if (Deno.build.os !== "linux" || Deno.env.get("TF_CPP_MIN_LOG_LEVEL") === LEVELS.all) return action();
  using libc = openLibc();
  const c = libc.symbols;
  const [memory, saved] = [c.memfd_create(bytesOf("stderr"), 0), c.dup(2)];
  try {
    const isAside = memory >= 0 && saved >= 0;
    const tell = `trap "" INT TERM HUP; read -r _ || cat /proc/self/fd/${memory} >&2`;
    const shell = isAside ? c.popen(bytesOf(tell), bytesOf("w")) : null;
    if (!shell) return action();
    c.dup2(memory, 2);
    try {
      return action();
    } finally {
      c.dup2(saved, 2);
      c.fputs(bytesOf("\n"), shell);
      c.pclose(shell);
      const lines = withoutStartNotes(readAll(c, memory));
      if (lines.length > 0) console.error(lines.join("\n"));
    }
  } finally {
    for (const descriptor of [memory, saved]) c.close(descriptor);
  }
}

function readAll(c: Deno.DynamicLibrary<typeof LIBC>["symbols"], descriptor: number): string {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(1 << 16);
  let text = "";
  for (let position = 0n;;) {
    const size = c.pread(descriptor, buffer, BigInt(buffer.length), position);
    if (size <= 0n) return text + decoder.decode();
    text += decoder.decode(buffer.subarray(0, Number(size)), { stream: true });
    position += size;
  }
}

/** A text as C has it. */
function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text + "\0");
}

function openLibc(): Deno.DynamicLibrary<typeof LIBC> & Disposable {
  const library = Deno.dlopen("libc.so.6", LIBC);
  return Object.assign(library, { [Symbol.dispose]: () => library.close() });
}

/**
 * Keeps a library in memory: Deno closes what it opened when a program, a worker or a test file ends, while TensorFlow's
 * threads still run, and the process would die of it (exit code 139).
 */
function keepLoaded(path: string): void {
  if (Deno.build.os !== "linux") return;
  const loader = openLoader();
  loader.symbols.dlopen(bytesOf(path), STAY_LOADED);
  loader.close();
}

const ALLOCATOR = { mallopt: { parameters: ["i32", "i32"], result: "i32" } } as const;
/** `M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD` of glibc's malloc.h. */
const [MMAP_THRESHOLD, TRIM_THRESHOLD] = [-3, -1];
const [LARGE_BYTES, KEPT_BYTES] = [2 ** 24, 2 ** 26];

/**
 * Has memory of 16 MB and more given back when it is freed. By default glibc keeps more and more of it, in pieces that
 * the next tensor does not fit into: caches that grow took twice their size. MALLOC_ variables of the user's win.
 */
function giveMemoryBack(): void {
  const isSet = ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"].some((name) =>
    Deno.env.get(name)
  );
  if (Deno.build.os !== "linux" || isSet) return;
  try {
    const allocator = Deno.dlopen("libc.so.6", ALLOCATOR);
    allocator.symbols.mallopt(MMAP_THRESHOLD, LARGE_BYTES);
    allocator.symbols.mallopt(TRIM_THRESHOLD, KEPT_BYTES);
    allocator.close();
  } catch {
    // another C library: it has its own ways
  }
}

function openLoader(): Deno.DynamicLibrary<typeof LOADER> {
  try {
    return Deno.dlopen("libc.so.6", LOADER);
  } catch {
    return Deno.dlopen("libdl.so.2", LOADER); // before glibc 2.34
  }
}

let opened:
  | { paths: LibraryPaths; symbols: Symbols; setMinLogLevel: ((level: number) => void) | null }
  | null = null;

/**
 * Where the libraries are that this process has opened, if it has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(openedPaths(), null); // importing opens nothing
 * ```
 */
export function openedPaths(): LibraryPaths | null {
  return opened && opened.paths;
}

/**
 * Opens TensorFlow's libraries once a process; they stay loaded until its end, as TensorFlow cannot be unloaded.
 *
 * @throws {Error} when a library cannot be loaded, or others have been
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * const paths = { framework: "/nowhere/libtensorflow_framework.so.2", cc: "/nowhere/libtensorflow_cc.so.2" };
 * assertThrows(() => openLibrary(paths), Error, "Cannot open TensorFlow");
 * ```
 */
export function openLibrary(paths: LibraryPaths): Symbols {
  if (opened) {
    const { framework, cc } = opened.paths;
    if (paths.cc === cc && paths.framework === framework) return opened.symbols;
    throw new Error(
      `Cannot open TensorFlow with "${paths.cc}": "${cc}" is loaded, and stays until the process ends: ` +
        "open it in another one",
    );
  }
  const isChosen = Boolean(Deno.env.get("TF_CPP_MIN_LOG_LEVEL"));
  if (!isChosen) Deno.env.set("TF_CPP_MIN_LOG_LEVEL", LEVELS.warnings);
  giveMemoryBack();
  try {
    return withoutNoise(() => {
      // loaded for good: the second library's symbols come from it
      const { setMinLogLevel } = Deno.dlopen(paths.framework, LOGGING).symbols;
      const { symbols } = Deno.dlopen(paths.cc, SYMBOLS);
      keepLoaded(paths.cc);
      opened = { paths, symbols, setMinLogLevel: isChosen ? null : setMinLogLevel };
      return symbols;
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot open TensorFlow with "${paths.cc}": ${reason}`, { cause });
  } finally {
    if (!isChosen) Deno.env.delete("TF_CPP_MIN_LOG_LEVEL"); // read while it loaded; children shall not take it for a choice
  }
}

/**
 * Runs what finds TensorFlow's devices: warnings are shown meanwhile, as they say what a GPU lacks, and later errors
 * alone, unless the user has set TF_CPP_MIN_LOG_LEVEL.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(withWarnings(() => 42), 42);
 * ```
 */
export function withWarnings<T>(action: () => T): T {
  const setLevel = (level: string) => opened?.setMinLogLevel?.(Number(level));
  setLevel(LEVELS.warnings);
  try {
    return withoutNoise(action);
  } finally {
    setLevel(LEVELS.errors);
  }
}
