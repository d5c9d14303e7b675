/**
 * A study's tables, kept in the project: without what is this machine's alone.
 *
 * @module
 */
import { dirname } from "node:path";

/**
 * Copies a table. Of JSON and CSV fractions are rounded to six digits: among sixteen may be those of a secret, which `leaks`
 * would find. Of JSON paths below the current folder lose it.
 */
export async function keepTable(from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(to), { recursive: true });
  if (from.endsWith(".csv")) {
    const text = await Deno.readTextFile(from);
    const round = (fraction: string) => String(Number(Number(fraction).toPrecision(6)));
    return await Deno.writeTextFile(to, text.replace(/(?<=^|,)-?\d+\.\d{6,}(?=,|$)/gm, round));
  }
  if (!from.endsWith(".json")) return await Deno.copyFile(from, to);
  const round = (_: string, value: unknown) =>
    typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value;
  const json = (await Deno.readTextFile(from)).replaceAll(`${Deno.cwd()}/`, "");
  await Deno.writeTextFile(to, JSON.stringify(JSON.parse(json), round, 2) + "\n");
}
