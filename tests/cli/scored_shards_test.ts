import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { SECRET_COLUMNS } from "../../lib/datasets/columns.ts";
import { callMain } from "./call_main.ts";
import { cliCommand, runCli, temporaryFolder } from "./run_cli.ts";
import { drawSecret, writeTinyModel } from "./tiny_run.ts";

const DOCUMENTS = 1300; // of texts six units, of secrets three
const [SECRETS, DIFFERENT] = [558, 500];
const SHARDS = 3;

/** A file with a secret; those beyond the first 500 are copies, which hold the same secret after the same text. */
function secretText(i: number): { text: string; start: number; end: number } {
  const own = i % DIFFERENT;
  const before = `# file ${own}\n${"x = 1\n".repeat(own % 30)}token = "`;
  const value = drawSecret(own);
  return { text: `${before}${value}"\n`, start: before.length, end: before.length + value.length };
}

/** A model, and a corpus of files with a secret each and of files without, some of both as copies of others. */
async function scoredCorpus() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await writeTinyModel(path("model"));
  const rows: { doc_id: string; text: string }[] = [];
  const places: { doc_id: string; tag: string; start: number; end: number }[] = [];
  for (let i = 0; i < DOCUMENTS; i++) {
    const doc_id = `d${DOCUMENTS - i}`; // sorts otherwise than it stands
    if (i % 7 < 3) {
      const { text, start, end } = secretText(places.length);
      rows.push({ doc_id, text });
      places.push({ doc_id, tag: "KEY", start, end });
    } else rows.push({ doc_id, text: `# text ${i % 1200}\n${`y = ${i % 9}\n`.repeat(10 + i % 20)}` });
  }
  await writeRows(path("corpus.jsonl.gz"), rows, { doc_id: "text", text: "text" });
  await writeRows(path("secrets.parquet"), places.reverse(), SECRET_COLUMNS);
  const inputs = ["--model", path("model")];
  const texts = [...inputs, "--texts", path("corpus.jsonl.gz")];
  const secrets = ["--secrets", path("secrets.parquet")];
  const commands: { [name: string]: string[] } = {
    "probe": ["probe", ...inputs, "--corpus", path("corpus.jsonl.gz"), ...secrets],
    "probe-el": ["probe", "--el", "--reveal", ...inputs, "--corpus", path("corpus.jsonl.gz"), ...secrets],
    "measure": ["measure", ...texts, "--tokens", "24"],
    "thresholds": ["thresholds", ...texts, "--tokens", "12"],
    "thresholds-some": ["thresholds", ...texts, "--tokens", "12", "--max-texts", "300", "--runs", "2"],
    "retain": ["retain", ...texts, ...secrets, "--min-bleu", "0", "--k", "9"],
    "retain-some": ["retain", ...texts, ...secrets, "--min-bleu", "0", "--k", "9", "--max-texts", "90"],
    "retain-any": ["retain", ...texts, ...secrets, "--any"],
  };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await callMain([...args, "--json"]);
    assertEquals(code, 0, `${args.join(" ")}: ${stderr}`);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  };
  const read = (name: string) => Deno.readFileSync(path(name));
  return { path, commands, run, read, cwd: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

for (const format of ["parquet", "jsonl", "jsonl.gz", "csv"]) {
  Deno.test(`probe, measure, thresholds and retain write the same ${format} by one process and by shards`, async () => {
    using at = await scoredCorpus();
    for (const [name, args] of Object.entries(at.commands)) {
      if (format !== "parquet" && /-any|-some/.test(name)) continue;
      const [one, shards] = [`${name}-one.${format}`, `${name}-shards.${format}`];
      const whole = await at.run(...args, "--out", at.path(one));
      const found = [];
      for (const i of [2, 0, 1]) {
        found.push(await at.run(...args, "--out", at.path(shards), "--shard", `${i}/${SHARDS}`));
      }
      await at.run("merge", at.path(shards));
      assertEquals(at.read(shards), at.read(one), name);
      if (name.startsWith("probe")) {
        assertEquals([whole.secrets, whole.scored, whole.equal_pairs], [SECRETS, DIFFERENT, SECRETS - DIFFERENT]);
        assertEquals(found.reduce((sum, { scored }) => sum + scored, 0), DIFFERENT);
        assert(found.every(({ secrets }) => secrets > 0));
      }
    }
  });
}
