import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { walkFolder } from "../../lib/datasets/walk_folder.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

/** A folder with these files; what bash does in it afterwards. */
async function folderOf(files: { [path: string]: string }, script = "") {
  const folder = temporaryFolder();
  for (const [path, content] of Object.entries(files)) {
    await Deno.mkdir(join(folder.path, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(folder.path, path), content);
  }
  const { success } = await new Deno.Command("bash", { args: ["-ec", script], cwd: folder.path }).output();
  assert(success, script);
  return folder;
}

function walk(root: string, exclude: string[] = []): { [path: string]: string } {
  const found = Array.from(walkFolder(root, { exclude }), ({ path, reason = "" }) => [path, reason]);
  const paths = found.map(([path]) => path!);
  assertEquals(paths, paths.toSorted((a, b) => a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(found);
}

Deno.test("walkFolder() gives each file's size and time, those of the file behind a link too", async () => {
  using folder = await folderOf({ "a.py": "x = 1\n" }, "touch -d @1000000000 a.py; ln -s a.py b.py");
  const both = { size: 6, modified: 1e12 };
  assertEquals([...walkFolder(folder.path)], [{ path: "a.py", ...both }, { path: "b.py", ...both }]);
});

Deno.test("walkFolder() follows links inside the folder only, wherever it stands itself", async () => {
  using folder = await folderOf(
    { "src/a.py": "x", "src/sub/b.py": "x", "srcs/secret.py": "x", "outside.py": "x" },
    `cd src; ln -s sub/b.py in; ln -s ../outside.py out; ln -s /etc/passwd passwd; ln -s ../src/a.py round;
     ln -s out chain; ln -s ../srcs/secret.py near; ln -s ../srcs folder-out; ln -s sub folder-in; ln -s . loop;
     ln -s self self; ln -s nowhere broken; ln -s /dev/zero device; ln -s "$PWD/a.py" absolute; ln -s src ../link`,
  );
  const out = "link out of the corpus";
  const expected = {
    "a.py": "",
    absolute: "",
    broken: "unreadable (NotFound)",
    chain: out,
    device: out,
    "folder-in": "link to a folder",
    "folder-out": out,
    in: "",
    loop: "link to a folder",
    near: out,
    out,
    passwd: out,
    round: "",
    self: "unreadable (FilesystemLoop)",
    "sub/b.py": "",
  };
  assertEquals(walk(join(folder.path, "src")), expected);
  assertEquals(walk(join(folder.path, "link")), expected);
  const { documents, skipped } = await readCorpus(join(folder.path, "link"));
  assertEquals(documents.map(({ docId }) => docId), ["a.py", "absolute", "in", "round", "sub/b.py"]);
  assertEquals(skipped.length, 10);
});

Deno.test("walkFolder() follows a Hub snapshot's links to its blobs, and to nothing else beside it", async () => {
  using folder = await folderOf(
    { "blobs/123": "x", "refs/main": "x", "snapshots/abc/README.md": "x" },
    "cd snapshots/abc; ln -s ../../blobs/123 a.py; ln -s ../../refs/main b.py",
  );
  assertEquals(walk(join(folder.path, "snapshots/abc")), {
    "README.md": "",
    "a.py": "",
    "b.py": "link out of the corpus",
  });
});

const isLinux = Deno.build.os === "linux"; // other systems' names are text

Deno.test({
  name: "walkFolder() names what has a name that is not UTF-8, and mixes up none",
  ignore: !isLinux,
}, async () => {
  using folder = await folderOf(
    { "fine\ufffd.py": "a real name", "g\ufffd/in.py": "x" },
    String.raw`for i in 350 351; do printf secret > "$(printf "caf\\$i.py")"; done
     printf secret > "$(printf 'fine\377.py')"; mkdir "$(printf 'd\377')" "$(printf 'g\376')" "$(printf 'fine\376.py')"
     printf secret > "$(printf 'd\377/in.py')"; printf secret > "$(printf 'g\376/in.py')"
     ln -s nowhere "$(printf 'l\377')"`,
  );
  const found = Array.from(walkFolder(folder.path), ({ path, reason = "" }) => [path, reason]);
  const [file, other] = ["file name is not UTF-8", "folder name is not UTF-8"];
  assertEquals(found, [
    ["caf\ufffd.py", file],
    ["caf\ufffd.py", file],
    ["d\ufffd", other],
    ["fine\ufffd.py", ""],
    ["fine\ufffd.py", file],
    ["fine\ufffd.py", other],
    ["g\ufffd/in.py", ""],
    ["g\ufffd", other],
    ["l\ufffd", file],
  ]);
  const { documents, skipped } = await readCorpus(folder.path);
  assertEquals(documents.map(({ text }) => text), ["a real name", "x"]);
  assertEquals(skipped.length, 7);
});

Deno.test("walkFolder() goes down two thousand folders, and says where a path becomes too long", async () => {
  const levels = 1900;
  const [a, b] = ["a/".repeat(levels), "b/".repeat(levels)];
  using folder = await folderOf(
    { "a/a/a/.gitignore": "*.log\n" },
    `mkdir -p ${a} ${b}; touch ${a}x.py ${a}x.log; mv b ${a}`,
  );
  try {
    const found = Object.entries(walk(folder.path));
    const [deepest, last] = [found[1]!, found[2]!];
    assertEquals(found.length, 3);
    assert(deepest[0].endsWith("/b/b") && deepest[0].length > 3900, deepest[0].slice(-9));
    assertEquals(deepest[1], "unreadable (ENAMETOOLONG)");
    assertEquals(last, [`${a}x.py`, ""]);
  } finally {
    await new Deno.Command("rm", { args: ["-rf", join(folder.path, "a")] }).output(); // no path leads down there
  }
});

Deno.test("walkFolder() says which folders cannot be read, and which .gitignore is too large", async () => {
  const isRoot = Deno.uid() === 0; // whom no mode stops
  using folder = await folderOf(
    { "a/x.py": "x", "big/.gitignore": "a\n", "big/y.py": "x", "closed/z.py": "x", "gone/w.py": "x" },
    `truncate -s 3G big/.gitignore; chmod 0 closed`,
  );
  const found: string[][] = [];
  for (const { path, reason = "" } of walkFolder(folder.path)) {
    if (path === "a/x.py") await Deno.remove(join(folder.path, "gone"), { recursive: true });
    found.push([path, reason]);
  }
  await Deno.chmod(join(folder.path, "closed"), 0o700);
  assertEquals(found, [
    ["a/x.py", ""],
    ["big", ".gitignore over 4 MiB"],
    isRoot ? ["closed/z.py", ""] : ["closed", "unreadable (PermissionDenied)"],
    ["gone", "unreadable (NotFound)"],
  ]);
  assertEquals(walk(join(folder.path, "nowhere")), { ".": "unreadable (NotFound)" });
});

Deno.test("walkFolder() reads no .gitignore that is a pipe, a link or a folder, as git does not", async () => {
  using folder = await folderOf(
    { "a/x.log": "x", "b/x.log": "x", "c/x.log": "x", "rules": "*.log\n" },
    "mkfifo a/.gitignore; ln -s ../rules b/.gitignore; mkdir c/.gitignore",
  );
  assertEquals(walk(folder.path), {
    "a/.gitignore": "not a regular file",
    "a/x.log": "",
    "b/.gitignore": "",
    "b/x.log": "",
    "c/x.log": "",
    rules: "",
  });
});

Deno.test("walkFolder() takes a .gitignore of a megabyte, of Windows, with a byte order mark", async () => {
  const rules = "\ufeff*.log\r\n!keep.log\r\n" + "some/name.of/a/file\r\n".repeat(50_000);
  using folder = await folderOf({ ".gitignore": rules, "a.log": "x", "keep.log": "x", "b/c.log": "x" });
  assertEquals(walk(folder.path), { ".gitignore": "", "keep.log": "" });
});

Deno.test("walkFolder() is not held up by patterns made for it", async () => {
  const patterns = ["a*a*a*a*a*a*a*a*a*b", "**/".repeat(10) + "b", "*a".repeat(60) + "b"];
  const name = "a".repeat(60);
  using folder = await folderOf({
    ".gitignore": patterns.join("\n"),
    [name]: "x",
    [`${"a/".repeat(30)}c`]: "x",
  });
  const start = performance.now();
  assertEquals(Object.keys(walk(folder.path, patterns)), [".gitignore", `${"a/".repeat(30)}c`, name]);
  assert(performance.now() - start < 30_000);
});

Deno.test("walkFolder() lists a file that vanished since its folder was read", async () => {
  using folder = await folderOf({ "a.py": "x", "b.py": "x" });
  const found: string[][] = [];
  for (const { path, reason = "" } of walkFolder(folder.path)) {
    found.push([path, reason]);
    await Deno.remove(join(folder.path, "b.py")).catch(() => {});
  }
  assertEquals(found, [["a.py", ""], ["b.py", "unreadable (NotFound)"]]);
});
