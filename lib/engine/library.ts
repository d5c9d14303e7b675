/**
 * TensorFlow's two shared libraries, opened by `Deno.dlopen` on first use and never at import.
 *
 * @module
 */
import { giveMemoryBack, keepLoaded, withoutNoise } from "./libc.ts";
import { SYMBOLS, type Symbols } from "./symbols.ts";
import { reasonOf } from "../files/reason.ts";

/** Where the two libraries are. */
export interface LibraryPaths {
  /** `libtensorflow_framework.so.2` */
  framework: string;
  /** `libtensorflow_cc.so.2` */
  cc: string;
}

/**
 * C++: `absl::SetMinLogLevel(absl::LogSeverityAtLeast)`, `tensorflow::IsGoogleCudaEnabled()` and
 * `tsl::internal::DsoLoader::MaybeTryDlopenGPULibraries()`, whose `absl::Status` is written where its only parameter
 * points; null where a build of TensorFlow does not have one.
 */
const FRAMEWORK = {
  setMinLogLevel: {
    name: "_ZN4absl12lts_2025081414SetMinLogLevelENS0_18LogSeverityAtLeastE",
    parameters: ["i32"],
    result: "void",
    optional: true,
  },
  isCudaBuild: {
    name: "_ZN10tensorflow19IsGoogleCudaEnabledEv",
    parameters: [],
    result: "bool",
    optional: true,
  },
  openCudaLibraries: {
    name: "_ZN3tsl8internal9DsoLoader26MaybeTryDlopenGPULibrariesEv",
    parameters: ["buffer"],
    result: "pointer",
    optional: true,
  },
} as const;
/** Values of TF_CPP_MIN_LOG_LEVEL. */
const LEVELS = { warnings: "1", errors: "2" } as const;

let opened:
  | {
    paths: LibraryPaths;
    symbols: Symbols;
    setMinLogLevel: ((level: number) => void) | null;
    isCudaBuild: (() => boolean) | null;
    openCudaLibraries: ((status: BigUint64Array<ArrayBuffer>) => unknown) | null;
  }
  | null = null;

/**
 * Where the libraries are that this process has opened, if it has.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "./engine.ts";
 * import { openedPaths } from "./library.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" }); // importing opens nothing
 * assertEquals(openedPaths()?.framework.includes("libtensorflow_framework"), true);
 * ```
 */
export function openedPaths(): LibraryPaths | null {
  return opened && opened.paths;
}

/** TensorFlow's own allocator takes ever larger regions and keeps them; by this, tensors are glibc's. */
const SYSTEM_ALLOCATOR = "TF_ONEDNN_USE_SYSTEM_ALLOCATOR";

/**
 * Opens TensorFlow's libraries once a process; they stay loaded until its end, as TensorFlow cannot be unloaded.
 *
 * @param options.savesMemory whether memory is given back as soon as it is freed; decided when they are opened first
 * @throws {Error} when a library cannot be loaded, or others have been
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * const paths = { framework: "/nowhere/libtensorflow_framework.so.2", cc: "/nowhere/libtensorflow_cc.so.2" };
 * assertThrows(() => openLibrary(paths), Error, "Cannot open TensorFlow");
 * ```
 */
export function openLibrary(
  paths: LibraryPaths,
  { savesMemory = false }: { savesMemory?: boolean } = {},
): Symbols {
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
  if (savesMemory && !Deno.env.get(SYSTEM_ALLOCATOR)) Deno.env.set(SYSTEM_ALLOCATOR, "true");
  giveMemoryBack(savesMemory ? "most" : "usual");
  try {
    return withoutNoise(() => {
      // loaded for good: the second library's symbols come from it
      const { setMinLogLevel, ...cuda } = Deno.dlopen(paths.framework, FRAMEWORK).symbols;
      const { symbols } = Deno.dlopen(paths.cc, SYMBOLS);
      keepLoaded(paths.cc);
      opened = { paths, symbols, setMinLogLevel: isChosen ? null : setMinLogLevel, ...cuda };
      return symbols;
    });
  } catch (cause) {
    const reason = reasonOf(cause);
    throw new Error(`Cannot open TensorFlow with "${paths.cc}": ${reason}`, { cause });
  } finally {
    if (!isChosen) Deno.env.delete("TF_CPP_MIN_LOG_LEVEL"); // read while it loaded; children shall not take it for a choice
  }
}

/**
 * Whether the opened TensorFlow was built for NVIDIA's cards; false where none is open, or it does not say.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(isCudaBuild(), false);
 * ```
 */
export function isCudaBuild(): boolean {
  return opened?.isCudaBuild?.() ?? false;
}

/**
 * Has TensorFlow open CUDA's libraries, as it does before it uses a card; they stay open. Where some cannot be opened
 * it does not say which: ask the loader.
 *
 * @returns whether it could be asked to
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openCudaLibraries, openedPaths } from "./library.ts";
 *
 * assertEquals(openCudaLibraries(), openedPaths() !== null);
 * ```
 */
export function openCudaLibraries(): boolean {
  const open = opened?.openCudaLibraries;
  if (!open) return false;
  withoutNoise(() => open(new BigUint64Array(1)), () => {});
  return true;
}

/**
 * Runs what finds TensorFlow's devices: warnings are shown meanwhile, as they say what a GPU lacks, and later errors
 * alone, unless the user has set TF_CPP_MIN_LOG_LEVEL.
 *
 * @param show is given what TensorFlow wrote; by default it goes to standard error
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(withWarnings(() => 42), 42);
 * ```
 */
export function withWarnings<T>(action: () => T, show?: (lines: string[]) => void): T {
  const setLevel = (level: string) => opened?.setMinLogLevel?.(Number(level));
  setLevel(LEVELS.warnings);
  try {
    return withoutNoise(action, show);
  } finally {
    setLevel(LEVELS.errors);
  }
}
