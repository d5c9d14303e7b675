/** Whether bubblewrap is there; tests that need it are left out where it is not. */
export async function hasBubblewrap(): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("bwrap", { args: ["--version"], stdout: "null" }).output();
    return success;
  } catch {
    return false;
  }
}
