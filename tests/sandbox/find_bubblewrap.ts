import { answers } from "../find_program.ts";

/** Whether bubblewrap is there; tests that need it are left out where it is not. */
export async function hasBubblewrap(): Promise<boolean> {
  return await answers("bwrap", ["--version"]);
}
