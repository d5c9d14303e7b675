/** The browser of this machine, for the tests that draw. */
import { BROWSERS } from "../lib/report/draw_figure.ts";

/** The first of those that figures are drawn by; undefined where none is installed. */
export async function findBrowser(): Promise<string | undefined> {
  for (const name of BROWSERS) {
    const isThere = await new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" })
      .output()
      .then(({ success }) => success, () => false);
    if (isThere) return name;
  }
}
