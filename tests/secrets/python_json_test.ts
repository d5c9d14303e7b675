import { assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { isJson } from "../../lib/secrets/python_json.ts";

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

Deno.test("isJson() is true where JSON.parse reads a text", () => {
  const random = new PythonRandom(3);
  const pieces =
    '{ } [ ] , : "a" "\\u00e9" "\\x" " 1 -0.5e+3 01 1. .5 - true false null nul "\n" \t \u00a0 "\\" 1e5 "\\"" {} []'
      .split(" ").concat(" ");
  const whole = '{"a": [1, {"b": null}, "c\\n"], "d": {}, "e": [], "f": -1.5e3}';
  let valid = 0;
  for (let i = 0; i < 20_000; i++) {
    const count = 1 + random.randbelow(7);
    let text = Array.from({ length: count }, () => pieces[random.randbelow(pieces.length)]!).join("");
    if (i % 2 === 0) {
      const at = random.randbelow(whole.length);
      text = whole.slice(0, at) + (i % 4 === 0 ? text.slice(0, 2) : "") +
        whole.slice(at + random.randbelow(3));
    }
    assertEquals(isJson(text), parses(text), JSON.stringify(text));
    if (parses(text)) valid++;
  }
  assertEquals(valid > 1000, true);
});

Deno.test("isJson() follows Python where json.loads differs", () => {
  const cases: [string, boolean, boolean][] = [ // text, JSON.parse, json.loads
    ['[NaN, Infinity, -Infinity, {"a": NaN}]', false, true],
    ["-NaN", false, false],
    ["NaNs", false, false],
    ["\ufeff1", false, false],
    ["9".repeat(4300), true, true],
    ["9".repeat(4301), true, false],
    [`-${"9".repeat(4300)}`, true, true],
    [`[${"9".repeat(4301)}]`, true, false],
    [`${"9".repeat(4301)}.5`, true, true],
    ["", false, false],
  ];
  for (const [text, plain, python] of cases) {
    assertEquals([isJson(text), isJson(text, { python: true })], [plain, python], text.slice(0, 40));
  }
  assertEquals(isJson("[".repeat(1e6) + "]".repeat(1e6)), true); // no recursion
});
