import { assert, assertEquals } from "@std/assert";
import { iniLines } from "../../lib/secrets/ini_lines.ts";

Deno.test("iniLines() reads what configparser reads and detect-secrets finds again when the text is", async (t) => {
  const cases: [text: string, lines: string[] | null][] = [
    ["", null],
    ["k = v", null],
    ["[s]", []],
    ["[s]\nk = v", ['k = "v"']],
    ["[s]\nk: 'v'", ['k = "v"']],
    ['[s]\nk = a "b" c', ['k = "a \\"b\\" c"']],
    ["[s]\nk =\n  a\n\n  # c\n  b", ['k = "a"', 'k = "b"']],
    ["[s]\nk\t= v\nl = w", []],
    ["[s]\nk = v\nk = w", null],
    ["[s]\n[s]", null],
    ["[DEFAULT]\nk = v", null],
    ["[DEFAULT]\nk = v\n[s]", ['k = "v"']],
    ["[s]\nno delimiter", null],
    ["[s]\n= v", null],
    ["[s]\nk = 50%", null],
    ["[s]\nk = %(l)s\nl = v", []],
    ["[s]\nk = %(missing)s", null],
    ["[s]\nk = 1%%", [`k = "1%"`]],
    ["[s]\nk = %%1\nl = v", []],
    ["[s]\nk = %(k)s", null],
    ["[a]b] c\nk = v", ['k = "v"']],
    ["[s]\nk == v", ['k = "= v"']],
    ["# pragma: allowlist nextline secret\n[s]\nk = v", ["# pragma: allowlist nextline secret", 'k = "v"']],
    ["[s]\nk = a\x85b", ['k = "a"']],
  ];
  for (const [text, lines] of cases) {
    await t.step(JSON.stringify(text), () => assertEquals(iniLines(text), lines));
  }
});

Deno.test("iniLines() with a header reads a file without sections, and never one with a [global] of its own", () => {
  assertEquals(iniLines("k = v", { header: true }), ['k = "v"']);
  assertEquals(iniLines("import os\nk = v", { header: true }), null);
  assertEquals(iniLines("[global]\nk = v", { header: true }), null);
});

Deno.test("iniLines() gives up on references that grow without bound", () => {
  const levels = Array.from({ length: 9 }, (_, i) => `a${i} = ${`%(a${i + 1})s`.repeat(100)}`);
  assertEquals(iniLines(`[s]\n${levels.join("\n")}\na9 = x`), null);
});

Deno.test("iniLines() takes linear time on many keys, sections and continued values", () => {
  const sections = Array.from({ length: 20_000 }, (_, i) => `[s${i}]`).join("\n");
  const defaults = Array.from({ length: 1_000 }, (_, i) => `k${i} = v`).join("\n");
  for (const text of [`[DEFAULT]\n${defaults}\n${sections}`, `[s]\nk =\n${"  a\n".repeat(200_000)}`]) {
    const start = performance.now();
    assert(iniLines(text) !== null);
    assert(performance.now() - start < 3_000, `took ${performance.now() - start} ms`);
  }
});
