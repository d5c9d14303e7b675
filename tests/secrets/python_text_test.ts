import { assertEquals } from "@std/assert";
import {
  foldCase,
  isPythonSpace,
  splitLines,
  strip,
  universalNewlines,
} from "../../lib/secrets/python_text.ts";

Deno.test("isPythonSpace() holds for the 29 characters of Python's str.isspace", () => {
  const found: number[] = [];
  for (let code = 0; code < 0x10000; code++) {
    if (isPythonSpace(String.fromCharCode(code), 0)) found.push(code);
  }
  const ascii = [9, 10, 11, 12, 13, 28, 29, 30, 31, 32];
  const rest = [
    0x85,
    0xa0,
    0x1680,
    ...Array.from({ length: 11 }, (_, i) => 0x2000 + i),
    0x2028,
    0x2029,
    0x202f,
  ];
  assertEquals(found, [...ascii, ...rest, 0x205f, 0x3000]);
});

Deno.test("strip(), splitLines() and universalNewlines() differ from JavaScript's as Python does", () => {
  assertEquals(strip("\ufeff\x1ca\x1c"), "\ufeff\x1ca");
  assertEquals(strip(" \x1f\u3000"), "");
  assertEquals(splitLines("a\x0bb\x0cc\x1cd\x1de\x1ef\x85g\u2028h\u2029i\r\nj\rk\n\n"), [
    ..."abcdefghijk",
    "",
  ]);
  assertEquals(universalNewlines("\r\r\n\n\r"), "\n\n\n\n");
});

Deno.test("foldCase() keeps the length", () => {
  assertEquals(foldCase("\u0130\u0131\u017f\u212a\u00e9"), "iisk\u00e9");
});
