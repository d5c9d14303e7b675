import { assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { asciiUnits } from "../../lib/secrets/ascii_units.ts";
import { detectExtended, EXTENDED_DETECTORS, EXTRA_SECRETS } from "../../lib/secrets/extended.ts";
import { MarkFinder } from "../../lib/secrets/marks.ts";
import { NASTY_LINES, nastyLine } from "../nasty_lines.ts";
import { EXTENDED_RULES } from "../../lib/secrets/rules/extended_rules.ts";
import { expandExample } from "./expand_example.ts";
import { PLAIN_RULES } from "./plain_extended.ts";

type Find = (text: string, add: (start: number, end: number) => void) => void;

function placesOf(find: Find, text: string): number[][] {
  const places: number[][] = [];
  find(text, (start, end) => void places.push([start, end]));
  return places.sort(([a], [b]) => a! - b!);
}

const detectors = Object.entries(EXTENDED_DETECTORS).map(([name, { find, marks }]) => ({
  name,
  find,
  finder: marks && new MarkFinder(marks),
}));

/** Compares each detector with its plain rule, and what it finds with its marks; returns how much was found. */
function check(text: string): number {
  let found = 0;
  const all: number[][] = [];
  for (const { name, find, finder } of detectors) {
    const places = placesOf(find, text);
    const plain = PLAIN_RULES[name as keyof typeof PLAIN_RULES];
    if (plain) assertEquals(places, placesOf(plain, text), `${name} in ${JSON.stringify(text)}`);
    let hasMark = false;
    finder?.walk(asciiUnits(text), () => void (hasMark = true));
    assertEquals(
      places.length > 0 && finder !== undefined && !hasMark,
      false,
      `${name} in ${JSON.stringify(text)}`,
    );
    found += places.length;
    all.push(...places);
  }
  // all together, what lies in another left out
  const spans = detectExtended(text, { also: EXTRA_SECRETS });
  const isIn = ([start, end]: number[]) => spans.some((span) => span.start <= start! && end! <= span.end);
  assertEquals(all.filter((place) => !isIn(place)), [], JSON.stringify(text));
  const known = new Set(all.map(String));
  assertEquals(spans.filter(({ start, end }) => !known.has(`${start},${end}`)), [], JSON.stringify(text));
  return found;
}

Deno.test("the extended detectors find at marks what they find in the whole text", () => {
  const words =
    "203.0.113.7 1.2.3.4 10.20.30.40 255 7 1.2 2001:db8::5 fe80::1 :: : . 12:30:45 a b1 ffff - _ + % / @ " +
    "ada@mail.invalid bob.x @b.co example.com x.y.zz .png :// user: pass: version v server api_key accessKey secret " +
    "token password pwd credential key = := \" ' ` ] 'q7Zk2mX9!aa' \"hunter2hunter2\" => é 😀 ſ eyJ 12345678:AA";
  const pieces = [
    ...words.split(" "),
    " ",
    "\n",
    "q7Zk2mX9".repeat(6),
    "0a1b2c3d".repeat(4),
    "SK",
    "8Q~",
    "dapi",
    "-us1",
  ];
  const random = new PythonRandom(13);
  let found = 0;
  for (let i = 0; i < 8000; i++) {
    const count = 1 + random.randbelow(10);
    found += check(Array.from({ length: count }, () => pieces[random.randbelow(pieces.length)]!).join(""));
  }
  assertEquals(found > 500, true);
});

Deno.test("the extended detectors find at marks what they find in examples of all rows", () => {
  const random = new PythonRandom(14);
  const recipes = EXTENDED_RULES.flatMap((
    { examples, counterExamples },
  ) => [...examples, ...counterExamples]);
  let found = 0;
  for (let i = 0; i < 600; i++) {
    const pieces = Array.from(
      { length: 1 + random.randbelow(5) },
      () => expandExample(recipes[random.randbelow(recipes.length)]!, i).text,
    );
    found += check(pieces.join(["\n", " ", "", "; "][i % 4]));
  }
  assertEquals(found > 500, true);
});

Deno.test("the extended detectors find at marks what they find in nasty lines", () => {
  for (const recipe of NASTY_LINES) check(nastyLine(recipe, 5000));
});
