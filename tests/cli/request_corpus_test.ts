import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "node:path";
import { requestCorpus } from "../../lib/cli/request_corpus.ts";
import { inputPaths } from "../../lib/cli/run_record.ts";
import { parseRequest } from "../../lib/datasets/deletion_request.ts";
import { bytesOf, compileGlob, matchesGlob } from "../../lib/datasets/glob.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { walkFolder } from "../../lib/datasets/walk_folder.ts";
import { DETECT_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { type Flags, OTHER_ADDRESS, VALUE, writeScrub } from "./scrub_case.ts";

/** Writes files below a folder. */
async function writeFiles(folder: string, files: { [path: string]: string }): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(join(folder, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
  }
}

Deno.test("requestCorpus() reads what path: lines name and nothing else, and asks for it under its names", async () => {
  using folder = temporaryFolder();
  const names = [
    "a/b/x.py",
    "a/b/y.js",
    "a/b/c/z.py",
    "a/d/x.py",
    "e f/[1].py",
    "e f/1.py",
    "top.py",
    "other.py",
  ];
  await writeFiles(folder.path, Object.fromEntries(names.map((name) => [name, "x = 1\n"])));
  const cases: [request: string, corpus: string, read: string[], asked: string[]][] = [
    ["path:top.py", "top.py", ["top.py"], ["top.py"]],
    ["path:a/b/", "a/b", ["c/z.py", "x.py", "y.js"], ["c/z.py", "x.py", "y.js"]],
    ["path:a/**/*.py", "a", ["b/c/z.py", "b/x.py", "b/y.js", "d/x.py"], ["b/c/z.py", "b/x.py", "d/x.py"]],
    ["path:a/b/x.py\npath:a/b/c", "a/b", ["c/z.py", "x.py"], ["c/z.py", "x.py"]],
    ["path:a/b/*.js\npath:top.py", "", ["a/b/c/z.py", "a/b/x.py", "a/b/y.js", "top.py"], [
      "a/b/y.js",
      "top.py",
    ]],
    ["path:e f/[1].py\npath:a/d", "", ["a/d/x.py", "e f/[1].py"], ["a/d/x.py", "e f/[1].py"]],
    ["path:a/b\npath:a/b/c\npath:no.py", "a/b", ["c/z.py", "x.py", "y.js"], ["c/z.py", "x.py", "y.js"]],
    [`path:${folder.path}/a/d/`, "a/d", ["x.py"], ["x.py"]],
    ["path:./*.py", "", [...names].sort(), ["other.py", "top.py"]],
  ];
  for (const [request, corpus, read, asked] of cases) {
    const own = await requestCorpus(parseRequest(request), { cwd: folder.path });
    assertEquals(own.corpus, join(folder.path, corpus), request);
    const found = Array.from(walkFolder(own.corpus, own), ({ path }) => path);
    assertEquals(found, read, request);
    const globs = own.entries.flatMap(({ text }) => compileGlob(bytesOf(text)) ?? []);
    const isAsked = (name: string) =>
      own.entries.some(({ text }) => matchesGlob(name.split("/"), compileGlob(bytesOf(text))!));
    assert(globs.length > 0);
    assertEquals(found.filter(isAsked), asked, request);
  }
  const rows = (name: string) => `${JSON.stringify({ doc_id: name, text: "x" })}\n`;
  await writeFiles(folder.path, { "t/a.jsonl": rows("a"), "t/b.jsonl": rows("b"), "t/c/d.jsonl": rows("d") });
  for (const request of ["path:t/a.jsonl", "path:t/a.jsonl\npath:t/c", "path:t"]) {
    const { entries, corpus, exclude } = await requestCorpus(parseRequest(request), { cwd: folder.path });
    assertEquals(
      entries.map(({ text }) => text),
      request.split("\n").map(() => "**"),
      "rows have names of their own",
    );
    const { tables } = await resolveCorpus(corpus, { exclude });
    assertEquals(tables.length, request.includes("a.jsonl") ? request.split("\n").length : 3);
  }
  const none = ["path:no/\nhunter2", "hunter2", "path:*.py", "doc:top.py"];
  for (const request of none) {
    await assertRejects(
      () => requestCorpus(parseRequest(request), { cwd: folder.path }),
      Error,
      "names no file or folder that is there: give --corpus C, or lines of the request such as path:leaked/",
    );
  }
});

Deno.test("inputPaths() leaves out what an output lies in where patterns leave the output out", () => {
  const inputs = { corpus: { path: "/c", exclude: ["/*", "!/src/", "*.log"] }, probe: "/c/run/probe.csv" };
  const cases: [output: string, paths: string[]][] = [
    ["/c/run", ["/c/run/probe.csv"]],
    ["/c/run/a.csv", ["/c/run/probe.csv"]],
    ["/c/src/a.log", ["/c/run/probe.csv"]],
    ["/c/src/a.csv", ["/c", "/c/run/probe.csv"]],
    ["/c", ["/c", "/c/run/probe.csv"]],
    ["/", ["/c", "/c/run/probe.csv"]],
    ["/d/run", ["/c", "/c/run/probe.csv"]],
  ];
  for (const [output, paths] of cases) assertEquals(inputPaths({ inputs }, output), paths, output);
});

Deno.test("scrub --request without --corpus takes the request's own texts for the corpus", async () => {
  using folder = temporaryFolder();
  const at = await writeScrub(folder.path);
  const code = (name: string) => `# ${name}\n${"x = 1\n".repeat(20)}`;
  await writeFiles(folder.path, {
    "leaked/a.py": `${code("a")}pin = "${VALUE}"\n`,
    "leaked/b.py": "y = 2\n".repeat(60),
    "more/mail.py": `${code("mail")}mail = "${OTHER_ADDRESS}"\n`,
    "more/other.py": `${code("other")}pin = "${VALUE}"\n`,
  });
  const own: Flags = { corpus: undefined, attacks: "extract" };
  await at.request(`${VALUE}\npath:${at.path("leaked/")}\npath:${at.path("more/mail.py")}\npath:nowhere/\n`);
  const { code: exit, stdout, stderr } = await at.run(own);
  assertEquals(exit, 0, stderr);
  const { request: { counts, unmatched_lines }, known } = JSON.parse(stdout);
  assertEquals([counts.value.places, counts.path.matched, unmatched_lines, known], [1, 1, [2, 4], 1]);
  const rows = await readRows(at.path("run/secrets.parquet"), DETECT_COLUMNS);
  assertEquals(rows.map(({ doc_id }) => doc_id).sort(), ["leaked/a.py", "more/mail.py"]);
  const { settings } = JSON.parse(Deno.readTextFileSync(at.path("run/run.json")));
  assertEquals(settings.corpus, folder.path, "later scrubs find it again");
  const later = await at.run({
    ...own,
    corpus: at.path("corpus.jsonl"),
    earlier: at.path("run"),
    plan: true,
  });
  assertEquals(later.code, 0, later.stderr);
  await at.request(`${VALUE}\n`);
  const none = await at.run({ ...own, out: at.path("none") });
  assertEquals(none.code, 2);
  assertMatch(
    none.stderr,
    /^codescrub: Missing option "--corpus": the request names no file or folder that is there/,
  );
  const nothing = await callMain(["scrub", "--model", at.path("model"), "--out", at.path("none")]);
  assertEquals(nothing.code, 2);
  assertMatch(
    nothing.stderr,
    /^codescrub: Missing option "--corpus": where the secrets stand, or --request FILE with/,
  );
});
