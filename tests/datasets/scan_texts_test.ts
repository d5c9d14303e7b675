import { assertEquals, assertThrows } from "@std/assert";
import { isIgnoredPlace, parseIgnoredPlaces } from "../../lib/datasets/ignored_places.ts";
import { decodeText } from "../../lib/datasets/decode_text.ts";
import { linePlaces } from "../../lib/datasets/line_places.ts";
import { notebookTexts } from "../../lib/datasets/notebook_texts.ts";
import { toCodePoints } from "../../lib/tokenizers/code_points.ts";

const bytes = (...numbers: number[]) => new Uint8Array(numbers);
const tar = new Uint8Array(512);
tar.set(new TextEncoder().encode("ustar"), 257);

Deno.test("decodeText() reads UTF-16 when asked to, and tells archives from other bytes", () => {
  const cases: [string, Uint8Array, string, string?][] = [
    ["little", bytes(0xff, 0xfe, 97, 0, 0x3d, 0xd8, 0, 0xde), "binary", "\ufeffa😀"],
    ["big", bytes(0xfe, 0xff, 0, 97, 0, 10), "binary", "\ufeffa\n"],
    ["half a character", bytes(0xff, 0xfe, 97), "not UTF-8", "not UTF-16"],
    ["half a pair", bytes(0xff, 0xfe, 0x3d, 0xd8), "not UTF-8", "not UTF-16"],
    ["UTF-32", bytes(0xff, 0xfe, 0, 0, 97, 0, 0, 0), "binary"],
    ["without a mark", bytes(97, 0), "binary"],
    ["nothing", bytes(), "empty"],
    ["zip", bytes(80, 75, 3, 4, 0), "archive"],
    ["gzip", bytes(0x1f, 0x8b, 8, 0), "archive"],
    ["tar", tar, "archive"],
    ["text that begins as a packed file does", new TextEncoder().encode("BZhang = 1"), "BZhang = 1"],
    ["Windows-1252", bytes(0x80, 0xe9, 0x81, 10), "not UTF-8", "€é\x81\n"],
  ];
  for (const [name, content, plain, wide = plain] of cases) {
    const of = (anyEncoding: boolean) => Object.values(decodeText(content, { anyEncoding }))[0];
    assertEquals([of(false), of(true)], [plain, wide], name);
  }
});

const cell = (value: unknown) => JSON.stringify({ cells: [{ source: ["x = 0\n"] }, value] }, null, 1);

Deno.test("notebookTexts() have what cells say, and lead back to the file", () => {
  const cases: [string, unknown, string[]][] = [
    ["lines", { source: ["a\n", 'b = "c"'] }, ['a\nb = "c"']],
    ["one string", { source: "a\nb" }, ["a\nb"]],
    ["every escape", { source: ['\t"\\/\b\f\r\u00e9😀\u0001'] }, ['\t"\\/\b\f\r\u00e9😀\u0001']],
    ["output", { outputs: [{ text: ["p\n"] }, { data: { "text/plain": ["q"], "image/png": "AAAA" } }] }, [
      "p\n",
      "q",
    ]],
    ["an error", { outputs: [{ evalue: "no", traceback: ["l1", "l2"] }] }, ["no", "l1l2"]],
    ["other strings", { cell_type: "code", id: "abc", metadata: { tags: ["t"], name: "n" } }, []],
    ["no strings", { source: [], outputs: [{ text: [] }, null, 1, true] }, []],
    ["a cell of a cell", { metadata: { cells: [{ source: "inner" }] } }, ["inner"]],
  ];
  for (const [name, value, texts] of cases) {
    const file = cell(value);
    const found = notebookTexts(file).filter(({ cell }) => cell === 2);
    assertEquals(found.map(({ text }) => text), texts, name);
    for (const { text, spanOf } of found) {
      const all = spanOf({ start: 0, end: text.length });
      const spelled = file.slice(all.start, all.end);
      assertEquals(JSON.parse(`"${spelled.replace(/",\s*"/g, "")}"`), text, name);
      for (let i = 0; i < text.length; i++) {
        const { start, end } = spanOf({ start: i, end: i + 1 });
        assertEquals(JSON.parse(`"${file.slice(start, end)}"`), text[i], `${name}, character ${i}`);
      }
    }
  }
});

Deno.test("notebookTexts() of what is no notebook are none, in linear time", () => {
  const old = '{"worksheets": [{"cells": [{"input": ["a"]}]}]}';
  assertEquals(notebookTexts(old).map(({ cell, text }) => [cell, text]), [[1, "a"]]);
  const others = [
    "",
    "{",
    "[]",
    "null",
    '"',
    '{"cells": {"source": "a"}}',
    '{"cells": [',
    "]]]}}}",
    '{"cells": [{"source": "a',
  ];
  for (const file of others) assertEquals(notebookTexts(file), [], file);
  const hostile = [
    "[".repeat(2e5),
    `{"cells": [{"source": "${'\\"'.repeat(2e5)}`,
    '"'.repeat(2e5),
    "{".repeat(2e5),
  ];
  for (const file of hostile) assertEquals(notebookTexts(file).length, 0);
});

Deno.test("linePlaces() count lines by LF and columns by code points", () => {
  const text = "a\r\n😀b\n\nlast";
  const place = linePlaces(text, toCodePoints(text));
  const of = (value: string) => {
    const start = text.indexOf(value);
    return Object.values(place({ start, end: start + value.length }));
  };
  assertEquals([of("a"), of("😀"), of("b"), of("b\n"), of("last"), of("b\n\nla")], [
    [1, 1, 1, 2],
    [2, 1, 2, 2],
    [2, 2, 2, 3],
    [2, 2, 2, 4],
    [4, 1, 4, 5],
    [2, 2, 4, 3],
  ]);
});

Deno.test("parseIgnoredPlaces() takes gitleaks' lines, and says which line is none", () => {
  const commit = "0123456789".repeat(4);
  const list = parseIgnoredPlaces(
    `\ufeff# known\r\n\r\nsrc/a.py:aws-key:3\r\nC:\\x\\b.py:AWS:7\n${commit}:a:b.py:AWS:1\n`,
    "list",
  );
  const cases: [string, string, number, string | null, boolean][] = [
    ["src/a.py", "aws-key", 3, null, true],
    ["src/a.py", "aws-key", 3, commit, true],
    ["src/a.py", "aws-key", 4, null, false],
    ["C:/x/b.py", "AWS", 7, null, true],
    ["a:b.py", "AWS", 1, commit, true],
    ["a:b.py", "AWS", 1, null, false],
  ];
  for (const [path, detector, line, own, expected] of cases) {
    assertEquals(isIgnoredPlace({ path, detector, line, commit: own }, list), expected, `${path} ${line}`);
  }
  for (const bad of ["src/a.py", "a:b", "a:b:c", "a:b:0x1", ":b:1", "a::1", `${commit}`]) {
    assertThrows(
      () => parseIgnoredPlaces(`# ok\n${bad}\n`, "x"),
      SyntaxError,
      'ignore list "x": line 2 is no place',
    );
  }
});
