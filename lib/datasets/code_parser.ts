/**
 * Parsers of source code by tree-sitter, each grammar opened once.
 *
 * @module
 */
import { importTreeSitter, type Parser, TREE_SITTER_FOLDER } from "../npm/tree_sitter.ts";
import { findTreeSitterLua } from "../npm/tree_sitter_lua.ts";

const parsers = new Map<string, Promise<Parser>>();
let opened: ReturnType<typeof openTreeSitter> | undefined;

/**
 * The parser of a grammar.
 *
 * @param grammar as in the name of its file: "python", "c-sharp"
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openCodeParser } from "./code_parser.ts";
 *
 * const tree = (await openCodeParser("lua")).parse("local x = 1")!;
 * assertEquals(tree.rootNode.hasError, false);
 * tree.delete();
 * ```
 */
export function openCodeParser(grammar: string): Promise<Parser> {
  let parser = parsers.get(grammar);
  if (!parser) parsers.set(grammar, parser = loadParser(grammar));
  return parser;
}

/** Tree-sitter, started: twice at once it would be two, and the parsers of one would be asked in the other's memory. */
async function openTreeSitter() {
  const library = await importTreeSitter();
  await library.Parser.init();
  return library;
}

async function loadParser(grammar: string): Promise<Parser> {
  const { Language, Parser } = await (opened ??= openTreeSitter());
  const path = grammar === "lua"
    ? await findTreeSitterLua()
    : new URL(`tree-sitter-${grammar}.wasm`, TREE_SITTER_FOLDER);
  const parser = new Parser();
  parser.setLanguage(await Language.load(await Deno.readFile(path)));
  return parser;
}
