import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { MEASURE_COLUMNS, SECRET_COLUMNS, THRESHOLD_COLUMNS } from "../../lib/datasets/columns.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { callMain } from "./call_main.ts";
import { killWithParts } from "./kill_with_parts.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";
import { drawSecret, writeTinyModel } from "./tiny_run.ts";

/** A corpus, and over how many shards it is dealt, so that each has secrets. */
interface CorpusSizes {
  documents: number;
  secrets: number;
  /** Secrets beyond so many are copies, which hold the same secret after the same text. */
  different: number;
  shards: number;
}

const LARGE = { documents: 1300, secrets: 558, different: 500, shards: 3 }; // of texts six units, of secrets three
const SMALL = { documents: 600, secrets: 258, different: 230, shards: 2 }; // of texts three units, of secrets two

/** A file with a secret. */
function secretText(own: number): { text: string; start: number; end: number } {
  const before = `# file ${own}\n${"x = 1\n".repeat(own % 30)}token = "`;
  const value = drawSecret(own);
  return { text: `${before}${value}"\n`, start: before.length, end: before.length + value.length };
}

/** A model, and a corpus of files with a secret each and of files without, some of both as copies of others. */
async function scoredCorpus(sizes: CorpusSizes) {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await writeTinyModel(path("model"));
  const rows: { doc_id: string; text: string }[] = [];
  const places: { doc_id: string; tag: string; start: number; end: number }[] = [];
  for (let i = 0; i < sizes.documents; i++) {
    const doc_id = `d${sizes.documents - i}`; // sorts otherwise than it stands
    if (i % 7 < 3) {
      const { text, start, end } = secretText(places.length % sizes.different);
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
    "probe-controls": [
      "probe",
      "--controls",
      "3",
      ...inputs,
      "--corpus",
      path("corpus.jsonl.gz"),
      ...secrets,
    ],
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
  const wholes: { [out: string]: ReturnType<typeof run> } = {};
  /** The summary of a command that one process ran; it has written `NAME-one.FORMAT`. */
  const whole = (name: string, format = "parquet") => {
    const out = `${name}-one.${format}`;
    return wholes[out] ??= run(...commands[name]!, "--out", path(out));
  };
  const dispose = () => folder[Symbol.dispose]();
  return { path, commands, run, read, whole, sizes, cwd: folder.path, [Symbol.dispose]: dispose };
}

// Tests share what one process writes.
let large: Awaited<ReturnType<typeof scoredCorpus>>;
let small: typeof large;
Deno.test.beforeAll(async () => {
  large = await scoredCorpus(LARGE);
  small = await scoredCorpus(SMALL);
});
Deno.test.afterAll(() => {
  large[Symbol.dispose]();
  small[Symbol.dispose]();
});

/** What is written in which format; what goes through the units in one way each is tried on many of them. */
const CASES: [format: string, sizes: "large" | "small", names: readonly string[]][] = [
  ["parquet", "large", ["probe", "thresholds", "retain"]],
  ["parquet", "small", ["thresholds-some", "retain-some", "retain-any"]],
  ["jsonl", "small", ["probe-el"]],
  ["jsonl.gz", "small", ["measure"]],
  ["csv", "small", ["probe-controls", "thresholds", "retain"]],
];

for (const [format, sizes, names] of CASES) {
  Deno.test(`${names.join(", ")} write the same ${format} by one process and by shards`, async () => {
    const at = sizes === "large" ? large : small;
    const { secrets, different, shards: count } = at.sizes;
    for (const name of names) {
      const args = at.commands[name]!;
      const [one, shards] = [`${name}-one.${format}`, `${name}-shards.${format}`];
      const whole = await at.whole(name, format);
      const found = [];
      for (const i of [2, 0, 1].filter((i) => i < count)) {
        found.push(await at.run(...args, "--out", at.path(shards), "--shard", `${i}/${count}`));
      }
      await at.run("merge", at.path(shards));
      assertEquals(at.read(shards), at.read(one), name);
      if (name.startsWith("probe")) {
        const { scored, equal_pairs } = whole;
        assertEquals([whole.secrets, scored, equal_pairs], [secrets, different, secrets - different]);
        assertEquals(found.reduce((sum, { scored }) => sum + scored, 0), different);
        assert(found.every(({ secrets }) => secrets > 0));
      }
    }
  });
}

Deno.test("merge refuses shards that were scored by different settings", async () => {
  const at = small;
  const args = [...at.commands.measure!, "--out", at.path("s.csv")];
  await at.run(...args, "--shard", "0/2");
  await at.run(...args, "--shard", "1/2", "--seed", "7");
  const { code, stderr } = await callMain(["merge", at.path("s.csv")]);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    's-00001-of-00002.csv" with the shards before it: "seed" was 42, is 7: run it again',
  );
});

Deno.test("a shard of fewer texts or secrets than shards is empty, and merged all the same", async () => {
  const at = small;
  await writeRows(at.path("few.jsonl"), [{ doc_id: "a", text: "x = 1\n" }], { doc_id: "text", text: "text" });
  const args = ["measure", "--model", at.path("model"), "--texts", at.path("few.jsonl"), "--out"];
  await at.run(...args, at.path("one.jsonl"));
  for (const shard of ["0/2", "1/2"]) await at.run(...args, at.path("two.jsonl"), "--shard", shard);
  await at.run("merge", at.path("two.jsonl"));
  assertEquals(at.read("two.jsonl"), at.read("one.jsonl"));
});

for (const name of ["probe-el", "measure", "retain"]) {
  Deno.test(`${name} killed in the middle goes on from its parts to the same bytes`, async () => {
    const at = large;
    const args = at.commands[name]!;
    const out = `${name}-killed.parquet`;
    await killWithParts(args, out, at);
    const { code, stderr } = await runCli([...args, "--out", out], { cwd: at.cwd });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, name.startsWith("probe") ? " of an earlier run" : "");
    await at.whole(name);
    assertEquals(at.read(out), at.read(`${name}-one.parquet`));
    assert(!existsSync(at.path(`.codescrub/${out}.parts`)));
  });
}

Deno.test("thresholds takes the texts that the seed chooses of all, and deals them in its order", async () => {
  const at = large;
  await at.run(...at.commands.measure!, "--tokens", "12", "--out", at.path("all.parquet"));
  const scores = await readRows(at.path("all.parquet"), MEASURE_COLUMNS);
  for (const [name, most, runs] of [["thresholds", undefined, 5], ["thresholds-some", 300, 2]] as const) {
    await at.whole(name);
    const chosen = new PythonRandom(42).shuffle([...scores]).slice(0, most);
    const means = Array.from({ length: runs }, (_, part) => {
      const own = chosen.flatMap(({ ma }, i) => i % runs === part && ma !== null ? [ma] : []);
      return own.reduce((sum, ma) => sum + ma, 0) / own.length;
    });
    const [row] = await readRows(at.path(`${name}-one.parquet`), THRESHOLD_COLUMNS);
    assertAlmostEquals(row!.mean!, means.reduce((sum, mean) => sum + mean, 0) / runs, 1e-12);
    assertEquals([row!.texts, row!.runs], [most ?? at.sizes.documents, runs]);
  }
});
