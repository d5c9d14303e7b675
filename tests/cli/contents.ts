/** What files hold, for tests that look for secrets in them: columns of a table may be compressed, so that its bytes show nothing. */
import { join } from "node:path";
import { readTable } from "../../lib/datasets/tables.ts";

/** All that files below a folder hold, tables as their cells too. */
export async function* contents(folder: string): AsyncGenerator<[path: string, text: string]> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory) {
      yield* contents(path);
      continue;
    }
    yield [path, new TextDecoder("latin1").decode(Deno.readFileSync(path))];
    if (name.endsWith(".parquet")) yield [path, JSON.stringify((await readTable(path)).toRecords())];
  }
}
