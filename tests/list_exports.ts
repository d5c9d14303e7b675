/**
 * `deno task exports`: the names that deno.json's exports give, each with its kind, into exports.txt beside this. A name
 * that goes or changes there breaks somebody's import; `exports_test.ts` compares, so it does so only where one can see it.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import deno from "../deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The committed list. */
export const LIST = new URL("exports.txt", import.meta.url);

/** One name of one subpath. */
export interface ExportedName {
  /** As deno.json has it: "./secrets". */
  subpath: string;
  name: string;
  /** "function", "interface", ...; of a name that is several things, all. */
  kind: string;
  isDocumented: boolean;
}

interface DocSymbol {
  name: string;
  declarations: { kind: string; jsDoc?: { doc?: string } }[];
}

/** What each subpath exports, as `deno doc` sees it, by subpath and name. */
export async function listExports(): Promise<ExportedName[]> {
  const { ".": main, ...subjects } = deno.exports;
  // Of what two files export Deno describes one only, so mod.ts is read by itself.
  return [...await readNames({ ".": main }), ...await readNames(subjects)];
}

async function readNames(subpaths: { [subpath: string]: string }): Promise<ExportedName[]> {
  const args = ["doc", "--json", ...Object.values(subpaths)];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  if (!success) throw new Error(`Cannot list the exports: ${new TextDecoder().decode(stderr)}`);
  const { nodes }: { nodes: { [url: string]: { symbols?: DocSymbol[] } } } = JSON.parse(
    new TextDecoder().decode(stdout),
  );
  return Object.entries(subpaths).flatMap(([subpath, file]) => {
    const { symbols = [] } = nodes[new URL(`../${file}`, import.meta.url).href]!;
    const names = symbols.map(({ name, declarations }) => ({
      ...{ subpath, name },
      kind: [...new Set(declarations.map(({ kind }) => kind))].join("+"),
      isDocumented: declarations.some(({ jsDoc }) => jsDoc?.doc),
    }));
    return names.sort((a, b) => a.name < b.name ? -1 : 1);
  });
}

/** The list as text: a line for each name. */
export function formatExports(exports: readonly ExportedName[]): string {
  return exports.map(({ subpath, name, kind }) => `${subpath} ${name} ${kind}\n`).join("");
}

if (import.meta.main) {
  const exports = await listExports();
  await Deno.writeTextFile(LIST, formatExports(exports));
  console.log(`${exports.length} names, written: ${fileURLToPath(LIST)}`);
}
