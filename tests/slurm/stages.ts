/**
 * The stages that run as job arrays, each with work for some seconds a task, so that one can be stopped in the middle.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { drawSecret, writeTinyModel } from "../cli/tiny_run.ts";

/** What the stages read. */
export interface Inputs {
  corpus: string;
  /** The folder of a model. */
  model: string;
  /** The table that the first stage writes. */
  secrets: string;
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
  {
    name: "detect",
    table: "secrets.parquet",
    args: ({ corpus }) => ["detect", corpus, "--workers", "1"],
  },
  {
    name: "probe",
    table: "probe.parquet",
    args: ({ corpus, model, secrets }) => [
      "probe",
      ...["--model", model, "--corpus", corpus, "--secrets", secrets],
    ],
  },
  {
    name: "retain",
    table: "retain.parquet",
    args: ({ corpus, model, secrets }) => [
      "retain",
      ...["--model", model, "--texts", corpus, "--secrets", secrets, "--min-bleu", "0"],
    ],
  },
];

const DOCUMENTS = 12_000;
const ROOM = fileURLToPath(new URL("../../lib/secrets", import.meta.url));

/** Writes what the stages read into a folder: a random model, and source texts of this project, half with a secret. */
export async function writeInputs(folder: string, documents = DOCUMENTS): Promise<Inputs> {
  const path = (...names: string[]) => join(folder, ...names);
  const inputs = {
    corpus: path("corpus.jsonl"),
    model: path("model"),
    secrets: path("array", "secrets.parquet"),
  };
  await writeTinyModel(inputs.model);
  const names = [...Deno.readDirSync(ROOM)].filter(({ isFile }) => isFile).map(({ name }) => name).sort();
  const texts = names.map((name) => Deno.readTextFileSync(join(ROOM, name)).slice(0, 2000));
  using file = await Deno.open(inputs.corpus, { create: true, write: true });
  const writer = file.writable.getWriter();
  for (let i = 0; i < documents; i++) {
    const end = i % 2 === 0 ? `token = "${drawSecret(i)}"\n` : "";
    const row = { doc_id: `doc-${i}`, text: `# ${i}\n${texts[i % texts.length]}\n${end}` };
    await writer.write(new TextEncoder().encode(JSON.stringify(row) + "\n"));
  }
  await writer.close();
  return inputs;
}
