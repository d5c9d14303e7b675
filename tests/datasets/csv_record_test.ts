import { assertEquals, assertThrows } from "@std/assert";
import { csvCells, CsvRowEnds, spliceCsvCell } from "../../lib/datasets/csv_record.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { type Replacement, spliceText } from "../../lib/datasets/redact_text.ts";

const ROWS = ['\ufeff"a ""b"",\nc",d\r\n', 'x"y,"",\n', '"é\n\r\n"\n', "\r\n", ",\n", '5" disk,"z"'];

/** Where rows end when a file comes in chunks of a size. */
function endsOf(bytes: Uint8Array, size: number): number[] {
  const ends = new CsvRowEnds();
  const found: number[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    for (let from = 0; from < chunk.length;) {
      const end = ends.find(chunk, from);
      if (end > 0) found.push(at + end);
      from = end || chunk.length;
    }
  }
  return found;
}

Deno.test("CsvRowEnds finds the same ends however a file comes", () => {
  const bytes = ROWS.map((row) => new TextEncoder().encode(row));
  const whole = new Uint8Array(bytes.flatMap((row) => [...row]));
  const expected: number[] = [];
  for (const row of bytes.slice(0, -1)) expected.push((expected.at(-1) ?? 0) + row.length);
  for (let size = 1; size <= whole.length; size++) assertEquals(endsOf(whole, size), expected, `${size}`);
});

Deno.test("csvCells() tells nothing from an empty text, and takes quotes, commas and line breaks within quotes", () => {
  const values = (row: string) => csvCells(row).map(({ value }) => value);
  assertEquals(values('"a ""b"",\nc",d\r\n'), ['a "b",\nc', "d"]);
  assertEquals(values('x"y,"",\n'), ['x"y', "", null]);
  assertEquals(values(""), [null]);
  assertEquals(values("a\r"), ["a"]);
  assertEquals(values('5" disk,"z"'), ['5" disk', "z"]);
  for (const [row, message] of [['"a', "without an end"], ['a,"', "without an end"], ['"a" ,b', "behind"]]) {
    assertThrows(() => csvCells(row!), SyntaxError, message);
  }
});

Deno.test("spliceCsvCell() of a random cell reads as its value with the same places replaced", () => {
  const random = new PythonRandom(3);
  const letters = ["a", "é", "😀", '"', ",", "\n", "\r\n", " "];
  const draw = (length: number) =>
    Array.from({ length }, () => letters[Math.floor(random.random() * letters.length)]).join("");
  for (let i = 0; i < 3000; i++) {
    const value = draw(1 + i % 9);
    const mustQuote = /[",\r\n]/.test(value);
    const cell = mustQuote || i % 2 ? `"${value.replaceAll('"', '""')}"` : value;
    const start = Math.floor(random.random() * value.length);
    const places: Replacement[] = [{ start, end: start + 1, text: `${draw(i % 3)}z` }];
    const row = `1,${spliceCsvCell(cell, places)},2\n`;
    assertEquals(csvCells(row).map(({ value }) => value), ["1", spliceText(value, places), "2"], cell);
  }
});
