/**
 * CPython in WebAssembly behind a gate, for one program. The interpreter is Pyodide's, set up without Pyodide's own
 * start: nothing of JavaScript is handed to Python, neither `js` nor a proxy of an object. The first one is started and
 * its memory kept; each later one is a new instance with a copy of that memory, about 50 ms instead of a second, so no
 * program meets what another one left.
 *
 * @module
 */
import { importPyodide, PYODIDE_FOLDER } from "../npm/pyodide.ts";
import { type FileStorage, Gate } from "./gate.ts";
import type { Outcome } from "./verdict.ts";

/** What Emscripten's module gives, as far as it is used. */
interface Emscripten {
  readonly HEAPU8: Uint8Array;
  readonly HEAPU32: Uint32Array;
  readonly ENV: { [name: string]: string };
  readonly MEMFS: FileStorage;
  readonly TTY: { default_tty_ops: TerminalOps; default_tty1_ops: TerminalOps };
  readonly FS: {
    mkdirTree(path: string): void;
    chdir(path: string): void;
    writeFile(path: string, bytes: Uint8Array): void;
  };
  stringToNewUTF8(text: string): number;
  UTF8ToString(pointer: number): string;
  _malloc(bytes: number): number;
  _PyDict_New(): number;
  _PyRun_StringFlags(source: number, start: number, globals: number, locals: number, flags: number): number;
  _PyErr_Occurred(): number;
  readonly _Py_EMSCRIPTEN_SIGNAL_HANDLING: number;
}

/** What reads and writes a terminal, a character at a time. */
interface TerminalOps {
  get_char(): number | null;
  put_char(): void;
}

/** A program's limits. */
export interface ProgramLimits {
  /** When it must be over, in milliseconds of `performance.now()`. */
  deadline: number;
}

/** One interpreter, which runs one program and is then thrown away. */
export type RunOnce = (program: string, limits: ProgramLimits) => Outcome;

/** Imported into the memory that is copied, so that no program waits for them; `random` begins alike for all. */
const PRELOADED =
  "import abc, array, bisect, cmath, collections, copy, dataclasses, datetime, decimal, enum, " +
  "fractions, functools, hashlib, heapq, itertools, json, math, operator, os, random, re, statistics, string, sys, " +
  "time, typing";

const HOME = "/tmp"; // in memory
const PAGE_BYTES = 4096;
const FILE_INPUT = 257; // Py_file_input
const COMPILER_FLAGS = 0x0100 | 0x0800; // PyCF_SOURCE_IS_UTF8, PyCF_IGNORE_COOKIE: as exec() of a str
const MINOR_VERSION = 14;
const TYPE_NAME = 3; // the word of tp_name in a type, after its count, its type and its size

/**
 * Loads Pyodide's files, starts the first interpreter and keeps its memory. The function that comes back makes new
 * ones, for which nothing is read.
 *
 * @throws {Error} If the files are not there or Python does not start.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { prepareInterpreters } from "./interpreter.ts";
 *
 * const load = await prepareInterpreters({ outputBytes: 1e6 });
 * const run = await load();
 * const outcome = run("assert 1 + 1 == 3", { deadline: performance.now() + 3000 });
 * assertEquals(outcome, { reason: "failed", detail: "AssertionError" });
 * ```
 */
export async function prepareInterpreters(options: { outputBytes: number }): Promise<() => Promise<RunOnce>> {
  const { default: create } = await importPyodide();
  const wasm = await WebAssembly.compile(await Deno.readFile(new URL("pyodide.asm.wasm", PYODIDE_FOLDER)));
  const stdlib = await Deno.readFile(new URL("python_stdlib.zip", PYODIDE_FOLDER));
  const start = (memory?: Memory) => startInterpreter({ create, wasm, stdlib, memory, ...options });
  const { python } = await start();
  if (!runString(python, PRELOADED)) throw new Error(`Cannot start Python: ${exceptionName(python)}`);
  python.HEAPU8[python._Py_EMSCRIPTEN_SIGNAL_HANDLING] = 1; // it asks every so often whether to go on
  const blank = await start({ bytes: python.HEAPU8.length, parts: [] });
  const memory = { bytes: python.HEAPU8.length, parts: differingParts(python.HEAPU8, blank.python.HEAPU8) };
  return async () => {
    const { python, gate } = await start(memory);
    return (program, { deadline }) => runProgram(python, gate, { program, deadline });
  };
}

/** The memory of a started interpreter, as to a new instance's. */
interface Memory {
  bytes: number;
  /** What differs, in order. */
  parts: { at: number; bytes: Uint8Array }[];
}

