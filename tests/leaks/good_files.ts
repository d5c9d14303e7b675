/**
 * Good corpora of the leak harness beside the tiny run's: many rows, and a folder of source files.
 *
 * @module
 */
import { join } from "node:path";
import { secretPieces } from "../../lib/embedded/secret_formats.ts";
import { callMain } from "../cli/call_main.ts";
import { drawSecret } from "../cli/tiny_run.ts";
import type { CaseFiles } from "./cases.ts";
import type { Plants } from "./plants.ts";

/** Enough rows for several pieces, and the same with their last line cut. */
export async function writeManyRows(
  { bad }: CaseFiles,
  plants: Plants,
): Promise<{ whole: string; cut: string }> {
  const paths = { whole: join(bad, "many.jsonl"), cut: join(bad, "many_cut.jsonl") };
  const line = (i: number) =>
    JSON.stringify({ doc_id: `${i}`, text: `# ${plants.text("one of many texts")}\n` }) + "\n";
  const lines = Array.from({ length: 700 }, (_, i) => line(i)).join("");
  await Deno.writeTextFile(paths.whole, lines);
  await Deno.writeTextFile(paths.cut, `${lines}{"text":"${plants.text("a line cut behind many")}`);
  return paths;
}

/** Source files whose names, and one folder's, are secrets; their content too. */
export async function writeSourceFolder({ bad }: CaseFiles, plants: Plants): Promise<string> {
  const folder = join(bad, "source");
  const inner = join(folder, plants.id("name of a folder").replaceAll("/", "+"));
  await Deno.mkdir(inner, { recursive: true });
  for (let i = 0; i < 4; i++) {
    const secret = drawSecret(500 + i);
    plants.add({ place: "a secret of a source file" }, secretPieces(secret));
    const name = plants.id(`name of source file ${i}`).replaceAll("/", "+");
    await Deno.writeTextFile(
      join(i < 2 ? folder : inner, `${name}.py`),
      `token = "${secret}"\n# ${plants.text("comment")}\n`,
    );
  }
  await Deno.writeFile(join(folder, plants.id("name of a binary file")), new Uint8Array([0, 1, 2]));
  await Deno.writeFile(join(folder, "latin.py"), new Uint8Array([0xe9, 0x0a]));
  return folder;
}

/** A request of values that are in the corpus, and of some that are nowhere. */
export async function writeRequest(files: CaseFiles, plants: Plants): Promise<string> {
  const path = join(files.folder, "planted_request.txt");
  const own = await Deno.readTextFile(files.request);
  const values = Array.from({ length: 8 }, () => plants.text("a value of a request"));
  const others = [
    `path:${plants.name("a pattern of a request")}`,
    `doc:${plants.name("a document of a request")}`,
  ];
  await Deno.writeTextFile(path, own + [...values, ...others].join("\n"));
  return path;
}

/** What two shards of `detect` wrote of a folder; its path is the table's that `merge` is asked for. */
export async function writeShards(files: CaseFiles, folder: string): Promise<string> {
  const table = join(files.bad, "shards.parquet");
  for (const shard of ["0/2", "1/2"]) {
    const { code, stderr } = await callMain(["detect", folder, "--places", "--shard", shard, "--out", table]);
    if (code !== 0) throw new Error(`Cannot write a shard: ${stderr}`);
  }
  return table;
}
