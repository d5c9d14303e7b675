import { assert, assertEquals } from "@std/assert";
import { stripVTControlCharacters } from "node:util";
import { createProgress, type Stage } from "../../lib/cli/progress.ts";
import { fitLine } from "../../lib/cli/progress_line.ts";

function fakeStream(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { written, isTTY, columns, write: (text: string) => written.push(text) };
}

/** The lines as a terminal shows them: each write between returns and line starts. */
function shownLines(written: readonly string[]): string[] {
  // deno-lint-ignore no-control-regex -- the terminal's own sequences
  const text = written.join("").replace(/\x1b\[\d*G|\x1b\[2K|\x1b[78]/g, "\n");
  return stripVTControlCharacters(text).split("\n").filter((line) => line.trim() !== "");
}

Deno.test("progress off a terminal writes start, end, and a line every ten seconds", () => {
  const stream = fakeStream(false);
  let time = 0;
  const progress = createProgress({ stream, now: () => time });
  const stage = progress.start("Probing", 100, "documents");
  for (let i = 0; i < 100; i++) {
    time += 250;
    stage.advance(1, "MA 0.5");
  }
  stage.done();
  assertEquals(stream.written, [
    "Probing: 0 of 100 documents\n",
    "Probing: 40 of 100 documents, 15 s left, MA 0.5\n",
    "Probing: 80 of 100 documents, 5 s left, MA 0.5\n",
    "Probing: 100 documents in 25 s, MA 0.5\n",
  ]);
});

Deno.test("progress off a terminal has stages without a total, nested ones, and lines between", () => {
  const stream = fakeStream(false);
  let time = 0;
  const progress = createProgress({ stream, now: () => time });
  const outer = progress.start("Unlearning");
  const inner = progress.start("Measuring", null, "texts");
  time = 3_725_000;
  inner.advance(7);
  progress.log("threshold reached");
  inner.done();
  inner.done();
  inner.advance();
  outer.done("stopped early");
  progress.close();
  assertEquals(stream.written, [
    "Unlearning: started\n",
    "Measuring: started\n",
    "Measuring: 7 texts, 1 h 2 min\n",
    "threshold reached\n",
    "Measuring: 7 texts in 1 h 2 min\n",
    "Unlearning: done in 1 h 2 min, stopped early\n",
  ]);
});

Deno.test("progress on a terminal draws a bar and never a line wider than it", () => {
  for (const columns of [1, 2, 10, 40, 200]) {
    const stream = fakeStream(true, columns);
    const progress = createProgress({ stream, color: columns !== 10, now: () => 0 });
    const stage = progress.start("Probing", 8, "documents");
    for (let i = 0; i < 8; i++) stage.advance(1, "日本語.py ".repeat(5));
    progress.log("a line");
    const inner = progress.start("Measuring");
    inner.done();
    stage.done();
    progress.close();
    for (const line of shownLines(stream.written).filter((line) => line !== "a line")) {
      const width = [...line].reduce((sum, c) => sum + (/[\u3040-\u9fff]/.test(c) ? 2 : 1), 0);
      assert(width < columns, `${JSON.stringify(line)} in ${columns} columns`);
    }
  }
});

Deno.test("progress on a terminal leaves the stage's last line, and no colour under NO_COLOR", () => {
  for (const color of [true, false]) {
    const stream = fakeStream(true);
    const progress = createProgress({ stream, color, now: () => 0 });
    const stage = progress.start("Probing", 4, "documents");
    stage.advance(4);
    stage.done();
    const all = stream.written.join("");
    assert(
      stripVTControlCharacters(all).includes("████████████████████████  4 of 4 documents  0 s left"),
      all,
    );
    assertEquals(stream.written.at(-1), "Probing: 4 documents in 0 s\n");
    assertEquals(all.includes("\x1b[36m"), color);
  }
});

/** The bar's last line of a stage that `work` brings forward, in so many columns. */
function lastBar(columns: number, work: (stage: Stage, wait: (ms: number) => void) => void): string {
  const stream = fakeStream(true, columns);
  let time = 0;
  const progress = createProgress({ stream, color: false, now: () => time });
  const stage = progress.start("Unlearning (codeeraser)", 60, "epochs", { isMost: true });
  work(stage, (ms) => time += ms);
  progress.log("");
  const line = shownLines(stream.written).at(-1) ?? "";
  progress.close();
  return line;
}

const SCORES = "MA 0.291, EL_10 0.000, retain MA 0.968";

Deno.test("progress of a stage that a rule may end has no bar and no time left, on a terminal and off it", () => {
  const line = lastBar(140, (stage, wait) => {
    wait(92_000);
    stage.advance(5, SCORES);
  });
  assertEquals(line, `Unlearning (codeeraser)  5 of at most 60 epochs  1 min 32 s  ${SCORES}`);
  const stream = fakeStream(false);
  let time = 0;
  const stage = createProgress({ stream, now: () => time }).start("Unlearning", 60, "epochs", {
    isMost: true,
  });
  time = 92_000;
  stage.advance(6, SCORES);
  stage.done("reached");
  assertEquals(stream.written, [
    "Unlearning: 0 of at most 60 epochs\n",
    `Unlearning: 6 of at most 60 epochs, 1 min 32 s, ${SCORES}\n`,
    "Unlearning: 6 epochs in 1 min 32 s, reached\n",
  ]);
});

Deno.test("progress in a narrow terminal keeps the note's first two parts longest, then the count", () => {
  const cases = [
    [200, `Unlearning (codeeraser)  5 of at most 60 epochs  0 s  ${SCORES}, batch 12 of 16`],
    [80, "Unlearning (codeeraser)  5 of at most 60 epochs  0 s  MA 0.291, EL_10 0.000"],
    [60, "Unlearning …  5 of at most 60 epochs  MA 0.291, EL_10 0.000"],
    [40, "5 of at most 60  MA 0.291, EL_10 0.000"],
    [22, "MA 0.291, EL_10 0.000"],
    [12, "MA 0.291"],
  ] as const;
  for (const [columns, expected] of cases) {
    const line = lastBar(columns, (stage) => stage.advance(5, `${SCORES}, batch 12 of 16`));
    assertEquals(line.trimEnd(), expected, `${columns} columns`);
  }
  const path = lastBar(40, (stage) => stage.advance(5, "a/path/that/does/not/fit/into/any/line.py"));
  assertEquals(path, "Unlearning (co…  5 of at most 60 epochs");
});

Deno.test("progress of a run that goes on counts what was done before, and takes no time left from it", () => {
  for (const isTTY of [false, true]) {
    const stream = fakeStream(isTTY);
    let time = 0;
    const progress = createProgress({ stream, color: false, now: () => time });
    const stage = progress.start("Training", 1000, "steps");
    stage.skip(900);
    time = 20_000;
    stage.advance(20);
    progress.log("");
    const line = isTTY ? shownLines(stream.written).at(-1)! : stream.written[1]!;
    assert(line.includes("920 of 1000 steps"), line);
    assert(line.includes("1 min 20 s left"), line); // 20 steps in 20 seconds, 80 steps to go
    stage.advance(80);
    stage.done();
    assertEquals(stream.written.at(-1), "Training: 100 steps in 20 s after 900 of an earlier run\n");
  }
});

Deno.test("progress on a terminal draws between calls, and in work that lets no timer in", async () => {
  const stream = fakeStream(true);
  const progress = createProgress({ stream, color: false, now: () => 0 });
  const stage = progress.start("Probing", 8, "documents");
  stage.advance(1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const count = stream.written.length;
  assert(shownLines(stream.written).at(-1)!.includes("1 of 8 documents"), stream.written.join("\n"));
  await new Promise((resolve) => setTimeout(resolve, 300));
  assertEquals(stream.written.length, count); // nothing is new
  stage.advance(1);
  for (const begun = performance.now(); performance.now() - begun < 300;);
  stage.advance(1);
  assert(shownLines(stream.written).at(-1)!.includes("3 of 8 documents"), stream.written.join("\n"));
  progress.close();
});

Deno.test("progress.close() takes an open bar away and stops its timer", () => {
  const stream = fakeStream(true);
  const progress = createProgress({ stream, now: () => 0 });
  progress.start("Probing", 4);
  progress.close(); // else the test's own check of timers fails
  assert(stream.written.join("").endsWith("\x1b[2K"));
  progress.log("later");
  assertEquals(stream.written.at(-1), "later\n");
});

Deno.test("fitLine() cuts at code points", () => {
  assertEquals(fitLine("", 0), "");
  assertEquals(fitLine("abc", 3), "abc");
  assertEquals(fitLine("abcd", 3), "ab…");
  assertEquals(fitLine("a😀b", 3), "a…");
  assertEquals(fitLine("██░░", 4), "██░░");
});
