import { assertEquals, assertRejects } from "@std/assert";
import pl from "nodejs-polars";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { writeTable } from "../../lib/datasets/tables.ts";

/** A folder with these files; a name that ends in "/" is an empty folder. */
async function folderOf(files: Record<string, string | number[]>): Promise<string> {
  const root = await Deno.makeTempDir();
  for (const [path, content] of Object.entries(files)) {
    const folder = `${root}/${path}`.slice(0, `${root}/${path}`.lastIndexOf("/"));
    await Deno.mkdir(folder, { recursive: true });
    if (path.endsWith("/")) continue;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : Uint8Array.from(content);
    await Deno.writeFile(`${root}/${path}`, bytes);
  }
  return root;
}

async function idsOf(root: string, exclude?: string[]): Promise<string[]> {
  return (await readCorpus(root, { exclude })).documents.map(({ docId }) => docId);
}

Deno.test("readCorpus() sorts files by path, without a locale", async () => {
  const root = await folderOf({
    "b.py": "1",
    "B.py": "1",
    "a/z.py": "1",
    "a.py": "1",
    "ä.py": "1",
    "a-b.py": "1",
  });
  assertEquals(await idsOf(root), ["B.py", "a-b.py", "a.py", "a/z.py", "b.py", "ä.py"]);
});

Deno.test("readCorpus() skips .git, node_modules, what .gitignore names and what is excluded", async () => {
  const root = await folderOf({
    ".git/config": "1",
    "x/node_modules/m.js": "1",
    ".gitignore": "*.log\n/out/\n",
    "a.log": "1",
    "out/a.py": "1",
    "x/out/a.py": "1",
    "x/.gitignore": "!b.log\nsecret.py",
    "x/b.log": "1",
    "x/secret.py": "1",
    "x/a.min.js": "1",
  });
  const expected = [".gitignore", "x/.gitignore", "x/b.log", "x/out/a.py"];
  assertEquals(await idsOf(root, ["*.min.js"]), expected);
});

Deno.test("readCorpus() counts what it cannot read with the reason, and follows no folder link", async () => {
  const root = await folderOf({
    "ok.py": "x",
    "binary.bin": [65, 0, 66],
    "latin.py": [0x63, 0xe9],
    "overlong.py": [0xc0, 0xaf],
    "utf16.txt": [0xff, 0xfe, 65, 0],
    "empty.py": "",
    "x/inner.py": "x",
  });
  await Deno.symlink(`${root}/x`, `${root}/link`);
  await Deno.symlink(root, `${root}/x/loop`);
  await Deno.symlink("nowhere", `${root}/broken`);
  await Deno.symlink("ok.py", `${root}/also.py`);
  await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output();
  const { documents, skipped } = await readCorpus(root);
  assertEquals(documents.map(({ docId }) => docId), ["also.py", "ok.py", "x/inner.py"]);
  assertEquals(skipped, [
    { path: "binary.bin", reason: "binary" },
    { path: "broken", reason: "unreadable (NotFound)" },
    { path: "empty.py", reason: "empty" },
    { path: "latin.py", reason: "not UTF-8" },
    { path: "link", reason: "link to a folder" },
    { path: "overlong.py", reason: "not UTF-8" },
    { path: "pipe", reason: "not a regular file" },
    { path: "utf16.txt", reason: "binary" },
    { path: "x/loop", reason: "link to a folder" },
  ]);
});

Deno.test("readCorpus() opens neither devices nor huge files, and does not read them into memory", async () => {
  const root = await folderOf({ "ok.py": "x" });
  await new Deno.Command("mkfifo", { args: [`${root}/pipe`] }).output();
  await Deno.symlink("/dev/zero", `${root}/device`);
  await Deno.create(`${root}/huge.py`).then((file) => file.close());
  await Deno.truncate(`${root}/huge.py`, 3 * 2 ** 30); // sparse
  const { documents, skipped } = await readCorpus(root);
  assertEquals(documents.map(({ docId }) => docId), ["ok.py"]);
  assertEquals(skipped, [
    { path: "device", reason: "link out of the corpus" },
    { path: "huge.py", reason: "over 256 MiB" },
    { path: "pipe", reason: "not a regular file" },
  ]);
});

