/**
 * The whole demo on the card and on the processor of the same machine: seconds, and whether both come to the same
 * conclusions.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isBelowThreshold } from "../../lib/metrics/threshold.ts";
import type { RowContext } from "./bench_context.ts";
import { type Result, timesFaster } from "./bench_result.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** What the demo writes into summary.json, as far as it is compared. */
export interface DemoSummary {
  thresholds: Record<string, number | null>;
  forget: Record<string, Record<string, number | null>>;
  retain: Record<string, Record<string, number | null>>;
  seconds: number;
}

/** Both sides; with `--device cpu` the processor alone. */
export async function benchDemo(context: RowContext): Promise<void> {
  const { device, tiny, folder } = context;
  if (tiny) throw new Error("The demo has one size: leave --tiny away");
  const result: Result = { name: "demo, whole", unit: "s", ours: null, peers: {}, goals: [], notes: [] };
  const ours = await runDemo(device, join(folder, device));
  result.ours = ours.seconds;
  result.notes.push(`conclusions: ${conclusionsOf(ours).join("; ")}`);
  context.emit(result, { final: device === "cpu" });
  if (device === "cpu") return;
  const theirs = await runDemo("cpu", join(folder, "cpu"));
  result.peers = { processor: theirs.seconds };
  const isEqual = conclusionsOf(ours).join() === conclusionsOf(theirs).join();
  result.goals = [
    { what: "x the processor", value: timesFaster(theirs.seconds, ours.seconds), atLeast: 1 },
    { what: "conclusions that differ", value: isEqual ? 0 : 1, atMost: 0 },
  ];
  if (!isEqual) result.notes.push(`on the processor: ${conclusionsOf(theirs).join("; ")}`);
  context.emit(result, { final: true });
}

async function runDemo(device: string, out: string): Promise<DemoSummary> {
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=codescrub", "--no-prompt", "lib/cli/main.ts", "demo", "--out", out],
    cwd: ROOT,
    env: { CODESCRUB_DEVICE: device, INIT_CWD: ROOT, NO_COLOR: "1" },
    stdout: "null",
    stderr: "piped",
  }).output();
  try {
    return JSON.parse(await Deno.readTextFile(join(out, "summary.json"))); // it is there where a conclusion failed, too
  } catch (cause) {
    const last = new TextDecoder().decode(stderr).trim().split("\n").at(-1);
    throw new Error(`Cannot run the demo on ${device}: ${last}`, { cause });
  }
}

/** How much of the retain set's MA a method that keeps it may cost, as the demo itself has it. */
const RETAIN_TOLERANCE = 0.05;

/** What a reader takes from the demo: which method erased the forget set, and which kept the retain set. */
export function conclusionsOf({ thresholds, forget, retain }: DemoSummary): string[] {
  return Object.keys(forget).filter((model) => model !== "before").sort().map((model) => {
    const own = forget[model]!;
    const isErased = ["ma", "el_10"].every((metric) => isBelowThreshold(own[metric]!, thresholds[metric]!));
    const isKept = Math.abs(retain[model]!.ma! - retain.before!.ma!) <= RETAIN_TOLERANCE;
    return `${model} ${isErased ? "erased" : "did not erase"} and ${isKept ? "kept" : "did not keep"}`;
  });
}
