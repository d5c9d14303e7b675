import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { openRunFiles } from "../../lib/cli/run_files.ts";
import { killWithParts } from "./kill_with_parts.ts";
import { cliCommand, runCli, temporaryFolder } from "./run_cli.ts";

const DOCUMENTS = 2600; // six pieces

/** Assembled here, so that no scanner takes it for a live one. */
const key = (i: number) => ["QZ7xK2vJ9mWq4bXf8pT", "zR3hLw6cN", String(i).padStart(5, "0")].join("");

function textOf(i: number): string {
  return `import os\nx = ${i}\n` + (i % 7 === 0 ? `key = "${key(i)}"  # ada${i}@mail.invalid\n` : "");
}

/** A folder with the same corpus as files and as JSON lines; doc_ids sort otherwise than they stand. */
function bigCorpus() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  Deno.mkdirSync(path("src"));
  const lines: string[] = [];
  for (let i = 0; i < DOCUMENTS; i++) {
    const text = textOf(i);
    if (i < 1300) {
      const name = `src/${i % 20}`;
      Deno.mkdirSync(path(name), { recursive: true });
      Deno.writeTextFileSync(path(`${name}/${i}.py`), text);
    }
    lines.push(JSON.stringify({ doc_id: `d${DOCUMENTS - i}`, text }));
  }
  Deno.writeTextFileSync(path("corpus.jsonl"), lines.join("\n"));
  const env = {
    CODESCRUB_CACHE: path("cache"),
    CODESCRUB_KEY: "a key of enough bytes",
    CODESCRUB_KEY_FILE: "",
  };
  const run = async (...args: string[]) => {
    const result = await runCli(args, { cwd: folder.path, env });
    assertEquals(result.code, 0, result.stderr);
    return result;
  };
  const names = () => [...Deno.readDirSync(folder.path)].map(({ name }) => name).sort();
  const read = (name: string) => Deno.readFileSync(path(name));
  return { path, env, run, names, read, cwd: folder.path, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test("detect gives the same bytes by any number of workers and shards", async () => {
  using at = bigCorpus();
  for (
    const [corpus, extension] of [["corpus.jsonl", "parquet"], ["corpus.jsonl", "jsonl"], [
      "src",
      "csv",
    ]] as const
  ) {
    const out = (name: string) => `${corpus}-${name}.${extension}`;
    await at.run("detect", corpus, "--workers", "1", "--out", out("one"));
    if (extension === "parquet") {
      await at.run("detect", corpus, "--workers", "3", "--out", out("three"));
      assertEquals(at.read(out("three")), at.read(out("one")));
    }
    for (const i of [2, 0, 1]) await at.run("detect", corpus, "--shard", `${i}/3`, "--out", out("shards"));
    await at.run("merge", out("shards"));
    assertEquals(at.read(out("shards")), at.read(out("one")), out("shards"));
  }
  assert(!at.names().some((name) => name.endsWith(".parts")));
  const again = await runCli(["merge", "src-shards.csv"], { cwd: at.cwd, env: at.env });
  assertStringIncludes(again.stderr, "it is there already: give --force");
  await Deno.remove(at.path("src-shards-00001-of-00003.csv"));
  const missing = await runCli(["merge", "src-shards.csv", "--force"], { cwd: at.cwd, env: at.env });
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.stderr, "1 of 3 shards is missing: 1");
});

