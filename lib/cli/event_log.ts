/**
 * TensorBoard's event files of a run: `--tensorboard`.
 *
 * @module
 */
import { EventWriter } from "../engine/event_writer.ts";
import type { OptionSpec } from "./command.ts";

/** Names of the files, in a run's folder. */
export const EVENT_FILES = "events.out.tfevents.*";

/** The option. */
export const TENSORBOARD_OPTION = {
  kind: "flag",
  describe: "also write TensorBoard's event files as the run goes on; their names hold the machine's",
} as const satisfies OptionSpec;

/** Numbers by step, for whoever looks. */
export interface EventLog extends Disposable {
  /** Notes the values of a step by their names; null is none. */
  scalars(step: number, values: Readonly<Record<string, number | null>>): void;
}

/**
 * The event file of a run that asked for one, else a log that keeps nothing. A run that goes on begins another file.
 *
 * @param folder the run's, without a link in it that leads out
 *
 * @example
 * ```ts
 * import { openEventLog } from "./event_log.ts";
 *
 * using log = openEventLog("run", { tensorboard: false });
 * log.scalars(1, { loss: 2.5 });
 * ```
 */
export function openEventLog(folder: string, { tensorboard }: { tensorboard: boolean }): EventLog {
  if (tensorboard) return new EventWriter(folder);
  return { scalars: () => {}, [Symbol.dispose]: () => {} };
}
