/**
 * The checks that need processes of their own.
 *
 * @module
 */
import type { CheckOptions, DeviceName } from "./check_types.ts";
import type { WorkerRun } from "./run_worker.ts";
import type { Row } from "./table.ts";

/** What such a check has. */
export interface ProcessContext extends CheckOptions {
  device: DeviceName;
  /** Where it may write. */
  folder: string;
  /** What the main processes have left. */
  sides: { cpu: WorkerRun; device: WorkerRun };
}

/** A check in processes of its own; it does not throw. */
export interface ProcessCheck {
  name: string;
  what: string;
  isLong?: boolean;
  run(context: ProcessContext): Promise<Row[]>;
}

/** All of them. */
export const PROCESS_CHECKS: readonly ProcessCheck[] = [];
