/** A command that is killed once it has made a part of its output. */
import { assertEquals } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cliCommand } from "./run_cli.ts";

/**
 * Starts a command, and kills it when it has made a part of `out`, a name in `cwd`, in `parts` or where tables have them: any
 * or one more whose name holds `named`.
 */
export async function killWithParts(
  args: readonly string[],
  out: string,
  { parts: inside = join(".codescrub", `${out}.parts`), named, ...at }: {
    cwd: string;
    env?: Record<string, string>;
    parts?: string;
    named?: string;
  },
): Promise<void> {
  const child = cliCommand([...args, "--out", out], at).spawn();
  const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  const parts = join(at.cwd, inside);
  const countParts = () =>
    existsSync(parts)
      ? [...Deno.readDirSync(parts)].filter(({ name }) =>
        name.endsWith(".json") && name.includes(named ?? "")
      ).length
      : 0;
  const before = named === undefined ? 0 : countParts();
  while (countParts() <= before) await new Promise((resolve) => setTimeout(resolve, 2));
  child.kill("SIGKILL");
  assertEquals((await child.status).code, 137);
  await output;
}