/** The pages in which a memory differs from another one of its size; most are zero in both, and need not be touched. */
function differingParts(memory: Uint8Array, other: Uint8Array): Memory["parts"] {
  const parts: Memory["parts"] = [];
  for (let at = 0; at < memory.length; at += PAGE_BYTES) {
    const bytes = memory.slice(at, at + PAGE_BYTES);
    if (bytes.some((byte, i) => byte !== other[at + i])) parts.push({ at, bytes });
  }
  return parts;
}

interface StartOptions {
  create: (settings: object) => Promise<Emscripten>;
  wasm: WebAssembly.Module;
  stdlib: Uint8Array;
  memory?: Memory;
  outputBytes: number;
}

/** One interpreter, started, or with the memory of a started one. */
async function startInterpreter({ create, wasm, stdlib, memory, outputBytes }: StartOptions) {
  const gate = new Gate({ outputBytes });
  const nothing = () => null;
  const failed = Promise.withResolvers<never>(); // Emscripten waits for ever when a module is not instantiated
  const settings = {
    // in Deno it opens no channel of messages, which would keep every interpreter for ever
    API: { config: { jsglobals: Object.create(null), env: {} }, runtimeEnv: { IN_DENO: true } },
    ...{ thisProgram: "python", arguments: [], stdin: nothing, print: nothing, printErr: nothing },
    locateFile: nothing,
    ...memory && { noInitialRun: true, INITIAL_MEMORY: memory.bytes },
    preRun: [(python: Emscripten) => {
      python.FS.mkdirTree("/lib/python3.14/lib-dynload");
      python.FS.writeFile("/lib/python314.zip", stdlib);
      python.FS.chdir(HOME);
      // sets in one order, whichever process judges
      Object.assign(python.ENV, { HOME, PYTHONINSPECT: "1", PYTHONHASHSEED: "0" });
    }],
    instantiateWasm(
      imports: { env: { [name: string]: unknown } },
      onInstance: (i: WebAssembly.Instance) => void,
    ) {
      imports.env.Jsv_GetError_import = nothing;
      imports.env.JsvError_Check = () => 0;
      gate.guard(imports.env, () => python.HEAPU32);
      WebAssembly.instantiate(wasm, imports as unknown as WebAssembly.Imports).then(
        (instance) =>
          (onInstance as (i: WebAssembly.Instance, m: WebAssembly.Module) => void)(instance, wasm),
      ).catch(failed.reject);
      return {};
    },
  };
  const python: Emscripten = await Promise.race([create(settings), failed.promise]);
  gate.guardFiles(python.MEMFS);
  for (const ops of [python.TTY.default_tty_ops, python.TTY.default_tty1_ops]) {
    Object.assign(ops, { get_char: nothing, put_char: nothing }); // else /dev/tty is this process' own
  }
  for (const { at, bytes } of memory?.parts ?? []) python.HEAPU8.set(bytes, at);
  return { python, gate };
}

/** Runs a program as `exec(program, {})` does, so `__name__` is not "__main__". */
function runProgram(
  python: Emscripten,
  gate: Gate,
  { program, deadline }: { program: string; deadline: number },
): Outcome {
  // a C string ends there, before the tests
  if (program.includes("\0") || !program.isWellFormed()) return { reason: "failed", detail: "SyntaxError" };
  try {
    gate.shut(deadline);
    const isDone = runString(python, program);
    if (gate.stop) return gate.stop;
    return isDone ? { reason: "passed" } : { reason: "failed", detail: exceptionName(python) };
  } catch (error) {
    if (gate.stop) return gate.stop;
    return error instanceof RangeError
      ? { reason: "failed", detail: "RecursionError" }
      : { reason: "no-verdict", detail: "trap" };
  } finally {
    gate.end();
  }
}

/** Whether a text ran to its end without an exception, in a namespace of its own. */
function runString(python: Emscripten, text: string): boolean {
  const flags = python._malloc(8);
  python.HEAPU32.set([COMPILER_FLAGS, MINOR_VERSION], flags >>> 2);
  const source = python.stringToNewUTF8(text);
  const globals = python._PyDict_New();
  return python._PyRun_StringFlags(source, FILE_INPUT, globals, globals, flags) !== 0;
}

/** The name of the type of what was raised. */
function exceptionName(python: Emscripten): string {
  const type = python._PyErr_Occurred();
  return python.UTF8ToString(python.HEAPU32[(type >>> 2) + TYPE_NAME]!);
}
