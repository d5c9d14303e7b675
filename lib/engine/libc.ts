/**
 * What is asked of Linux itself, by its C library: standard error kept aside while TensorFlow starts, libraries that stay,
 * how memory is given back, and what the kernel says of processes.
 *
 * While TensorFlow loads, absl and oneDNN write notes to file descriptor 2 whatever the log level: the descriptor points
 * to memory meanwhile, and what is no such note is written out afterwards, by a shell if TensorFlow ends the process.
 *
 * @module
 */
import { withoutStartNotes } from "./start_notes.ts";

const LIBC = {
  dup: { parameters: ["i32"], result: "i32" },
  dup2: { parameters: ["i32", "i32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  memfd_create: { parameters: ["buffer", "u32"], result: "i32" },
  open: { parameters: ["buffer", "i32"], result: "i32" },
  access: { parameters: ["buffer", "i32"], result: "i32" },
  pread: { parameters: ["i32", "buffer", "usize", "i64"], result: "i64" },
  popen: { parameters: ["buffer", "buffer"], result: "pointer" },
  fputs: { parameters: ["buffer", "pointer"], result: "i32" },
  pclose: { parameters: ["pointer"], result: "i32" },
} as const;

const LOADER = { dlopen: { parameters: ["buffer", "i32"], result: "pointer" } } as const;

/** `RTLD_LAZY | RTLD_NODELETE` and `RTLD_LAZY | RTLD_NOLOAD` of Linux's dlfcn.h. */
const [STAY_LOADED, ONLY_LOADED] = [1 | 0x1000, 1 | 4];

/**
 * Runs `action` with standard error kept aside, then writes out the lines that are no known start-up note. All of it is
 * left as it is where the user asks for every line by TF_CPP_MIN_LOG_LEVEL=0.
 *
 * A process that is ended inside, as TensorFlow ends its own where a check fails, cannot write anything out any more. A
 * shell that waits beside it does: its input ends without a word then.
 *
 * @param show is given the lines; by default they are written to standard error
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(withoutNoise(() => 42), 42);
 * ```
 */
export function withoutNoise<T>(action: () => T, show: (lines: string[]) => void = writeOut): T {
  if (Deno.build.os !== "linux" || Deno.env.get("TF_CPP_MIN_LOG_LEVEL") === "0") return action();
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
      if (lines.length > 0) show(lines);
    }
  } finally {
    for (const descriptor of [memory, saved]) c.close(descriptor);
  }
}

function writeOut(lines: string[]): void {
  console.error(lines.join("\n"));
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
 *
 * @returns whether it does
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(keepLoaded("/nowhere/lib.so"), false);
 * ```
 */
export function keepLoaded(path: string): boolean {
  return load(path, STAY_LOADED);
}

/**
 * Whether a library is in this process's memory already, whoever loaded it from wherever.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([isLoaded("libc.so.6"), isLoaded("libcudnn.so.1")], [true, false]);
 * ```
 */
export function isLoaded(name: string): boolean {
  return load(name, ONLY_LOADED);
}

function load(path: string, mode: number): boolean {
  if (Deno.build.os !== "linux") return false;
  const loader = openLoader();
  const library = loader.symbols.dlopen(bytesOf(path), mode);
  loader.close();
  return library !== null;
}

const ALLOCATOR = { mallopt: { parameters: ["i32", "i32"], result: "i32" } } as const;
/** `M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD` of glibc's malloc.h. */
const [MMAP_THRESHOLD, TRIM_THRESHOLD] = [-3, -1];
/** What counts as large, and how much of the rest is kept: little of either takes a third more time for faulting it in again. */
const GIVEN_BACK = { usual: [2 ** 24, 2 ** 26], most: [2 ** 20, 2 ** 24] } as const;

/**
 * Has memory of 16 MB and more, or of 1 MB and more, given back when it is freed. By default glibc keeps more and more of
 * it, in pieces that the next tensor does not fit into: caches that grow took twice their size. MALLOC_ variables of the
 * user's win.
 *
 * @returns whether it will be
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * Deno.env.set("MALLOC_TRIM_THRESHOLD_", "131072");
 * assertEquals(giveMemoryBack(), false);
 * ```
 */
export function giveMemoryBack(share: keyof typeof GIVEN_BACK = "usual"): boolean {
  const isSet = ["MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"].some((name) =>
    Deno.env.get(name)
  );
  if (Deno.build.os !== "linux" || isSet) return false;
  try {
    const allocator = Deno.dlopen("libc.so.6", ALLOCATOR);
    const [large, kept] = GIVEN_BACK[share];
    allocator.symbols.mallopt(MMAP_THRESHOLD, large);
    allocator.symbols.mallopt(TRIM_THRESHOLD, kept);
    allocator.close();
    return true;
  } catch {
    return false; // another C library: it has its own ways
  }
}

/**
 * Has all memory given back that is free between what is in use, which takes some milliseconds; does nothing where the system
 * has another C library.
 *
 * @example
 * ```ts
 * import { trimMemory } from "./libc.ts";
 *
 * trimMemory();
 * ```
 */
export function trimMemory(): void {
  if (Deno.build.os !== "linux") return;
  try {
    const allocator = Deno.dlopen("libc.so.6", { malloc_trim: { parameters: ["usize"], result: "i32" } });
    allocator.symbols.malloc_trim(0n);
    allocator.close();
  } catch {
    // it has its own ways
  }
}

function openLoader(): Deno.DynamicLibrary<typeof LOADER> {
  try {
    return Deno.dlopen("libc.so.6", LOADER);
  } catch {
    return Deno.dlopen("libdl.so.2", LOADER); // before glibc 2.34
  }
}

/**
 * Whether a file of the kernel's or a device is there, which Deno itself tells only programs that may do everything.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([isKernelFile("/dev/null"), isKernelFile("/dev/nowhere")], [true, false]);
 * ```
 */
export function isKernelFile(path: `/${"proc" | "dev"}/${string}`): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    using libc = openLibc();
    return libc.symbols.access(bytesOf(path), 0) === 0;
  } catch {
    return false; // another C library, or no permission to use any
  }
}

/**
 * A file of the kernel's, such as `/proc/7/stat`, which Deno itself opens only for programs that may do everything; null
 * where there is none, or no Linux.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(readKernelFile(`/proc/${Deno.pid}/stat`)?.split(" ")[0], String(Deno.pid));
 * assertEquals(readKernelFile("/proc/0/stat"), null);
 * ```
 */
export function readKernelFile(path: `/proc/${string}`): string | null {
  if (Deno.build.os !== "linux") return null;
  try {
    using libc = openLibc();
    const descriptor = libc.symbols.open(bytesOf(path), 0);
    if (descriptor < 0) return null;
    const text = readAll(libc.symbols, descriptor);
    libc.symbols.close(descriptor);
    return text;
  } catch {
    return null; // another C library, or no permission to use any
  }
}
