import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  catchInterrupts,
  refuseQueuedCell,
  showInPlace,
  waitForResults,
} from "../../lib/figures/notebook_kernel.ts";
import { showProgress, startNotebookStage } from "../../lib/notebooks/show_progress.ts";

interface Shown {
  readonly bundle: Record<string, string>;
  readonly display_id: string;
  readonly update: boolean;
}

/** Runs `work` as if in a kernel; returns what was shown. */
async function inKernel(work: (interrupt: () => void) => Promise<unknown>): Promise<Shown[]> {
  const shown: Shown[] = [];
  const jupyter = {
    display: (bundle: Record<string, string>, options: { display_id: string; update: boolean }) => {
      shown.push({ bundle, display_id: options.display_id, update: options.update });
      return Promise.resolve();
    },
  };
  const own = Object.getOwnPropertyDescriptor(globalThis, "Deno")!;
  let interrupt = () => {};
  const addSignalListener = (_: string, listener: () => void) => interrupt = listener;
  const kernel = Object.create(Deno, {
    jupyter: { value: jupyter },
    addSignalListener: { value: addSignalListener },
  });
  Object.defineProperty(globalThis, "Deno", { ...own, value: kernel });
  try {
    await work(() => interrupt());
    await new Promise((resolve) => setTimeout(resolve, 0));
  } finally {
    Object.defineProperty(globalThis, "Deno", own);
  }
  return shown;
}

const lastText = (shown: readonly Shown[]) => shown.at(-1)?.bundle["text/plain"];

Deno.test("showProgress() shows one place that changes, and leaves a line without times", async () => {
  const shown = await inKernel(() =>
    showProgress("Adding <b>", async (onProgress) => await onProgress(3), { total: 3, unit: "numbers" })
  );
  assertEquals(new Set(shown.map(({ display_id }) => display_id)).size, 1);
  assertEquals(shown.map(({ update }) => update), [false, true]);
  assertEquals(shown[0]!.bundle["text/html"]!.includes("<b>"), false);
  assertEquals(shown.at(-1)?.bundle, { "text/plain": "Adding <b>: 3 numbers" });
});

Deno.test("showProgress() says how far it came when the work fails, and counts where nobody knows how many", async () => {
  const failed = await inKernel(() =>
    assertRejects(
      () =>
        showProgress("Adding", async (onProgress) => {
          await onProgress();
          throw new RangeError("no");
        }, { total: 3, unit: "numbers" }),
      RangeError,
      "no",
    )
  );
  assertEquals(lastText(failed), "Adding: 1 of 3 numbers, failed");
  const open = await inKernel(() =>
    showProgress("Adding", (onProgress) => onProgress(7), { unit: "numbers" })
  );
  assertEquals(lastText(open), "Adding: 7 numbers");
});

Deno.test("showProgress() of work that a rule may end says the most there can be, and no time left", async () => {
  const shown = await inKernel(() =>
    showProgress("Unlearning", async (onProgress) => {
      for (const epoch of [1, 2, 3]) {
        await new Promise((resolve) => setTimeout(resolve, 250)); // a bar is drawn anew every 200 ms
        await onProgress(1, `MA 29.${epoch}%, EL_10 0.0%`);
      }
      await onProgress(0, "");
    }, { total: 60, unit: "epochs", isMost: true })
  );
  const bars = shown.slice(0, -1).map(({ bundle }) => bundle["text/html"]!.replace(/ style="[^"]*"/, ""));
  assertEquals(bars, [
    "<progress></progress> <span>Unlearning: 0 of at most 60 epochs</span>",
    ...[1, 2, 3].map((epoch) =>
      `<progress></progress> <span>Unlearning: ${epoch} of at most 60 epochs, MA 29.${epoch}%, EL_10 0.0%</span>`
    ),
  ]);
  assertEquals(lastText(shown), "Unlearning: 3 epochs");
});

Deno.test("startNotebookStage() takes no time left from what was done before", async () => {
  const shown = await inKernel(async () => {
    const stage = startNotebookStage("Training", 1000, "steps");
    stage.skip(900);
    await new Promise((resolve) => setTimeout(resolve, 300));
    stage.advance(1);
    await Promise.resolve();
    stage.done();
  });
  // one step took 0.3 s, so 99 take half a minute: not the 0.04 s that 901 steps in 0.3 s would make of them
  const left = /, (\d+) s left/.exec(shown[1]!.bundle["text/html"]!)?.[1];
  assertEquals(Number(left) >= 29 && Number(left) < 60, true, left);
});

Deno.test("startNotebookStage() keeps the last note", async () => {
  const shown = await inKernel(async () => {
    const stage = startNotebookStage("Reading", 2, "files");
    stage.advance(1, "a.py");
    stage.advance();
    stage.done();
    await Promise.resolve();
  });
  assertEquals(lastText(shown), "Reading: 2 files, a.py");
});

Deno.test("nothing is shown and no signal caught outside of a notebook", async () => {
  catchInterrupts();
  waitForResults();
  const update = await showInPlace({ "text/plain": "a" });
  await update({ "text/plain": "b" });
  assertEquals(await showProgress("Adding", () => Promise.resolve(1)), 1);
});

Deno.test("showProgress() interrupted says so, and what was queued behind it does not start", async () => {
  const shown = await inKernel(async (interrupt) => {
    catchInterrupts();
    const work = async (onProgress: (count?: number) => Promise<void>) => {
      await onProgress();
      interrupt();
      await onProgress();
    };
    await assertRejects(() => showProgress("Adding", work, { unit: "numbers" }), Error, "Interrupted");
    let started = 0;
    const queued = () => showProgress("Adding more", () => Promise.resolve(++started));
    await assertRejects(
      queued,
      Error,
      "Cannot run this cell: one before it was interrupted: run that one again",
    );
    await new Promise((resolve) => setTimeout(resolve, 1100));
    assertEquals(await queued(), 1);
    interrupt(); // finds no work: the cell is stopped where it begins some
    assertThrows(refuseQueuedCell, Error, "Interrupted: what was finished stays");
    assertThrows(refuseQueuedCell, Error, "Cannot run this cell: one before it was interrupted");
    await new Promise((resolve) => setTimeout(resolve, 1100));
    refuseQueuedCell();
  });
  assertEquals(shown.map(({ bundle }) => bundle["text/plain"]), [
    "Adding: 0 numbers",
    "Adding: 2 numbers, interrupted",
    "Adding more: 0",
    "Adding more: 0",
  ]);
});
