import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readRows } from "../../lib/datasets/row_table.ts";
import { FINDING_COLUMNS } from "../../lib/datasets/finding_columns.ts";
import { git, repositoryWith } from "../datasets/git_world.ts";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";

// Assembled here, so that no scanner takes them for live ones.
const PASSWORDS = ["q7Zk2mX9bVt4", "w3Rt8pLs6Hn1", "z5Yc1nKd9Gj7"];
const secretLine = (i: number) => `url = "postgres://app:${PASSWORDS[i]}@db.invalid/main"`;

/** A folder in which the command line stands, with a corpus `src`. */
function world(files: { [name: string]: string | Uint8Array }) {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  for (const [name, content] of Object.entries(files)) {
    Deno.mkdirSync(join(path(name), ".."), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(path(name), content);
    else Deno.writeFileSync(path(name), content);
  }
  Deno.env.set("INIT_CWD", folder.path);
  Deno.env.set("CODESCRUB_KEY", "a made-up key of fingerprints");
  /** Runs detect, and checks that no value comes out of it. */
  const detect = async (...args: string[]) => {
    const run = await callMain(["detect", ...args, "--profile", "extended", "--workers", "1", "--json"]);
    const last = run.stdout.trimEnd().split("\n").at(-1)!;
    const outputs = [...Deno.readDirSync(folder.path)].filter(({ name, isFile }) =>
      isFile && name.startsWith("o.")
    );
    const texts = outputs.map(({ name }) => Deno.readTextFileSync(path(name)));
    for (const value of PASSWORDS) {
      for (const text of [run.stdout, run.stderr, ...texts]) assert(!text.includes(value));
    }
    return { ...run, summary: last.startsWith("{") ? JSON.parse(last) : undefined };
  };
  const dispose = () => {
    for (const name of ["INIT_CWD", "CODESCRUB_KEY"]) Deno.env.delete(name);
    folder[Symbol.dispose]();
  };
  return { path, detect, [Symbol.dispose]: dispose };
}

const wide = (text: string) =>
  new Uint8Array(new Uint16Array(Array.from(`\ufeff${text}`, (c) => c.charCodeAt(0))).buffer);
const NOTEBOOK = JSON.stringify(
  { cells: [{ source: ["x = 1\n"] }, { source: ["# two\n", secretLine(1)] }] },
  null,
  1,
);

Deno.test("codescrub detect shows places as SARIF, as a page and on the terminal, with files of every kind", async () => {
  using at = world({
    "src/a b.py": `# é\n${secretLine(0)}\n`,
    "src/n.ipynb": NOTEBOOK,
    "src/w.txt": wide(secretLine(2)),
    "src/z.zip": new Uint8Array([80, 75, 3, 4, 0]),
  });
  const outputs = ["--out", at.path("o.csv"), "--sarif", at.path("o.sarif"), "--html", at.path("o.html")];
  const run = await at.detect(
    at.path("src"),
    ...outputs,
    "--decode",
    "--fail-on-findings",
    "--skipped",
    at.path("skipped.csv"),
  );
  assertEquals(run.code, 1);
  assertStringIncludes(run.stderr, "codescrub: Found secrets: 3 places of 3 values\n");
  assertStringIncludes(run.stderr, "src/a b.py:2:23: KEY, 12 characters, by UrlPassword\n");
  assertStringIncludes(
    run.stderr,
    "src/n.ipynb:11:29: KEY, 12 characters, by UrlPassword (cell 2, line 2)\n",
  );
  assertEquals([run.summary.spans, run.summary.skipped], [3, { archive: 1 }]);
  const rows = await readRows(at.path("o.csv"), FINDING_COLUMNS);
  assertEquals(
    rows.map((
      { path, line, column, end_column, cell, cell_line, commit, description },
    ) => [path, line, column, end_column, cell, cell_line, commit, description]),
    [
      ["a b.py", 2, 23, 35, null, null, null, "KEY, 12 characters"],
      ["n.ipynb", 11, 29, 41, 2, 2, null, "KEY, 12 characters"],
      ["w.txt", 1, 24, 36, null, null, null, "KEY, 12 characters"],
    ],
  );
  const { start, end } = rows[1]!;
  assertEquals(NOTEBOOK.slice(start, end), PASSWORDS[1]);
  const { runs: [log] } = JSON.parse(Deno.readTextFileSync(at.path("o.sarif")));
  const places = log.results.map(({ locations }: SarifResult) => locations[0]!.physicalLocation);
  assertEquals(places[0], {
    artifactLocation: { uri: "src/a%20b.py", uriBaseId: "%SRCROOT%" },
    region: { startLine: 2, startColumn: 23, endLine: 2, endColumn: 35 },
  });
  assertEquals(
    log.results.map(({ ruleIndex, level }: SarifResult) => [ruleIndex, level]),
    Array(3).fill([0, "error"]),
  );
  assertEquals(log.results[1].locations[0].logicalLocations[0].name, "cell 2");
  assertEquals(log.tool.driver.rules.map(({ id }: { id: string }) => id), ["UrlPassword"]);
  const page = Deno.readTextFileSync(at.path("o.html"));
  assert(page.includes("default-src &#39;none&#39;"));
  assert(!/<script|https?:|@import|url\(/i.test(page));
  assert(page.includes("n.ipynb:11:29"));
  // Without its option a UTF-16 file is none, and a notebook is its JSON.
  const plain = await at.detect(at.path("src"), "--out", at.path("o.jsonl"));
  assertEquals([plain.code, plain.summary.spans, plain.summary.skipped], [0, 2, { archive: 1, binary: 1 }]);
  assertEquals(
    Object.keys(JSON.parse(Deno.readTextFileSync(at.path("o.jsonl")).split("\n")[0]!)).includes("line"),
    false,
  );
});

interface SarifResult {
  ruleIndex: number;
  level: string;
  locations: { physicalLocation: unknown }[];
}

Deno.test("codescrub detect leaves out, and counts, what comments, lists and a baseline name", async () => {
  using at = world({
    "src/a.py": `${secretLine(0)} # gitleaks:allow\n${secretLine(1)}\n`,
    "src/b.py": `${secretLine(2)}\n`,
    "ignore": "# known\nb.py:UrlPassword:1\n",
    "bad": "b.py:UrlPassword\n",
    ".secrets.baseline": '{"results": {}}',
    "other.jsonl": '{"RuleID": "a", "Fingerprint": "b"}\n',
  });
  const none = ["--sarif", at.path("o.sarif"), "--html", at.path("o.html"), "--force", "--fail-on-findings"];
  await at.detect(
    at.path("src"),
    "--out",
    at.path("o.csv"),
    "--allow-comments",
    "--ignore",
    at.path("ignore"),
  );
  const known = await at.detect(
    at.path("src"),
    "--baseline",
    at.path("o.csv"),
    "--allow-comments",
    "--ignore",
    at.path("ignore"),
    ...none,
  );
  assertEquals([known.code, known.summary.spans], [0, 0]);
  const counts = { "by comments": 1, "in the baseline": 1, "in the ignore list": 1 };
  assertEquals(known.summary.left_out, counts);
  assertStringIncludes(
    known.stderr,
    "found and left out: 1 by comments, 1 in the baseline, 1 in the ignore list",
  );
  const { runs: [log] } = JSON.parse(Deno.readTextFileSync(at.path("o.sarif")));
  assertEquals([log.results, log.tool.driver.rules, log.properties.leftOut], [[], [], counts]);
  assert(Deno.readTextFileSync(at.path("o.html")).includes("Nothing."));
  // A value of the baseline is new in another file, and elsewhere in its own it is not.
  Deno.writeTextFileSync(at.path("src/a.py"), `\n\n${secretLine(1)}\n`);
  Deno.writeTextFileSync(at.path("src/b.py"), `${secretLine(1)}\n`);
  const moved = await at.detect(at.path("src"), "--baseline", at.path("o.csv"), "--fail-on-findings");
  assertEquals([moved.code, moved.summary.spans, moved.summary.left_out], [1, 1, { "in the baseline": 1 }]);
  Deno.env.set("CODESCRUB_KEY", "another made-up key of fingerprints");
  const other = await at.detect(at.path("src"), "--baseline", at.path("o.csv"), "--fail-on-findings");
  assertEquals([other.code, other.summary.spans, other.summary.left_out], [1, 2, undefined]);
  assertStringIncludes(other.stderr, "Nothing that the baseline knows was found: with another key");
  const refused: [string[], RegExp][] = [
    [["--ignore", at.path("bad")], /ignore list ".*bad": line 1 is no place: expected path:rule:line/],
    [["--baseline", at.path(".secrets.baseline")], /baseline ".*": it is no table that detect wrote/],
    [["--baseline", at.path("other.jsonl")], /it has no column "doc_id"/],
    [["--baseline", at.path("none.csv")], /none\.csv/],
    [["--html", at.path("ignore")], /ignore": it is there already, and no run wrote it/],
    [["--sarif", at.path("o.jsonl")], /two outputs of the name "o\.jsonl"/],
  ];
  for (const [flags, message] of refused) {
    const run = await at.detect(at.path("src"), "--out", at.path("o.jsonl"), ...flags);
    assertEquals(run.code, 1);
    assertMatch(run.stderr, message);
    assertEquals(run.stderr.trimEnd().split("\n").length, 1, run.stderr);
  }
});

Deno.test("codescrub detect --git tells of each value's first commit; --staged, shards, and what does not go together", async () => {
  using at = world({});
  await repositoryWith(at.path("repo"), [
    { changes: [["old.py", `${secretLine(0)}\n`], ["b.py", "x = 1\n"]] },
    { changes: [["old.py", null], ["new.py", `${secretLine(0)}\n`], ["b.py", `${secretLine(1)}\n`]] },
    { changes: [["b.py", `y = 1\n${secretLine(1)}\n`]] },
  ]);
  const first = await git(at.path("repo"), ["rev-list", "--max-parents=0", "main"]);
  const table = at.path("o.csv"), sarif = at.path("o.sarif");
  const run = await at.detect("--git", at.path("repo"), "--out", table, "--sarif", sarif);
  assertEquals(run.code, 0, run.stderr);
  const rows = await readRows(table, FINDING_COLUMNS);
  assertEquals(rows.map(({ path, line }) => `${path}:${line}`), ["old.py:1", "b.py:1", "b.py:2"]);
  assertEquals([rows[0]!.commit, rows[0]!.doc_id], [first, `${first}:old.py`]);
  assertEquals(JSON.parse(Deno.readTextFileSync(sarif)).runs[0].results[0].properties.commit, first);
  for (const shard of ["0/2", "1/2"]) {
    await at.detect(at.path("repo"), "--git", "--out", at.path("o.jsonl"), "--shard", shard);
  }
  assertEquals((await callMain(["merge", at.path("o.jsonl")])).code, 0);
  assertEquals(
    (await readRows(at.path("o.jsonl"), FINDING_COLUMNS)).map(({ doc_id }) => doc_id),
    rows.map(({ doc_id }) => doc_id),
  );
  const nothing = await at.detect(
    "--staged",
    at.path("repo"),
    "--commits",
    "main..main",
    "--out",
    at.path("x.csv"),
  );
  assertMatch(nothing.stderr, /Cannot use --commits without --git/);
  await git(at.path("repo"), ["read-tree", "main"]);
  const empty = await at.detect("--staged", at.path("repo"), "--fail-on-findings");
  assertEquals([empty.code, empty.summary.documents], [0, 0]);
  const wrong: [string[], number, RegExp][] = [
    [
      ["--sarif", sarif, "--shard", "0/2"],
      2,
      /Cannot use --sarif with a shard, of which it would show a part/,
    ],
    [[], 2, /Missing option "--out"/],
    [["--git", "--staged", "--out", table], 2, /Cannot use --staged with --git/],
    [["--git", "--format", "files", "--out", table], 2, /Cannot use --format with --git/],
    [["--out", at.path("repo/.git/x.csv"), "--git"], 1, /it lies in/],
  ];
  for (const [flags, code, message] of wrong) {
    const run = await at.detect(at.path("repo"), ...flags);
    assertMatch(run.stderr, message);
    assertEquals([run.code, run.stderr.trimEnd().split("\n").length], [code, 1], run.stderr);
  }
  Deno.mkdirSync(at.path("plain"));
  assertMatch(
    (await at.detect("--git", at.path("plain"), "--out", table, "--force")).stderr,
    /there is none: leave --git out/,
  );
});

Deno.test("codescrub detect writes SARIF and a page into the folder that it reads, and does not read them again", async () => {
  using at = world({ "src/a.py": `${secretLine(0)}\n` });
  const outputs = ["--sarif", at.path("src/o [1].sarif"), "--html", at.path("src/o.html")];
  for (const again of [[], ["--force"], ["--force"]]) {
    const run = await at.detect(at.path("src"), ...outputs, ...again);
    assertEquals([run.code, run.summary?.documents], [0, 1], run.stderr);
  }
  const run = await at.detect(at.path("src"), "--out", at.path("src/o.csv"));
  assertMatch(run.stderr, /it lies in .*src", which the command reads/);
});
