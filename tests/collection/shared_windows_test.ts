import { assertEquals } from "@std/assert";
import { DISTINCT_TOKENS, SHARED_TOKENS, SharedWindows } from "../../lib/collection/shared_windows.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { plainShares, plainWindows } from "./plain_definitions.ts";

const LETTERS = "abcdefgh(;";

Deno.test("SharedWindows finds what the plain definition does, for every width and number of different tokens", () => {
  const random = new PythonRandom(4);
  let [found, spared, all] = [0, 0, 0];
  for (let round = 0; round < 600; round++) {
    const width = 2 + random.randbelow(12);
    const rule = { width, distinct: 1 + random.randbelow(Math.min(width, 6)) };
    const letters = 2 + random.randbelow(6);
    let last = "a";
    // half of the tokens are the one before, as in rulers
    const draw = (length: number) =>
      Array.from({ length }, () => random.randbelow(2) ? last : last = LETTERS[random.randbelow(letters)]!)
        .join(" ");
    const texts = Array.from({ length: 5 }, () => draw(random.randbelow(60)));
    const training = Array.from({ length: 3 }, () => draw(random.randbelow(60)));
    const windows = new SharedWindows(rule);
    texts.forEach((text, i) => assertEquals(windows.add(text, i), plainWindows(text, rule).length > 0));
    const shared = training.flatMap((text) => windows.search(text));
    const holding = (own: typeof rule) =>
      texts.flatMap((text, i) => training.some((other) => plainShares(text, other, own)) ? [i] : []);
    const expected = holding(rule);
    assertEquals(shared.toSorted((a, b) => a - b), expected, JSON.stringify({ rule, texts, training }));
    found += expected.length;
    spared += holding({ width, distinct: 1 }).length - expected.length;
    all += texts.length;
  }
  // all answers were tried
  assertEquals([found > 0.2 * all, found < 0.9 * all, spared > 0.02 * all], [true, true, true]);
});

Deno.test("SharedWindows takes rulers for no code, and code beside them by the number of its words", () => {
  const rule = { width: SHARED_TOKENS, distinct: DISTINCT_TOKENS };
  let found = 0;
  for (const ruler of ["-", "=", "#", "0, ", "0x00, 0x01, "].map((mark) => mark.repeat(80))) {
    for (const words of [1, DISTINCT_TOKENS - 2, DISTINCT_TOKENS - 1, DISTINCT_TOKENS, 30]) {
      const text = `${ruler}\n${Array.from({ length: words }, (_, i) => `w${i}`).join(" ")}\n${ruler}`;
      const windows = new SharedWindows();
      const shared = windows.add(text, 3) ? [...windows.search(ruler), ...windows.search(text)] : [];
      assertEquals(shared, plainShares(text, text, rule) ? [3] : [], text);
      found += shared.length;
    }
  }
  assertEquals(found > 10 && found < 20, true);
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
  const zeros = "0, ".repeat(20_000);
  const whole = new SharedWindows({ distinct: 1 });
  for (let i = 0; i < 20; i++) whole.add(zeros, i);
  assertEquals(whole.search(zeros).length, 20);
  assertEquals(whole.search(zeros), []);
  const windows = new SharedWindows();
  const code = Array.from({ length: 20 }, (_, i) => `w${i}`).join(" ");
  for (let i = 0; i < 2000; i++) windows.add(`x${i} ${"-".repeat(70)} ${code} y${i}`, i);
  const startedAt = performance.now();
  assertEquals(windows.search(`${zeros} ${"-".repeat(2_000_000)}`), []); // not 2,000 times each of them
  assertEquals(performance.now() - startedAt < 5000, true);
});
