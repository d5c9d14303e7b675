/** What a scenario begins with. */
import { writeTinyRun } from "../cli/tiny_run.ts";
import type { Scenario } from "./cases.ts";
import type { Slot } from "./slot.ts";

/** Makes the slot hold what the scenario begins with, and gives its command line. */
export async function prepare(scenario: Scenario, slot: Slot, endpoint = ""): Promise<string[]> {
  slot.clear();
  const files = await writeTinyRun(slot.work);
  const env = scenario.env ?? {};
  await scenario.prepare?.(files, async (args) => {
    const { code, stderr } = await slot.run(args, env);
    if (code !== 0) throw new Error(`Cannot prepare "${scenario.name}": ${stderr}`);
  });
  const args = scenario.args(files, endpoint);
  slot.age();
  await slot.save();
  if (scenario.stoppedAt) {
    const whole = await slot.run(args, env);
    await slot.reset();
    const fault = { mode: "signal" as const, at: whole.operations.findIndex(scenario.stoppedAt) + 1 };
    const { code } = await slot.run(args, env, { fault });
    if (code < 130) throw new Error(`Cannot stop "${scenario.name}" at ${fault.at}: it ends with ${code}`);
    await slot.save();
  }
  return args;
}
