/**
 * Tree-sitter in WebAssembly, and where the grammars lie that Visual Studio Code builds with it. Importing this starts
 * nothing of it.
 *
 * @module
 */
import treeSitter from "npm:@vscode/tree-sitter-wasm@0.3.1";

export type { Parser, Tree } from "npm:@vscode/tree-sitter-wasm@0.3.1";

/** Its classes; `Parser.init` starts it. */
export const { Language: TreeSitterLanguage, Parser: TreeSitterParser } = treeSitter;

/** Where its files lie: a grammar is `tree-sitter-python.wasm` or the like. */
export const TREE_SITTER_FOLDER = new URL(".", import.meta.resolve("npm:@vscode/tree-sitter-wasm@0.3.1"));
