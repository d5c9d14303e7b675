import { assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { MatchLineReader } from "../../lib/secrets/match_lines.ts";
import { NearPlaces } from "../../lib/secrets/near_places.ts";

/** What a match's lines are, by their definition. */
function plainly(text: string, start: number, end: number): [lines: string, line: number, column: number] {
  const before = text.lastIndexOf("\n", start);
  const after = text.indexOf("\n", Math.max(end, start + 1));
  const lines = text.slice(Math.max(0, before), after < 0 ? text.length : after);
  return [lines, text.slice(0, start + 1).split("\n").length - 1, start - Math.max(0, before)];
}

Deno.test("MatchLineReader gives each match its lines, across newlines and at the text's ends", () => {
  const random = new PythonRandom(5);
  for (let i = 0; i < 3000; i++) {
    const text = Array.from({ length: 1 + random.randbelow(30) }, () => "ab\n\n"[random.randbelow(4)]).join(
      "",
    );
    const reader = new MatchLineReader(text);
    for (let start = 0; start < text.length;) {
      start += random.randbelow(4);
      if (start >= text.length) break;
      const end = Math.min(text.length, start + random.randbelow(6));
      const { lines, line, column } = reader.at(start, end);
      assertEquals([lines.text, line, column], plainly(text, start, end), JSON.stringify([text, start, end]));
      start = Math.max(end, start + 1);
    }
  }
});

Deno.test("MatchLineReader puts a question to a line once, however many matches it holds", () => {
  const text = "k ".repeat(1000) + "\n" + "k ".repeat(1000);
  const reader = new MatchLineReader(text);
  let asked = 0;
  for (const { index } of text.matchAll(/k/g)) {
    reader.at(index, index + 1).lines.answer("k", () => ++asked > 0);
  }
  assertEquals(asked, 2);
});

Deno.test("NearPlaces tells what comparing every pair tells", () => {
  const random = new PythonRandom(6);
  for (let i = 0; i < 2000; i++) {
    const places = Array.from({ length: random.randbelow(12) }, () => ({
      line: random.randbelow(6),
      column: random.randbelow(20),
    })).sort((a, b) => a.line - b.line || a.column - b.column);
    const within = () => random.randbelow(3) === 0 ? null : random.randbelow(4);
    const nearness = { withinLines: within(), withinColumns: within() };
    const near = new NearPlaces(places, nearness);
    for (let line = 0; line < 7; line++) {
      const one = { line, column: random.randbelow(22) };
      const wanted = places.some((other) =>
        Math.abs(one.line - other.line) <= (nearness.withinLines ?? Infinity) &&
        Math.abs(one.column - other.column) <= (nearness.withinColumns ?? Infinity)
      );
      assertEquals(near.isNear(one), wanted, JSON.stringify([places, nearness, one]));
    }
  }
});
