/**
 * TensorFlow for a command: set up where it is missing, then opened. A command that calls this is the first to need the
 * library, so that help and checks never load it.
 *
 * @module
 */
import { type Engine, openTensorFlow } from "../engine/engine.ts";

/** Opens TensorFlow for a command; `using` closes it. */
export async function openEngine(): Promise<Engine> {
  const device = Deno.env.get("CODESCRUB_DEVICE");
  return await openTensorFlow(device === "cpu" || device === "gpu" ? { device } : {});
}
