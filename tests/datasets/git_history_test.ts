import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { readPiece } from "../../lib/datasets/corpus_piece.ts";
import { corpusPieces, type PieceOptions } from "../../lib/datasets/corpus_pieces.ts";
import { openHistory, type OpenHistoryOptions } from "../../lib/datasets/git_repository.ts";
import { type Commit, git, HOSTILE, objectPath, repositoryWith } from "./git_world.ts";

/** The documents of a history, by piece as workers read them. */
async function read(folder: string, options: OpenHistoryOptions = {}, pieces: PieceOptions = {}) {
  const history = await openHistory(folder, options);
  const source = { path: folder, tables: [], columns: null, others: 0, history };
  const found = {
    documents: [] as { path: string; text: string; commit: string | undefined }[],
    skipped: [] as string[],
  };
  for await (const piece of corpusPieces(source, pieces)) {
    const { documents, skipped } = await readPiece(structuredClone(piece.source), { anyEncoding: true });
    for (const { path, text, commit } of documents) found.documents.push({ path: path!, text, commit });
    found.skipped.push(...skipped.map(({ path, reason }) => `${path}: ${reason}`));
  }
  return { history, ...found };
}

const COMMITS: readonly Commit[] = [
  {
    changes: [["a.py", "one"], ["bin", new Uint8Array([1, 0])], ["empty", ""], [
      "z.zip",
      new Uint8Array([80, 75, 3, 4, 0]),
    ]],
  },
  { changes: [["a.py", "two"], ["copy.py", "one"]] },
  { branch: "side", from: 1, changes: [["wide.txt", new Uint8Array([0xff, 0xfe, 119, 0])]] },
  { from: 2, merge: 3, changes: [["merged.py", "evil"], ["wide.txt", new Uint8Array([0xff, 0xfe, 119, 0])]] },
  { changes: [["a.py", null], ["b.py", "two"]] },
];

Deno.test("corpusPieces() of a history have each content once, under the commit and path that brought it in", async () => {
  const folder = await Deno.makeTempDir();
  await repositoryWith(folder, COMMITS);
  const { documents, skipped, history } = await read(folder);
  const marks = (await git(folder, ["rev-list", "--topo-order", "--reverse", "--all"])).split("\n");
  const first = await git(folder, ["rev-list", "--max-parents=0", "--all"]);
  assertEquals(documents.map(({ path, text }) => [path, text]).sort(), [
    ["a.py", "one"],
    ["a.py", "two"],
    ["merged.py", "evil"],
    ["wide.txt", "\ufeffw"],
  ]);
  assertEquals(documents.find(({ text }) => text === "one")!.commit, first);
  for (const { commit } of documents) assert(marks.includes(commit!));
  assertEquals(skipped.sort(), ["bin: binary", "empty: empty", "z.zip: archive"]);
  assertEquals([history.isShallow, history.root], [false, await Deno.realPath(folder)]);
  // Shards together are the whole, of any size of pieces; patterns leave out folders and names.
  const shards = await Promise.all(
    [0, 1].map((index) => read(folder, {}, { shard: { index, count: 2 }, documents: 2 })),
  );
  const all = shards.flatMap((shard) => [...shard.documents.map(({ text }) => text), ...shard.skipped]);
  assertEquals(all.sort(), [...documents.map(({ text }) => text), ...skipped].sort());
  const some = await read(folder, {}, { exclude: ["*.py", "bin"] });
  assertEquals([some.documents.length, some.skipped], [1, ["empty: empty", "z.zip: archive"]]);
  const range = await read(folder, { commits: "side..main" });
  assertEquals(
    range.documents.map(({ path }) => path).sort(),
    ["a.py", "b.py", "merged.py"].slice(0, 1).concat("copy.py", "merged.py"),
  );
  await assertRejects(() => read(folder, { commits: "nowhere..main" }), Error, "git says: bad revision");
  await assertRejects(() => read(folder, { commits: "--output=x" }), RangeError, "a name or range is needed");
});

Deno.test("corpusPieces() of a history take any name, a bare repository, one without a commit, and what is staged", async () => {
  const folder = await Deno.makeTempDir();
  const bare = join(folder, "bare.git"), names = [...HOSTILE, "odd\\xff.py"];
  await repositoryWith(bare, [{ changes: names.map((name) => [name, `text of ${name}`]) }], { isBare: true });
  const { documents, history } = await read(bare);
  assertEquals(documents.map(({ path }) => path).sort(), names.toSorted());
  assertEquals(history.root, null);
  await assertRejects(
    () => read(bare, { isStaged: true }),
    Error,
    "it is a bare repository, which has no index",
  );
  const fresh = join(folder, "fresh");
  await repositoryWith(fresh, []);
  assertEquals((await read(fresh)).documents, []);
  await Deno.writeTextFile(join(fresh, "new.py"), "new");
  await git(fresh, ["add", "."]);
  const program = `sh -c 'touch ${join(folder, "ran")}'`; // what a repository's own settings may name
  const settings = ["core.fsmonitor", "diff.external", "core.pager", "core.sshCommand", "gpg.program"];
  const lines = settings.map((name) => `[${name.split(".")[0]}]\n${name.split(".")[1]} = "${program}"\n`);
  await Deno.writeTextFile(join(fresh, ".git/config"), lines.join("") + "[log]\nshowSignature = true\n", {
    append: true,
  });
  assertEquals((await read(fresh, { isStaged: true })).documents, [{
    path: "new.py",
    text: "new",
    commit: undefined,
  }]);
  await assertRejects(() => Deno.stat(join(folder, "ran")), Deno.errors.NotFound);
  const linked = join(folder, "shallow");
  await repositoryWith(join(folder, "deep"), COMMITS);
  await git(folder, ["clone", "-q", "--bare", "--depth=1", `file://${folder}/deep`, linked]);
  const shallow = await read(linked);
  assertEquals([shallow.history.isShallow, shallow.documents.length], [true, 4]);
});

Deno.test("corpusPieces() of a broken history skip a lost or damaged content, and end with git's words where more is lost", async () => {
  const folder = await Deno.makeTempDir();
  await repositoryWith(folder, [{
    changes: [["a.py", "one"], ["b.py", "two"], ["c.py", "three"], ["d.py", "four"]],
  }]);
  const object = await Promise.all(
    ["a.py", "b.py"].map((name) => git(folder, ["rev-parse", `main:${name}`])),
  );
  const tree = await git(folder, ["rev-parse", "main^{tree}"]);
  await Deno.remove(objectPath(folder, object[0]!));
  await Deno.chmod(objectPath(folder, object[1]!), 0o600);
  await Deno.writeFile(objectPath(folder, object[1]!), new Uint8Array([1, 2, 3]));
  const { documents, skipped } = await read(folder);
  assertEquals(documents.map(({ text }) => text), ["three", "four"]);
  assertEquals(skipped.length, 2);
  for (const reason of skipped) assert(/: (missing|broken) in the repository$/.test(reason), reason);
  await Deno.remove(objectPath(folder, tree));
  const { message } = await assertRejects(() => read(folder), Error, "as a git repository: git says: ");
  assertStringIncludes(message, tree);
  assert(!message.includes("\n"));
});