Deno.test("detect takes its shard from a job array's environment", async () => {
  using at = bigCorpus();
  const env = { ...at.env, SLURM_ARRAY_TASK_ID: "1", SLURM_ARRAY_TASK_COUNT: "2", SLURM_ARRAY_TASK_MIN: "1" };
  const { code, stdout } = await runCli(["detect", "src", "--out", "s.csv", "--json"], { cwd: at.cwd, env });
  assertEquals([code, JSON.parse(stdout.trimEnd().split("\n").at(-1)!).documents], [0, 650]);
  assert(at.names().includes("s-00000-of-00002.csv"));
  const bad = await runCli(["detect", "src", "--out", "s.csv", "--shard", "2/2"], { cwd: at.cwd, env });
  assertEquals([bad.code, bad.stderr.trim()], [
    2,
    'codescrub: Cannot read --shard "2/2": i/n with i from 0 to n - 1 is needed',
  ]);
  const one = { SLURM_ARRAY_TASK_ID: "3", SLURM_ARRAY_TASK_MIN: "3", SLURM_ARRAY_TASK_MAX: "3" };
  const part = await runCli(["detect", "src", "--out", "s.csv"], {
    cwd: at.cwd,
    env: { ...at.env, ...one, SLURM_ARRAY_TASK_COUNT: "1" },
  });
  assertEquals([part.code, part.stderr.trim()], [
    2,
    "codescrub: Cannot read SLURM_ARRAY_TASK_ID as a shard: its array (3 to 3, 1 in all) is a part of a larger one: give --shard i/n",
  ]);
});

Deno.test("detect killed at any moment goes on to the same bytes", async () => {
  using at = bigCorpus();
  const args = (out: string) => ["detect", "corpus.jsonl", "--workers", "2", "--out", out];
  await at.run(...args("whole.parquet"));
  let interrupted = 0;
  for (const milliseconds of [250, 450, 600, 800, 1000]) {
    const out = `killed-${milliseconds}.parquet`;
    const child = cliCommand(args(out), { cwd: at.cwd, env: at.env }).spawn();
    const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    try {
      child.kill("SIGKILL");
    } catch {
      // it was faster
    }
    const { success } = await child.status;
    await output;
    if (!success) interrupted++;
    await at.run(...args(out), ...(existsSync(at.path(out)) ? ["--force"] : [])); // it may have been that fast
    assertEquals(at.read(out), at.read("whole.parquet"), out);
  }
  assert(interrupted > 0, "every run was through before it was killed");
  const other = await at.run(...args("other.parquet"), "--unfiltered");
  assertStringIncludes(other.stdout, "spans");
});

Deno.test("detect reads Parquet shards and a data set's folder as the one table", async () => {
  using at = bigCorpus();
  const convert = `
    import pl from "nodejs-polars";
    const rows = (await Deno.readTextFile("corpus.jsonl")).split("\\n").map((line) => JSON.parse(line));
    const write = (some, path) => pl.DataFrame({
      n: some.map((_, i) => i), doc_id: some.map((row) => row.doc_id), content: some.map((row) => row.text),
    }).writeParquet(path);
    Deno.mkdirSync("set/data", { recursive: true });
    Deno.writeTextFileSync("set/README.md", "# A data set");
    write(rows.slice(0, 1000), "set/data/train-00000-of-00002.parquet");
    write(rows.slice(1000), "set/data/train-00001-of-00002.parquet");`;
  await Deno.writeTextFile(at.path("convert.ts"), convert);
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      `--config=${join(import.meta.dirname!, "../../deno.json")}`,
      at.path("convert.ts"),
    ],
    cwd: at.cwd,
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  await at.run("detect", "corpus.jsonl", "--out", "a.parquet");
  await at.run("detect", "set", "--out", "b.parquet");
  assertEquals(at.read("b.parquet"), at.read("a.parquet"));
  await at.run("detect", "set", "--shard", "0/2", "--out", "c.parquet");
  await at.run("detect", "set", "--shard", "1/2", "--out", "c.parquet");
  await at.run("merge", "c.parquet");
  assertEquals(at.read("c.parquet"), at.read("a.parquet"));
});

