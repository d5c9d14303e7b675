/** The browser of this machine, for the tests that draw. */
import { BROWSERS } from "../lib/report/draw_figure.ts";

/** The first of those that figures are drawn by; undefined where none is installed. */
export async function findBrowser(): Promise<string | undefined> {
  for (const name of BROWSERS) {
    if (await answers(name)) return name;
  }
}

/** Whether a program is there. `output` throws at once where it is not, so that only `await` within `try` hears of it. */
async function answers(name: string): Promise<boolean> {
  try {
    const command = new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}
