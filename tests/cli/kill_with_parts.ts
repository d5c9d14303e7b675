/** A command that is killed once it has made a part of its output. */
import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cliCommand } from "./run_cli.ts";

/** Starts a command, and kills it when it has made a part of `out`, a name in `cwd`, in `parts` or where tables have them. */
export async function killWithParts(
  args: readonly string[],
  out: string,
  { parts: inside = join(".codescrub", `${out}.parts`), ...at }: {
    cwd: string;
    env?: Record<string, string>;
    parts?: string;
  },
): Promise<void> {
  const child = cliCommand([...args, "--out", out], at).spawn();
  const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  const parts = join(at.cwd, inside);
  const hasParts = () =>
    existsSync(parts) && [...Deno.readDirSync(parts)].some(({ name }) => name.endsWith(".json"));
  while (!hasParts()) await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill("SIGKILL");
  assertEquals((await child.status).code, 137);
  await output;
}
