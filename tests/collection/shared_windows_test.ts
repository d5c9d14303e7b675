import { assertEquals } from "@std/assert";
import { SHARED_TOKENS, SharedWindows } from "../../lib/collection/shared_windows.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { plainShares, plainTokens } from "./plain_definitions.ts";

Deno.test("SharedWindows finds what the plain definition does, for every width", () => {
  const random = new PythonRandom(4);
  let [found, all] = [0, 0];
  for (let round = 0; round < 300; round++) {
    const width = 2 + random.randbelow(12);
    const letters = 2 + random.randbelow(6);
    const draw = (length: number) =>
      Array.from({ length }, () => "abcdefgh(;"[random.randbelow(letters)]).join(" ");
    const texts = Array.from({ length: 5 }, () => draw(random.randbelow(60)));
    const training = Array.from({ length: 3 }, () => draw(random.randbelow(60)));
    const windows = new SharedWindows(width);
    texts.forEach((text, i) => assertEquals(windows.add(text, i), plainTokens(text).length >= width));
    const shared = training.flatMap((text) => windows.search(text));
    const expected = texts.flatMap((text, i) =>
      training.some((own) => plainShares(text, own, width)) ? [i] : []
    );
    assertEquals(shared.toSorted((a, b) => a - b), expected, JSON.stringify({ width, texts, training }));
    found += expected.length;
    all += texts.length;
  }
  assertEquals(found > 0.2 * all && found < 0.9 * all, true); // both answers were tried
});

Deno.test("SharedWindows takes 50 in a row and not 49, at either end, whatever white space there is", () => {
  const words = (from: number, count: number) => Array.from({ length: count }, (_, i) => `w${from + i}`);
  const text = words(0, 200);
  const cases: [string[], boolean][] = [
    [text.slice(0, 50), true],
    [text.slice(150), true],
    [text.slice(151), false],
    [text.slice(0, 49), false],
    [[...words(900, 30), ...text.slice(77, 127), ...words(950, 30)], true],
    [[...words(900, 30), ...text.slice(77, 126), ...words(950, 30)], false],
    [[...text.slice(0, 49), "other", ...text.slice(50, 99), "other", ...text.slice(100, 149)], false],
  ];
  for (const [training, isShared] of cases) {
    for (const space of [" ", "\r\n\t", "\u3000"]) {
      const windows = new SharedWindows();
      windows.add(text.join("\n"), 7);
      assertEquals(windows.search(training.join(space)), isShared ? [7] : [], training.join(" "));
    }
  }
});

Deno.test("SharedWindows does not take the end of one text and the beginning of the next for one", () => {
  const words = Array.from({ length: 60 }, (_, i) => `w${i}`);
  const windows = new SharedWindows();
  windows.add([...Array(40).fill("x"), ...words.slice(0, 30)].join(" "), 0);
  windows.add([...words.slice(30), ...Array(40).fill("y")].join(" "), 1);
  assertEquals(windows.search(words.join(" ")), []);
  assertEquals(windows.add("x ".repeat(SHARED_TOKENS - 1), 2), false);
  assertEquals(windows.search(""), []);
});

Deno.test("SharedWindows goes through long runs of one token once", () => {
  const windows = new SharedWindows();
  const zeros = "0, ".repeat(20_000);
  for (let i = 0; i < 20; i++) windows.add(zeros, i);
  assertEquals(windows.search(zeros).length, 20);
  assertEquals(windows.search(zeros), []);
});
