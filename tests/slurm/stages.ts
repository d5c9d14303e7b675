/**
 * The stages that run as job arrays, each with work for some seconds a task, so that one can be stopped in the middle.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drawSecret } from "../cli/tiny_run.ts";

/** What the stages read. */
export interface Inputs {
  corpus: string;
}

/** A stage. */
export interface Stage {
  name: string;
  /** The name of the table that it writes. */
  table: string;
  /** Its command line but for `--out`. */
  args(inputs: Inputs): string[];
}

/** In the order of the pipeline. */
export const STAGES: readonly Stage[] = [
  { name: "detect", table: "secrets.parquet", args: ({ corpus }) => ["detect", corpus, "--workers", "1"] },
];

const DOCUMENTS = 20_000;
const ROOM = fileURLToPath(new URL("../../lib/secrets", import.meta.url));

/** Writes what the stages read into a folder: source texts of this project, each with a made-up secret. */
export async function writeInputs(folder: string, documents = DOCUMENTS): Promise<Inputs> {
  const names = [...Deno.readDirSync(ROOM)].map(({ name }) => name).sort();
  const texts = names.map((name) => Deno.readTextFileSync(join(ROOM, name)).slice(0, 4000));
  const inputs = { corpus: join(folder, "corpus.jsonl") };
  using file = await Deno.open(inputs.corpus, { create: true, write: true });
  const writer = file.writable.getWriter();
  for (let i = 0; i < documents; i++) {
    const text = `# ${i}\n${texts[i % texts.length]}\ntoken = "${drawSecret(i)}"\n`;
    await writer.write(new TextEncoder().encode(JSON.stringify({ doc_id: `doc-${i}`, text }) + "\n"));
  }
  await writer.close();
  return inputs;
}
