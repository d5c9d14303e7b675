/**
 * Pyodide: CPython compiled to WebAssembly. Importing this loads nothing of it.
 *
 * @module
 */

/** Where its files lie: pyodide.asm.wasm and python_stdlib.zip. */
export const PYODIDE_FOLDER = new URL(".", import.meta.resolve("npm:pyodide@314.0.7/package.json"));

/**
 * What sets up one interpreter: Emscripten's part of it, without Pyodide's bridge between Python and JavaScript.
 *
 * @throws {Error} If it was not fetched yet: Deno does that where this file is started and npm can be reached.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { importPyodide } from "./pyodide.ts";
 *
 * const { default: create } = await importPyodide();
 * assertEquals(create.name, "_createPyodideModule");
 * ```
 */
export const importPyodide = () =>
  import("npm:pyodide@314.0.7/pyodide.asm.mjs").catch((cause) => {
    const what = "npm's package \"pyodide\" is not in Deno's cache: start once where npm can be reached";
    throw new Error(what, { cause });
  });
