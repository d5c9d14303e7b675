/** Bad files where a command looks for them. */
import { join } from "node:path";
import type { BadFile } from "./bad_files.ts";

/** Writes files into a folder; their paths. */
export async function writeFiles(folder: string, files: readonly BadFile[]): Promise<string[]> {
  await Deno.mkdir(folder, { recursive: true });
  return await Promise.all(files.map(async ([name, content]) => {
    const path = join(folder, name);
    await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
    return path;
  }));
}

/** The only shard of a table that is not there. */
export async function asShard(path: string): Promise<string> {
  const [, stem, extension] = /^(.*?)(\.jsonl\.gz|\.\w+)$/.exec(path)!;
  await Deno.rename(path, `${stem}-00000-of-00001${extension}`);
  return path;
}
