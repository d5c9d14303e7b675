/**
 * Tree-sitter in WebAssembly, and where the grammars lie that Visual Studio Code builds with it. Importing this loads
 * nothing of it.
 *
 * @module
 */
export type { Parser, Tree } from "npm:@vscode/tree-sitter-wasm@0.3.1";

/** Where its files lie: a grammar is `tree-sitter-python.wasm` or the like. */
export const TREE_SITTER_FOLDER = new URL(".", import.meta.resolve("npm:@vscode/tree-sitter-wasm@0.3.1"));

/**
 * Its classes; `Parser.init` starts it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { importTreeSitter } from "./tree_sitter.ts";
 *
 * const { Parser } = await importTreeSitter();
 * assertEquals(Parser.name, "Parser");
 * ```
 */
export const importTreeSitter = async () => (await import("npm:@vscode/tree-sitter-wasm@0.3.1")).default;
