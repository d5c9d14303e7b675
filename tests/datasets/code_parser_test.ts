import { assertEquals } from "@std/assert";
import { openCodeParser } from "../../lib/datasets/code_parser.ts";

Deno.test("openCodeParser() opens grammars at once, before any other was, and each parses", async () => {
  const codes = { python: "x = 1\n", java: "int x = 1;\n", go: "package a\n", lua: "local x = 1\n" };
  const grammars = Object.keys(codes) as (keyof typeof codes)[];
  const parsers = await Promise.all(grammars.map(openCodeParser));
  for (const [i, grammar] of grammars.entries()) {
    const tree = parsers[i]!.parse(codes[grammar]);
    assertEquals([grammar, tree?.rootNode.hasError, tree?.rootNode.text], [grammar, false, codes[grammar]]);
    tree?.delete();
  }
  assertEquals(await openCodeParser("python"), parsers[0]);
});
