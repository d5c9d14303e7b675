import { assert, assertEquals } from "@std/assert";
import { stripVTControlCharacters } from "node:util";
import { createProgress, fitLine } from "../../lib/cli/progress.ts";

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
