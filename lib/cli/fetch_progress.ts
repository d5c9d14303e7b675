/**
 * Shows what is being fetched: each download, unpacking or waiting as a stage of its own, in megabytes.
 *
 * @module
 */
import type { OnSetUpProgress, SetUpProgress } from "../setup/set_up.ts";
import type { Progress, Stage } from "./progress.ts";

const VERBS = {
  wait: "Waiting for",
  download: "Downloading",
  unpack: "Unpacking",
  check: "Checking",
} as const satisfies { [stage in SetUpProgress["stage"]]: string };

/** Stages of a fetch. */
export interface ShownFetching {
  /** What shows the progress, to be handed to whatever fetches. */
  onProgress: OnSetUpProgress;
  /** Ends the last stage. */
  done(): void;
}

/**
 * Makes stages of `progress` out of what a fetch tells.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { showFetching } from "./fetch_progress.ts";
 * import { createProgress } from "./progress.ts";
 *
 * const lines: string[] = [];
 * const stream = { write: (text: string) => lines.push(text), isTTY: false, columns: 80 };
 * const shown = showFetching(createProgress({ stream, now: () => 0 }));
 * shown.onProgress({ stage: "download", what: "a model", done: 9e6, total: 9e6 });
 * shown.done();
 * assertEquals(lines, ["Downloading a model: 0 of 9 MB\n", "Downloading a model: 9 MB in 0 s\n"]);
 * ```
 */
export function showFetching(progress: Progress): ShownFetching {
  let stage: Stage | undefined;
  let shown = "";
  let doneBefore = 0;
  const toMegabytes = (bytes: number) => Math.round(bytes / 1e6);
  const onProgress = ({ stage: work, what, done, total }: SetUpProgress) => {
    const name = `${VERBS[work]} ${what}`;
    if (name !== shown) {
      stage?.done();
      stage = progress.start(name, total > 0 ? toMegabytes(total) : null, "MB");
      shown = name;
      doneBefore = 0;
    }
    stage?.advance(toMegabytes(done) - doneBefore);
    doneBefore = toMegabytes(done);
  };
  return { onProgress, done: () => stage?.done() };
}
