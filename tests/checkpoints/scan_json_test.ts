import { assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { scanJson } from "../../lib/checkpoints/scan_json.ts";

Deno.test("scanJson() finds repeated keys of an object, however they are spelled", () => {
  const cases: [string, string | undefined][] = [
    ['{"a":1,"a":2}', "a"],
    ['{"a":1,"\\u0061":2}', "a"],
    ['{"a":{"b":1},"c":{"b":1}}', undefined],
    ['{"a":[{"b":1,"c":2},{"b":1}],"b":"b"}', undefined],
    ['{"x":{"a":1,"b":{"a":2},"a":3}}', "a"],
    ['{"a\\\\":1,"a\\\\":2}', "a\\"],
    ['{"a\\"b":1,"a\\"b":2}', 'a"b'],
    ['{"":1,"":2}', ""],
    ['{"__proto__":1,"__proto__":2}', "__proto__"],
    ['{"a":"{\\"a\\":1,\\"a\\":2}"}', undefined],
  ];
  for (const [text, key] of cases) assertEquals([text, scanJson(text).repeatedKey], [text, key]);
});

Deno.test("scanJson() finds numbers that are no indices, and none in texts", () => {
  for (const number of ["1e1", "2.0", "-1", "-0", "1E2", "1.5", "18446744073709551614", "01"]) {
    assertEquals(scanJson(`{"a":["-1.5",0,12,${number}],"b":true}`).oddNumber, number);
  }
  assertEquals(scanJson('{"-1":"2.5","a":[0,9007199254740993],"b":null}').oddNumber, undefined);
});

Deno.test("scanJson() counts objects and commas, and ends where there are too many", () => {
  const text = `[${Array(1000).fill('{"a":[1,2]}').join(",")}]`;
  const { objects, commas } = scanJson(text);
  assertEquals([objects, commas], [1000, 1999]);
  assertEquals(scanJson(text, { objects: 10, commas: 1e9 }).objects, 11);
  assertEquals(scanJson(text, { objects: 1e9, commas: 10 }).commas, 11);
});

Deno.test("scanJson() takes what is no JSON, whatever it is", () => {
  const random = new PythonRandom(7);
  for (let i = 0; i < 2000; i++) {
    scanJson(Array.from({ length: 30 }, () => '{}[]":,\\-1e.ax \u00e9'[random.randbelow(17)]).join(""));
  }
});
