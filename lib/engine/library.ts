/**
 * TensorFlow's two shared libraries, opened by `Deno.dlopen` on first use and never at import.
 *
 * While they load, absl and oneDNN write notes to file descriptor 2 whatever the log level: the descriptor points to
 * memory meanwhile, and only lines that are no such note are written out afterwards.
 *
 * @module
 */
import { SYMBOLS, type Symbols } from "./symbols.ts";
import { reasonOf } from "../reason.ts";

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
  lseek: { parameters: ["i32", "i64", "i32"], result: "i64" },
  read: { parameters: ["i32", "buffer", "usize"], result: "i64" },
} as const;

const LOADER = { dlopen: { parameters: ["buffer", "i32"], result: "pointer" } } as const;

/** `RTLD_LAZY | RTLD_NODELETE` of Linux's dlfcn.h. */
const STAY_LOADED = 1 | 0x1000;

/** Notes of absl, oneDNN and the CUDA start-up that tell a user nothing. */
const NOISE =
  /^(WARNING: All log messages before absl|.*oneDNN custom operations are on|.*cpu_feature_guard|To enable the following instructions|[IWE]\d{4} .*(cuda|cudart|cufft|cudnn|cublas|rebuild TensorFlow|port\.cc|util\.cc)|\d{4}-\d\d-\d\d .*: [IW] )/i;

/**
 * Runs `action` with standard error kept aside, then writes out the lines that are no known start-up note.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(withoutNoise(() => 42), 42);
 * ```
 */
export function withoutNoise<T>(action: () => T): T {
  if (Deno.build.os !== "linux") return action();
  using libc = openLibc();
  const c = libc.symbols;
  const memory = c.memfd_create(new TextEncoder().encode("stderr\0"), 0);
  const saved = c.dup(2);
  if (memory < 0 || saved < 0) return action();
  c.dup2(memory, 2);
  try {
    return action();
  } finally {
    c.dup2(saved, 2);
    c.close(saved);
    c.lseek(memory, 0n, 0);
    const buffer = new Uint8Array(1 << 20);
    const size = Math.max(0, Number(c.read(memory, buffer, BigInt(buffer.length))));
    c.close(memory);
    const lines = new TextDecoder().decode(buffer.subarray(0, size)).split("\n");
    const real = lines.filter((line) => line !== "" && !NOISE.test(line));
    if (real.length > 0) console.error(real.join("\n"));
  }
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
  loader.symbols.dlopen(new TextEncoder().encode(path + "\0"), STAY_LOADED);
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

let opened: { paths: LibraryPaths; symbols: Symbols } | null = null;

/**
 * Opens TensorFlow's libraries once a process; they stay loaded until its end, as TensorFlow cannot be unloaded.
 *
 * @throws {Error} when a library cannot be loaded
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * const paths = { framework: "/nowhere/libtensorflow_framework.so.2", cc: "/nowhere/libtensorflow_cc.so.2" };
 * assertThrows(() => openLibrary(paths), Error, "Cannot open TensorFlow");
 * ```
 */
export function openLibrary(paths: LibraryPaths): Symbols {
  if (opened) return opened.symbols;
  if (!Deno.env.get("TF_CPP_MIN_LOG_LEVEL")) Deno.env.set("TF_CPP_MIN_LOG_LEVEL", "2");
  giveMemoryBack();
  try {
    const symbols = withoutNoise(() => {
      Deno.dlopen(paths.framework, {}); // loaded for good: the second library's symbols come from it
      const { symbols } = Deno.dlopen(paths.cc, SYMBOLS);
      keepLoaded(paths.cc);
      return symbols;
    });
    opened = { paths, symbols };
    return symbols;
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new Error(`Cannot open TensorFlow with "${paths.cc}": ${reason}`, { cause });
  }
}
