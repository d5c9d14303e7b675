/**
 * What `scontrol show job --oneliner` says.
 *
 * @module
 */

/** One task of a job array, or a job without tasks. */
export interface JobState {
  /** From 0; null for a job without tasks. */
  task: number | null;
  state: string;
  restarts: number;
  exitCode: string;
}

/** The states of the jobs that are listed, by their tasks. A line of tasks that wait together has no number of one. */
export function readJobStates(listing: string): JobState[] {
  return listing.split("\n").filter((line) => line.includes("JobState=")).map((line) => {
    const field = (name: string) => new RegExp(`(?:^| )${name}=(\\S+)`).exec(line)?.[1];
    const task = field("ArrayTaskId");
    return {
      task: task === undefined ? null : Number(task),
      state: field("JobState")!,
      restarts: Number(field("Restarts")),
      exitCode: field("ExitCode")!,
    };
  }).sort((a, b) => Number(a.task) - Number(b.task));
}

/** What is wrong with the tasks of a finished array of which some were stopped once. */
export function judgeTasks(
  states: readonly JobState[],
  { count, stopped }: { count: number; stopped: number[] },
): string[] {
  const problems = states.length === count ? [] : [`there are ${states.length} tasks, not ${count}`];
  for (const { task, state, restarts, exitCode } of states) {
    if (state !== "COMPLETED" || exitCode !== "0:0") {
      problems.push(`task ${task} is ${state} with ${exitCode}`);
    }
    const expected = task !== null && stopped.includes(task) ? 1 : 0;
    if (restarts !== expected) {
      problems.push(`task ${task} was started again ${restarts} times, not ${expected}`);
    }
  }
  return problems;
}
