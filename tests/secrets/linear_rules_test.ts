import { assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { DETECTORS } from "../../lib/secrets/api_key.ts";
import { occurrences } from "../../lib/secrets/occurrences.ts";

/** Rules that are functions, the plain expressions that they stand for, and what lines are made of. */
const RULES = {
  OpenAI: {
    plain: /sk-[A-Za-z0-9-_]*[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}/g,
    pieces: [
      "sk-",
      "q7".repeat(10) + "T3BlbkFJ" + "q7".repeat(10),
      "T3BlbkFJ",
      "q7".repeat(10),
      "q7".repeat(9),
      "-",
      "_",
      " ",
      ".",
    ],
  },
  Mailchimp: {
    plain: /[0-9a-z]{32}-us[0-9]{1,2}/g,
    pieces: ["-us1", "-us", "1", "q7".repeat(16), "q7".repeat(15), "q", "A", " "],
  },
} as const;

for (const [name, { plain, pieces }] of Object.entries(RULES)) {
  Deno.test(`${name} yields what its plain expression does`, () => {
    const random = new PythonRandom(9);
    let found = 0;
    for (let i = 0; i < 20_000; i++) {
      const count = 1 + random.randbelow(14);
      const line = Array.from({ length: count }, () => pieces[random.randbelow(pieces.length)]!).join("");
      const wanted = Array.from(line.matchAll(plain), ([value]) => value);
      const rules = DETECTORS[name as keyof typeof RULES].rules;
      assertEquals(rules.flatMap((rule) => rule.find(line)), wanted, line);
      found += wanted.length;
    }
    assertEquals(found > 500, true);
  });
}

Deno.test("occurrences() finds values that begin, end or stand in one another", () => {
  const base = "c4f1b7d09e28a35f6".repeat(6);
  const values = Array.from({ length: 60 }, (_, i) => base.slice(i % 7, i % 7 + 5 + i));
  values.push(...values.slice(0, 5), "", "absent");
  const text = `${base} ${values.join(" ")} ${base}${base}`;
  assertEquals(occurrences(text, values), values.map((value) => occurrences(text, [value])[0]!));
});
