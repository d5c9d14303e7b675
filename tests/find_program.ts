/** Programs of this machine that tests use where they are installed, a browser among them. */
import { BROWSERS } from "../lib/report/draw_figure.ts";

/** The first of those that figures are drawn by; undefined where none is installed. */
export async function findBrowser(): Promise<string | undefined> {
  for (const name of BROWSERS) {
    if (await answers(name, ["--version"])) return name;
  }
}

/** Whether a program is there and succeeds. `output` throws at once where it is not, so that only `await` within `try` hears of it. */
export async function answers(name: string, args: readonly string[]): Promise<boolean> {
  try {
    const command = new Deno.Command(name, { args: [...args], stdout: "null", stderr: "null" });
    return (await command.output()).success;
  } catch {
    return false;
  }
}
