import { assert, assertEquals } from "@std/assert";
import { cutDocuments, dropOpeningComments } from "../../lib/embedded/source_documents.ts";

const BLOCK = "def f(x):\n    y = x + 1\n    return y * 2\n\n\n";

Deno.test("cutDocuments() cuts at blank lines, within its limits, and loses nothing between", () => {
  const text = Array.from(
    { length: 90 },
    (_, i) => BLOCK.replace("f(", `f${String.fromCharCode(97 + i % 26)}(`),
  );
  const documents = cutDocuments({ path: "a.py", text: text.join("") });
  assertEquals(documents.map(({ docId }) => docId), ["a.py#0", "a.py#1", "a.py#2"]);
  for (const { text } of documents) {
    assert(text.length >= 700 && text.length <= 1150);
    assert(text.startsWith("def f") && text.endsWith("return y * 2\n"));
  }
  const joined = text.join("").replaceAll("\n\n\n", "\n");
  assert(joined.startsWith(documents.map(({ text }) => text.replaceAll("\n\n\n", "\n")).join("")));
});

Deno.test("cutDocuments() cuts between lines where there is no blank one", () => {
  const [first] = cutDocuments({ path: "a.py", text: "total = total + value\n".repeat(200) });
  assertEquals(first?.text, "total = total + value\n".repeat(52));
});

Deno.test("cutDocuments() drops short rests, data and very long lines", () => {
  assertEquals(cutDocuments({ path: "a.py", text: BLOCK }), []);
  assertEquals(cutDocuments({ path: "a.py", text: "    0x1234, 0x5678,\n".repeat(100) }), []);
  assertEquals(cutDocuments({ path: "a.py", text: `x = "${"word ".repeat(50)}"\n`.repeat(10) }), []);
  assertEquals(cutDocuments({ path: "a.py", text: "" }), []);
});

Deno.test("dropOpeningComments() keeps all but comments and blanks at the top", () => {
  const cases = [
    ["#!/usr/bin/env python\n# Copyright\n\n\nimport os  # x\n# y\n", "import os  # x\n# y\n"],
    ["import os\n# x\n", "import os\n# x\n"],
    ["  # indented\nx = 1\n", "x = 1\n"],
    ["# only", "# only"],
    ["", ""],
  ] as const;
  for (const [text, expected] of cases) assertEquals(dropOpeningComments(text), expected);
});