Deno.test("detect leaves out what an allow-list names, and lists what it skipped", async () => {
  using at = bigCorpus();
  await Deno.writeFile(at.path("src/0/x.bin"), new Uint8Array([0, 1]));
  await at.run("detect", "src", "--out", "all.jsonl", "--skipped", "skipped.csv");
  assertEquals(Deno.readTextFileSync(at.path("skipped.csv")), "path,reason\n0/x.bin,binary\n");
  const rows = () =>
    Deno.readTextFileSync(at.path("left.jsonl")).trimEnd().split("\n").map((line) => JSON.parse(line));
  const all = Deno.readTextFileSync(at.path("all.jsonl")).trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  const { fingerprint } = all.find(({ tag }) => tag === "KEY");
  const list = `# looked at\nfingerprint ${fingerprint}\npath 1/\ndetector Email 2/**\n`;
  await Deno.writeTextFile(at.path("allow.txt"), list);
  await at.run("detect", "src", "--allow", "allow.txt", "--out", "left.jsonl");
  const expected = all.filter((row) =>
    row.fingerprint !== fingerprint && !row.path.startsWith("1/") &&
    !(row.path.startsWith("2/") && row.detector === "Email")
  );
  assertEquals(rows(), expected);
  await Deno.writeTextFile(at.path("allow.txt"), "detector Nothing\n");
  const bad = await runCli(["detect", "src", "--allow", "allow.txt", "--out", "x.csv"], {
    cwd: at.cwd,
    env: at.env,
  });
  assertStringIncludes(bad.stderr, 'line 1 names an unknown detector "Nothing"');
});

Deno.test("detect refuses to write into the corpus, where its next run would search it", async () => {
  using at = bigCorpus();
  for (
    const args of [["--out", "src/in.jsonl"], ["--out", "out.jsonl", "--skipped", "src/0/skipped.jsonl"]]
  ) {
    const { code, stderr } = await runCli(["detect", "src", ...args], { cwd: at.cwd, env: at.env });
    assertEquals(code, 1);
    assertStringIncludes(stderr, `it lies in "${at.path("src")}", which the command reads`);
  }
  assertEquals(at.names(), ["corpus.jsonl", "src"]);
});

Deno.test("detect refuses an output that another run is writing, and goes on once that has ended", async () => {
  using at = bigCorpus();
  const args = ["detect", "corpus.jsonl", "--out", "secrets.parquet"];
  {
    const context = { settings: {}, force: false, signal: new AbortController().signal };
    using _other = await openRunFiles([at.path("secrets.parquet")], { command: "detect", context });
    const { code, stderr } = await runCli(args, { cwd: at.cwd, env: at.env });
    assertEquals(code, 1);
    assertStringIncludes(stderr, `secrets.parquet": it is locked by pid ${Deno.pid} on `);
  }
  await at.run(...args);
});

Deno.test("detect does not go on over a corpus, a key, an allow-list or letter pairs that have changed", async () => {
  using at = bigCorpus();
  await Deno.writeTextFile(at.path("allow.txt"), "# nothing\n");
  const args = ["src", "--allow", "allow.txt"];
  await killWithParts(["detect", ...args, "--workers", "1"], "s.jsonl", { cwd: at.cwd, env: at.env });
  const rerun = (env = at.env) => runCli(["detect", ...args, "--out", "s.jsonl"], { cwd: at.cwd, env });
  const refused = async (what: string, env = at.env) => {
    const { code, stderr } = await rerun(env);
    assertEquals(code, 1, what);
    assertStringIncludes(stderr, "Cannot continue");
    assertStringIncludes(stderr, what);
  };
  await refused('with other settings: "key" was', {
    ...at.env,
    CODESCRUB_KEY: "another key of enough bytes",
  });
  const changes: [string, string][] = [["allow.txt", "the allow-list"], ["src/1/1.py", "the corpus"]];
  for (const [name, what] of changes) {
    assert(existsSync(at.path(name)), name);
    const before = Deno.readTextFileSync(at.path(name));
    await Deno.writeTextFile(at.path(name), `${before}# more\n`);
    await refused(what);
    await Deno.writeTextFile(at.path(name), before);
  }
  assertEquals((await rerun()).code, 0);
  await at.run("detect", ...args, "--out", "whole.jsonl");
  assertEquals(at.read("s.jsonl"), at.read("whole.jsonl"));
  assertEquals(at.names().filter((name) => name.startsWith(".")), [".codescrub"]);
});
