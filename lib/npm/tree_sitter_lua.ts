/**
 * The grammar of Lua for tree-sitter in WebAssembly, which Visual Studio Code does not build, by those who maintain it.
 * Nothing else of its package is loaded, and nothing of it is run when it is installed.
 *
 * @module
 */

/**
 * Where it lies.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { findTreeSitterLua } from "./tree_sitter_lua.ts";
 *
 * assert((await findTreeSitterLua()).pathname.endsWith(".wasm"));
 * ```
 */
export const findTreeSitterLua = async (): Promise<URL> => {
  await import("npm:@tree-sitter-grammars/tree-sitter-lua@0.4.1/package.json", { with: { type: "json" } });
  return new URL(
    "tree-sitter-lua.wasm",
    import.meta.resolve("npm:@tree-sitter-grammars/tree-sitter-lua@0.4.1/package.json"),
  );
};
