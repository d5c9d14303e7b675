import { assert, assertEquals, assertThrows } from "@std/assert";
import { jsonMembers, parseJsonLine, spliceJsonString } from "../../lib/datasets/json_line.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { type Replacement, spliceText } from "../../lib/datasets/redact_text.ts";

const random = new PythonRandom(4);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random.random() * from.length)]!;
const blank = () => pick(["", "", " ", "\t", "\r"]);

/** JSON of a random text, spelled in one of many ways. */
function spell(text: string): string {
  const units = Array.from({ length: text.length }, (_, i) => text[i]!);
  const hex = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const spelled = units.map((unit) =>
    random.random() < 0.2 ? hex(unit) : unit === "/" ? pick(["/", "\\/"]) : JSON.stringify(unit).slice(1, -1)
  );
  return `"${spelled.join("")}"`;
}

function drawText(): string {
  const units = ["a", "/", "\\", '"', "{", "}", "[", ",", ":", "\n", "é", "😀", "\ud800"];
  return Array.from({ length: Math.floor(random.random() * 8) }, () => pick(units)).join("");
}

function drawValue(depth: number): string {
  const kind = Math.floor(random.random() * (depth > 0 ? 7 : 5));
  if (kind === 0) return pick(["-8876543210987654321", "26.0", "1e5", "-0"]);
  if (kind < 3) return spell(drawText());
  if (kind < 5) return pick(["true", "null", "[]", "{}"]);
  const items = Array.from({ length: 3 }, () => drawValue(depth - 1) + blank());
  if (kind === 5) return `[${blank()}${items.join(`,${blank()}`)}]`;
  return `{${items.map((item, i) => `"${i}"${blank()}:${item}`).join(",")}}`;
}

Deno.test("jsonMembers() finds what JSON.parse() takes, of names that stand twice too", () => {
  for (let i = 0; i < 2000; i++) {
    const names = ["text", "text", "doc_id", "content", drawText()].slice(i % 5);
    const members = names.map((name) =>
      `${blank()}${spell(name)}${blank()}:${blank()}${drawValue(2)}${blank()}`
    );
    const json = `${blank()}{${members.join(",")}${blank()}}${blank()}`;
    const parsed = JSON.parse(json);
    const found = jsonMembers(json);
    assertEquals([...found.keys()].sort(), Object.keys(parsed).sort(), json);
    for (const [name, { start, end }] of found) {
      assertEquals(JSON.parse(json.slice(start, end)), parsed[name], json);
      assertEquals(json.slice(start, end), json.slice(start, end).trim());
    }
  }
});

Deno.test("spliceJsonString() changes a place and no other character", () => {
  for (let i = 0; i < 2000; i++) {
    const text = `${drawText()}SECRET${drawText()}`;
    const [before, after] = [spell(text.slice(0, text.indexOf("SECRET"))), spell(text.split("SECRET")[1]!)];
    const literal = before.slice(0, -1) + spell("SECRET").slice(1, -1) + after.slice(1);
    const start = JSON.parse(before).length;
    const places: Replacement[] = [{ start, end: start + 6, text: pick(["<KEY>", 'a"\\\n', "é😀"]) }];
    const spliced = spliceJsonString(literal, places);
    assertEquals(JSON.parse(spliced), spliceText(text, places));
    assert(spliced.startsWith(before.slice(0, -1)) && spliced.endsWith(after.slice(1)), spliced);
  }
});

Deno.test("parseJsonLine() gives an exact id, and shows nothing of a line that it refuses", () => {
  const place = { path: "a.jsonl", place: "line 7" };
  const idOf = (json: string) => parseJsonLine(`{"doc_id": 1, "doc_id":${json}}`, place)!["doc_id"];
  const ids = ["9007199254740993", "-8876543210987654321", "26.0", "0.50", "007"].map((json) => {
    return json === "007" ? idOf('"007"') : idOf(json);
  });
  assertEquals(ids, ["9007199254740993", "-8876543210987654321", "26", "0.50", "007"]);
  for (const line of ['{"hunter2', '["hunter2"]', '"hunter2"', "\0hunter2"]) {
    const { message, cause } = assertThrows(() => parseJsonLine(line, place), SyntaxError, "line 7 is no");
    assertEquals([message.includes("hunter2"), cause], [false, undefined]);
  }
});