Deno.test("readCorpus() refuses a pipe or a device at once, also among a data set's shards", async () => {
  const root = await folderOf({ "set/README.md": "a data set", "other.jsonl": '{"text":"x"}\n' });
  await new Deno.Command("mkfifo", { args: [`${root}/pipe.jsonl`, `${root}/set/a.jsonl`] }).output();
  const refuse = (path: string, reason: string) =>
    assertRejects(() => readCorpus(path), TypeError, `Cannot read corpus "${path}": ${reason}`);
  await refuse(`${root}/pipe.jsonl`, "it is a pipe, not a regular file");
  await refuse("/dev/zero", "it is a device, not a regular file");
  await assertRejects(() => resolveCorpus(`${root}/set`), TypeError, "it is a pipe, not a regular file");
  await Deno.remove(`${root}/set/a.jsonl`);
  await Deno.symlink("../other.jsonl", `${root}/set/a.jsonl`);
  const out = `Cannot read corpus "${root}/set/a.jsonl": it is a link out of the corpus: copy the file`;
  await assertRejects(() => resolveCorpus(`${root}/set`), RangeError, out);
});

Deno.test("readCorpus() refuses a folder of more texts than it may hold", async () => {
  const root = await folderOf({ "a.py": "12345", "b.py": "12345", "c.bin": [0, 0, 0, 0, 0] });
  assertEquals((await readCorpus(root, { maxCharacters: 10 })).documents.length, 2);
  const message =
    `Cannot hold corpus "${root}": its texts up to "b.py" have 10 characters, at most 9 are held: divide it`;
  await assertRejects(() => readCorpus(root, { maxCharacters: 9 }), RangeError, message);
});

Deno.test("readCorpus() keeps a byte order mark and every kind of line end", async () => {
  const text = "\ufeffa\r\nb\rc\u2028d\u0085e\ff";
  const { documents } = await readCorpus(await folderOf({ "a.py": text }));
  assertEquals(documents[0]?.text, text);
});

Deno.test("readCorpus() refuses an empty corpus and a missing one", async () => {
  const empty = await folderOf({ "x/": "" });
  await assertRejects(() => readCorpus(empty), Error, `Cannot read corpus "${empty}": it is empty`);
  const binary = await folderOf({ "a": [0] });
  await assertRejects(() => readCorpus(binary), Error, "it is empty (1 skipped: binary)");
  await assertRejects(
    () => readCorpus("/nowhere"),
    Error,
    'corpus "/nowhere": there is no such file or folder',
  );
  const table = `${empty}/t.jsonl`;
  await Deno.writeTextFile(table, "");
  await assertRejects(() => readCorpus(table), Error, "it is empty");
});

for (const extension of ["parquet", "jsonl", "jsonl.gz", "csv"]) {
  Deno.test(`readCorpus() reads a .${extension}, with doc_id or row numbers`, async () => {
    const path = `${await Deno.makeTempDir()}/t.${extension}`;
    await writeTable(pl.DataFrame({ doc_id: ["b", "a"], path: ["p", null], content: ["x\n", "é😀"] }), path);
    assertEquals((await readCorpus(path)).documents, [
      { docId: "b", path: "p", text: "x\n" },
      { docId: "a", path: null, text: "é😀" },
    ]);
    await writeTable(pl.DataFrame({ text: ["x", null, "y"] }), path);
    const { documents, skipped } = await readCorpus(path);
    assertEquals(documents.map(({ docId }) => docId), ["0", "2"]);
    assertEquals(skipped, [{ path: "1", reason: "no text" }]);
  });
}

Deno.test("readCorpus() replaces lone surrogates, of the same length, and counts them", async () => {
  const path = `${await Deno.makeTempDir()}/t.jsonl`;
  await Deno.writeTextFile(path, '{"text":"a\\ud800b\\udc00\\ud83d\\ude00"}\n');
  const { documents, replacedSurrogates } = await readCorpus(path);
  assertEquals(documents[0]?.text, "a\ufffdb\ufffd😀");
  assertEquals(replacedSurrogates, 2);
});

Deno.test("readCorpus() refuses a table without a text column or with an id twice", async () => {
  const path = `${await Deno.makeTempDir()}/t.jsonl`;
  await Deno.writeTextFile(path, '{"remark":"x"}\n');
  await assertRejects(() => readCorpus(path), SyntaxError, 'it has no column "content", "text" or "code"');
  await Deno.writeTextFile(path, '{"doc_id":"a","text":"x"}\n{"doc_id":"a","text":"y"}\n');
  await assertRejects(() => readCorpus(path), SyntaxError, "row 1 repeats the doc_id of an earlier row");
});
