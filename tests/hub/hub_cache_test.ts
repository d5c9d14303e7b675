import { assertEquals } from "@std/assert";
import { join } from "node:path";
import {
  findSnapshot,
  hubModelFolders,
  linkBlob,
  noteRevision,
  parseHubName,
} from "../../lib/hub/hub_cache.ts";

const MODEL = { repository: "ada/coder", revision: "main" };
const COMMIT = "0123456789".repeat(4);

Deno.test("parseHubName() takes names of models and nothing that leads elsewhere", () => {
  const names = [
    ["ada/coder", "ada/coder", "main"],
    ["a/b", "a/b", "main"],
    ["_ada/Coder-1.5_b", "_ada/Coder-1.5_b", "main"],
    ["ada/coder@v1.0", "ada/coder", "v1.0"],
    ["ada/coder@refs/pr/1", "ada/coder", "refs/pr/1"],
    ["ada/coder@a@b", "ada/coder", "a@b"],
    ["ada/coder@zweig/größe", "ada/coder", "zweig/größe"],
    [`ada/coder@${COMMIT}`, "ada/coder", COMMIT],
  ];
  for (const [name, repository, revision] of names) {
    assertEquals(parseHubName(name!), { repository: repository!, revision: revision! });
  }
  const others = [
    "",
    "coder",
    "/ada/coder",
    "./coder",
    "../coder",
    "~/coder",
    "ada/",
    "/coder",
    "ada/b/c",
    "ada//c",
  ];
  others.push(
    "ada/.coder",
    "ada/coder.",
    "ada/co--der",
    "ada/co..der",
    "-ada/coder",
    "ada/cod er",
    "ada/größe",
  );
  others.push(`ada/${"x".repeat(97)}`, "ada/coder\n", "https://huggingface.co/ada/coder");
  for (
    const revision of [
      "",
      "../x",
      "a/../b",
      "/a",
      "a/",
      "a//b",
      ".a",
      "a/.b",
      "-a",
      "a b",
      "a\\b",
      "a:b",
      "a\0b",
    ]
  ) {
    others.push(`ada/coder@${revision}`);
  }
  for (const revision of ["a@{1}", "a^", "a~1", "a?", "a*", "a[b", "a.lock", "a.lock/b", "x".repeat(251)]) {
    others.push(`ada/coder@${revision}`);
  }
  for (const name of others) assertEquals(parseHubName(name), null, JSON.stringify(name));
});

Deno.test("findSnapshot() believes no ref that is no commit or that nothing belongs to", async () => {
  const cache = await Deno.makeTempDir();
  const { root } = hubModelFolders(cache, MODEL.repository);
  await Deno.mkdir(join(root, "refs"), { recursive: true });
  await Deno.mkdir(join(root, "snapshots", "other"), { recursive: true });
  for (const content of ["", "other", "../refs", "../..", COMMIT, COMMIT.slice(1)]) {
    await Deno.writeTextFile(join(root, "refs", "main"), content);
    assertEquals(findSnapshot(cache, MODEL), null);
  }
  await linkBlob(root, { commit: COMMIT, name: "config.json", id: "ab" });
  await Deno.writeTextFile(join(root, "refs", "main"), COMMIT + "\n");
  assertEquals(findSnapshot(cache, MODEL), join(root, "snapshots", COMMIT));
  assertEquals(findSnapshot(cache, { ...MODEL, revision: COMMIT }), join(root, "snapshots", COMMIT));
  assertEquals(findSnapshot(cache, { ...MODEL, revision: COMMIT.slice(0, 7) }), null);
  assertEquals(findSnapshot(cache, { ...MODEL, repository: "ada/other" }), null);
});

Deno.test("linkBlob() and noteRevision() replace what is there, also a file", async () => {
  const cache = await Deno.makeTempDir();
  const { root, blobs } = hubModelFolders(cache, MODEL.repository);
  await Deno.mkdir(blobs, { recursive: true });
  for (const id of ["ab", "cd"]) await Deno.writeTextFile(join(blobs, id), id);
  const path = join(root, "snapshots", COMMIT, "config.json");
  for (const id of ["ab", "cd", "cd"]) {
    await linkBlob(root, { commit: COMMIT, name: "config.json", id });
    assertEquals(await Deno.readTextFile(path), id);
  }
  await Deno.remove(path);
  await Deno.writeTextFile(path, "a copy, where links were not possible");
  await linkBlob(root, { commit: COMMIT, name: "config.json", id: "ab" });
  assertEquals(await Deno.readTextFile(path), "ab");
  for (const commit of ["1".repeat(40), COMMIT]) await noteRevision(cache, MODEL, commit);
  assertEquals(await Deno.readTextFile(join(root, "refs", "main")), COMMIT);
  await noteRevision(cache, { ...MODEL, revision: COMMIT }, COMMIT);
  assertEquals(Array.from(Deno.readDirSync(join(root, "refs")), ({ name }) => name), ["main"]);
});
