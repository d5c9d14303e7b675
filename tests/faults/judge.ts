/**
 * What is right after a fault: the run has ended as it must, no input has changed, and the same command line, run
 * again, ends with the same bytes as a run that nothing disturbed, and leaves nothing else.
 *
 * @module
 */
import type { Mode } from "./plan.ts";
import type { Run, Signal, Slot, Snapshot } from "./slot.ts";

/** A run that nothing disturbed. */
export interface Undisturbed {
  run: Run;
  /** What was there before. */
  before: Snapshot;
  /** What was there after it. */
  after: Snapshot;
  /** Files that hold how long something took: only their names are compared. */
  times?: RegExp | undefined;
}

const REFUSALS = /it is finished already|it is there already/;
const CODES = { SIGINT: 130, SIGTERM: 143, SIGKILL: 137 };

/** Whether a run ended as the undisturbed one. */
export function isWhole(run: Run, { run: { code, stderr } }: Undisturbed): boolean {
  return run.code === code && (code === 0 || lastLine(run.stderr) === lastLine(stderr));
}

/** What is wrong with the end of a run at whose file operation a fault was. */
export function judgeFault(run: Run, mode: Mode, undisturbed: Undisturbed): string[] {
  if (mode === "signal") return isWhole(run, undisturbed) ? [] : expectCodes(run, [130, 143]);
  if (mode !== "error" && mode !== "full") return expectCodes(run, [137]);
  return isWhole(run, undisturbed) ? [] : [...expectCodes(run, [1]), ...judgeMessage(run.stderr)];
}

/** What is wrong with the end of a run to which a signal was sent. */
export function judgeSignal(run: Run, { name }: Signal, undisturbed: Undisturbed): string[] {
  return isWhole(run, undisturbed) ? [] : expectCodes(run, [CODES[name]]);
}

function expectCodes({ code, stderr }: Run, codes: number[]): string[] {
  return codes.includes(code) ? [] : [`ends with ${code}, not ${codes.join(" or ")}: ${lastLine(stderr)}`];
}

/** An error is one line that names a path, and is a sentence of ours. */
function judgeMessage(stderr: string): string[] {
  // progress, what memory a run takes and advice on its rate are no errors; which run of a sweep failed is said again
  const lines = stderr.trimEnd().split("\n").filter((line) =>
    !/^[A-Z][\w ()]+: (\d|about |done |started$)|^The learning rate is |^Run [\w.-]+ failed: /.test(line)
  );
  if (lines.length !== 1) return [`says ${lines.length} lines, not one: ${lines.slice(0, 3).join(" | ")}`];
  const [line = ""] = lines;
  if (!/["'][^"']*\/[^"']*["']/.test(line)) return [`names no file: ${line}`];
  return /^codescrub: Cannot .*"/.test(line) ? [] : [`says it in another's words: ${line}`];
}

/** What a disturbed run has done to its inputs: to all that is not called `out`, as outputs are. */
export function judgeInputs(slot: Slot, { before, after }: Undisturbed): string[] {
  const now = slot.snapshot();
  return [...before].flatMap(([path, content]) => {
    const isInput = after.get(path) === content && !path.startsWith("work/out");
    return isInput && now.get(path) !== content ? [`changes its input ${path}`] : [];
  });
}

/**
 * What is wrong with the next run of the same command line. It may say that all is there already: after a fault behind
 * the last step, but not where the disturbed run said that it was interrupted.
 */
export function judgeRerun(rerun: Run, disturbed: Run, undisturbed: Undisturbed): string[] {
  if (isWhole(rerun, undisturbed)) return [];
  const line = lastLine(rerun.stderr);
  if (!isRefused(rerun)) return [`the next run ends with ${rerun.code}: ${line}`];
  return wasInterrupted(disturbed) ? [`is whole, though it says that it was interrupted: ${line}`] : [];
}

/** Whether a run found that all is there already. */
export function isRefused({ code, stderr }: Run): boolean {
  return code === 1 && REFUSALS.test(lastLine(stderr));
}

/** Whether a run ended with the exit code of an interrupt. */
export function wasInterrupted({ code }: Run): boolean {
  return code === CODES.SIGINT || code === CODES.SIGTERM;
}

/** How what is there differs from what an undisturbed run leaves. */
export function judgeFiles(slot: Slot, { after, times }: Undisturbed): string[] {
  const now = slot.snapshot();
  const problems: string[] = [];
  for (const [path, content] of after) {
    if (!now.has(path)) problems.push(`${path} is missing`);
    else if (now.get(path) !== content && !times?.test(path)) problems.push(`${path} differs`);
  }
  for (const path of now.keys()) if (!after.has(path)) problems.push(`${path} is left over`);
  return problems;
}

function lastLine(text: string): string {
  return text.trimEnd().split("\n").at(-1)!;
}
