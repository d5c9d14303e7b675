import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type AllowedPlace,
  isAllowed,
  parseAllowList,
  readAllowList,
} from "../../lib/datasets/allow_list.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const FOUND: AllowedPlace = { doc_id: "0", path: "a/b/c.py", detector: "Npm", fingerprint: "" };

function allows(text: string, found: Partial<AllowedPlace> = {}): boolean {
  return isAllowed({ ...FOUND, ...found }, parseAllowList(text, "allow.txt", ["Npm", "Email"]));
}

Deno.test("isAllowed() takes paths as .gitignore spells them, of all detectors or of one", () => {
  const cases: [list: string, allowed: boolean][] = [
    ["path a/", true],
    ["path /b", false],
    ["path b", true],
    ["path a/**/c.py", true],
    ["path *.py\r\npath !c.py\r\n", false],
    ["detector Npm a/b", true],
    ["detector Email a/b", false],
    ["detector Npm", true],
    ["# path a/\n", false],
  ];
  for (const [list, allowed] of cases) assertEquals(allows(list), allowed, list);
});

Deno.test("isAllowed() is not held up by patterns or by ids made for it", () => {
  const start = performance.now();
  const path = "a".repeat(60);
  assert(!allows("path a*a*a*a*a*a*a*a*a*b", { path }));
  assert(!allows(`path ${"**/".repeat(10)}b`, { path: "a/".repeat(2000) }));
  assert(!allows("path a/\npath *", { path: null, doc_id: "a/".repeat(1_000_000) }));
  assert(performance.now() - start < 30_000);
});

Deno.test("parseAllowList() refuses lines that are no rule, and patterns that match nothing", () => {
  const cases: { [line: string]: string } = {
    "npm": 'line 1 is no rule: expected "fingerprint", "path" or "detector"',
    "fingerprint abc": "line 1 has no fingerprint of 64 hex digits",
    "path": "line 1 has no pattern that matches anything",
    "path [a": "line 1 has no pattern that matches anything",
    "detector Npm [a": "line 1 has no pattern that matches anything",
    "detector Foo": 'line 1 names an unknown detector "Foo": expected Npm, Email',
  };
  for (const [line, message] of Object.entries(cases)) {
    assertThrows(() => allows(line), SyntaxError, `Cannot read allow-list "allow.txt": ${message}`);
  }
});

Deno.test("readAllowList() refuses a pipe, and a file that is too large", async () => {
  using folder = temporaryFolder();
  const [pipe, huge] = [`${folder.path}/pipe`, `${folder.path}/huge`];
  await new Deno.Command("bash", { args: ["-c", `mkfifo ${pipe}; truncate -s 3G ${huge}`] }).output();
  const message = `Cannot read allow-list "${pipe}": it is a pipe, not a regular file`;
  await assertRejects(() => readAllowList(pipe, []), TypeError, message);
  await assertRejects(() => readAllowList(huge, []), RangeError, "at most 16777216 are read");
});
