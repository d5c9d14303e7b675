import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { Context } from "../../lib/cli/command.ts";
import { command } from "../../lib/cli/commands/detect.ts";
import { SECRET_COLUMNS } from "../../lib/datasets/columns.ts";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { callMain } from "./call_main.ts";
import { temporaryFolder } from "./run_cli.ts";
import { drawSecret } from "./tiny_run.ts";

Deno.test("a corpus may be a single source file: its document's id is the file's name", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const text = `token = "${drawSecret(1)}"\n`;
  await Deno.writeTextFile(path("a.py"), text);
  await Deno.writeTextFile(path("b.py"), text); // beside it, and not meant
  assertEquals((await readCorpus(path("a.py"))).documents, [{ docId: "a.py", path: "a.py", text }]);
  const found = await callMain(["detect", path("a.py"), "--out", path("secrets.csv")]);
  assertEquals(found.code, 0, found.stderr);
  const rows = await readRows(path("secrets.csv"), SECRET_COLUMNS);
  assertEquals(rows.map(({ doc_id, start, end }) => [doc_id, start, end]), [["a.py", 9, 49]]);
  const args = [
    "redact",
    path("a.py"),
    "--secrets",
    path("secrets.csv"),
    "--by",
    "tag",
    "--out",
    path("clean"),
  ];
  const redacted = await callMain(args);
  assertEquals(redacted.code, 0, redacted.stderr);
  assertEquals(Array.from(Deno.readDirSync(path("clean")), ({ name }) => name), ["a.py"]);
  assertEquals(await Deno.readTextFile(path("clean/a.py")), 'token = "<KEY>"\n');
});

Deno.test("a single file that is no text is refused with the reason", async () => {
  using folder = temporaryFolder();
  const cases = { "a.bin": [0, 1], "a.py": [0xe9, 0x0a], "b.py": [] };
  const reasons = { "a.bin": "binary", "a.py": "not UTF-8", "b.py": "empty" };
  for (const [name, bytes] of Object.entries(cases)) {
    const path = join(folder.path, name);
    await Deno.writeFile(path, new Uint8Array(bytes));
    const { code, stderr } = await callMain(["detect", path, "--out", join(folder.path, "out.csv")]);
    const reason = reasons[name as keyof typeof cases];
    assertEquals(code, 1);
    assertStringIncludes(stderr, `Cannot read corpus "${path}": it is empty (1 skipped: ${reason})`);
  }
});

Deno.test("detect counts all spans found so far in its progress, not the last piece's", async () => {
  using folder = temporaryFolder();
  const corpus = join(folder.path, "src");
  await Deno.mkdir(corpus);
  for (let i = 0; i < 600; i++) {
    const secret = i % 100 === 0 ? `token = "${drawSecret(1)}"\n` : "";
    await Deno.writeTextFile(join(corpus, `${i}.py`), `x = ${i}\n${secret}`);
  }
  const notes: (string | undefined)[] = [];
  const stage = {
    advance: (_count?: number, note?: string) => void notes.push(note),
    skip: () => {},
    done: () => {},
  };
  const context: Partial<Context> = {
    progress: { start: () => stage, log: () => {}, close: () => {} },
    signal: new AbortController().signal,
    breathe: () => Promise.resolve(),
    force: false,
    settings: {},
    cwd: folder.path,
  };
  const { args: _, options: __, run } = command;
  const lists = { also: [], exclude: [] };
  const flags = {
    ...{ unfiltered: false, reveal: false, places: false, decode: false, allowComments: false },
    ...{ git: false, staged: false, failOnFindings: false, commits: undefined },
    ...{ sarif: undefined, html: undefined, ignore: undefined, baseline: undefined },
    profile: "reference",
    compat: "sound",
    bigrams: undefined,
    allow: undefined,
    rules: undefined,
    textColumn: undefined,
    idColumn: undefined,
    pathColumn: undefined,
    format: undefined,
  };
  const out = { out: join(folder.path, "secrets.csv"), skipped: undefined, shard: undefined, workers: 1 };
  await run({ corpus, ...lists, ...flags, ...out } as Parameters<typeof run>[0], context as Context);
  assertEquals(notes.at(-1), "6 spans");
  assertEquals(notes.length > 1, true);
});
