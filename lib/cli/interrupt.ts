/**
 * Ctrl-C and SIGTERM: the first one aborts the command's signal, so that it stops after the step at hand and what is
 * finished stays; another Ctrl-C ends the process at once. Exit codes are the shell's: 130 and 143.
 *
 * `deno task` and npm pass on a Ctrl-C that the terminal already gave to the whole group, so one press arrives two or
 * three times within a moment: a signal counts as the second only half a second after the first.
 *
 * npx passes nothing on: it ends, and the work would go on as an orphan that holds its folder. So a command that npx or
 * `deno task` started stops as by SIGTERM when one of them is gone.
 *
 * @module
 */

const SAME_PRESS_MS = 500;
const LOOK_MS = 1000;

/**
 * Why the command's signal was aborted.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { InterruptError } from "./interrupt.ts";
 *
 * assertEquals(new InterruptError("SIGTERM").exitCode, 143);
 * ```
 */
export class InterruptError extends Error {
  override name = "InterruptError";
  /** 130 or 143. */
  readonly exitCode: number;

  /** @param signal what was received, or is as good as received @param why in words */
  constructor(signal: "SIGINT" | "SIGTERM", why = `by ${signal}`) {
    super(`Interrupted ${why}: what was finished stays`);
    this.exitCode = signal === "SIGINT" ? 130 : 143;
  }
}

/** The signal of a run; disposing it stops the listening. */
export interface Interrupt extends Disposable {
  signal: AbortSignal;
  /** Lets signals and timers in, at most every 50 ms; throws the reason once aborted. */
  breathe(): Promise<void>;
}

/**
 * Listens for Ctrl-C and SIGTERM.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { listenForInterrupt } from "./interrupt.ts";
 *
 * using interrupt = listenForInterrupt();
 * await interrupt.breathe();
 * assertEquals(interrupt.signal.aborted, false);
 * ```
 */
export function listenForInterrupt(onFirst: () => void = () => {}): Interrupt {
  const controller = new AbortController();
  let firstAt = 0;
  let breathedAt = 0;
  const abort = (error: InterruptError) => {
    firstAt = Date.now();
    controller.abort(error);
    onFirst();
  };
  const listenTo = (name: "SIGINT" | "SIGTERM") => {
    const listener = () => {
      const error = new InterruptError(name);
      if (!controller.signal.aborted) abort(error);
      else if (Date.now() - firstAt > SAME_PRESS_MS) Deno.exit(error.exitCode);
    };
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  };
  const names = Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM"] as const;
  const stops = [
    ...names.map(listenTo),
    watchLaunchers(() => {
      if (!controller.signal.aborted) {
        abort(new InterruptError("SIGTERM", "as npx or deno task, which waited for it, ended"));
      }
    }),
  ];
  return {
    signal: controller.signal,
    async breathe() {
      if (performance.now() - breathedAt > 50) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        breathedAt = performance.now();
      }
      controller.signal.throwIfAborted();
    },
    [Symbol.dispose]: () => stops.forEach((stop) => stop()),
  };
}

/** Calls `onGone` when one of those that started this process and wait for it is gone; returns what ends the watch. */
function watchLaunchers(onGone: () => void): () => void {
  let timer: ReturnType<typeof setInterval> | undefined;
  let isOver = false;
  const watch = async () => {
    const { areWaiting, findLaunches } = await import("./launchers.ts"); // asks Linux: `--help` does without
    const launches = findLaunches();
    if (isOver || launches.length === 0) return;
    const look = () => {
      if (areWaiting(launches)) return;
      clearInterval(timer);
      onGone();
    };
    Deno.unrefTimer(timer = setInterval(look, LOOK_MS));
  };
  watch();
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}
