import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { openRunFolder, readRunRecord, type RunFolderOptions } from "../../lib/cli/run_folder.ts";
import { temporaryFolder } from "./run_cli.ts";

const OPTIONS: RunFolderOptions = {
  command: "unlearn",
  settings: { method: "codeeraser", lr: 3e-6, exclude: ["b", "a"] },
  force: false,
};

/** Opens the folder and closes it unfinished. */
async function leave(folder: string, options: Partial<RunFolderOptions> = {}): Promise<boolean> {
  using run = await openRunFolder(folder, { ...OPTIONS, ...options });
  return run.isContinued;
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("openRunFolder() makes a folder with its record and takes its lock away again", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  assertEquals(await leave(folder, { versions: { tensorflow: "2.21.0" } }), false);
  assertEquals(names(folder), ["run.json"]);
  assertEquals(await readRunRecord(folder), {
    command: "unlearn",
    status: "unfinished",
    settings: OPTIONS.settings,
    versions: { codescrub: deno.version, deno: Deno.version.deno, tensorflow: "2.21.0" },
  });
});

Deno.test("openRunFolder() continues the same settings in whatever order and keeps what is there", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  await leave(folder);
  Deno.writeTextFileSync(join(folder, "history.parquet"), "");
  const { exclude, lr, method } = OPTIONS.settings;
  assertEquals(await leave(folder, { settings: { exclude: exclude!, lr: lr!, method: method! } }), true);
  assertEquals(names(folder), ["history.parquet", "run.json"]);
});

Deno.test("openRunFolder() refuses other settings by naming them", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  await leave(folder);
  const settings = { method: "codeeraser", lr: 1e-5, exclude: ["a", "b"], gamma: 0.5 };
  await assertRejects(
    () => leave(folder, { settings }),
    Error,
    `Cannot continue "${folder}" with other settings: "exclude" was ["b","a"], is ["a","b"]; ` +
      '"gamma" was not given, is 0.5; "lr" was 0.000003, is 0.00001: name another folder or give --force',
  );
  await assertRejects(() => leave(folder, { command: "train" }), Error, 'it holds a run of "unlearn"');
  assertEquals(names(folder), ["run.json"]);
});

Deno.test("openRunFolder() refuses a finished run, and --force empties it", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  {
    using run = await openRunFolder(folder, OPTIONS);
    Deno.mkdirSync(await run.path("checkpoint/deep"), { recursive: true });
    await run.finish({ ma: 0.2 });
  }
  assertEquals((await readRunRecord(folder))?.summary, { ma: 0.2 });
  await assertRejects(() => leave(folder), Error, `Cannot write into "${folder}": it is finished already`);
  assertEquals(await leave(folder, { force: true, settings: {} }), false);
  assertEquals([names(folder), (await readRunRecord(folder))?.status], [["run.json"], "unfinished"]);
});

Deno.test("openRunFolder() takes an empty folder, and others' files only with --force, which keeps them", async () => {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  assertEquals(await leave(folder), false);
  Deno.removeSync(join(folder, "run.json"));
  Deno.writeTextFileSync(join(folder, "thesis.tex"), "");
  await assertRejects(() => leave(folder), Error, "it holds other files: give --force to write beside them");
  assertEquals(names(folder), ["thesis.tex"]);
  assertEquals(await leave(folder, { force: true }), false);
  assertEquals(names(folder), ["run.json", "thesis.tex"]);
});

Deno.test("openRunFolder() starts in a folder whose run was killed while it wrote its record", async () => {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  Deno.writeTextFileSync(join(folder, ".lock"), "pid 1");
  Deno.writeTextFileSync(join(folder, `.17-${crypto.randomUUID()}.tmp`), '{"comm');
  assertEquals(await leave(folder), false);
  assertEquals(names(folder), ["run.json"]);
  Deno.removeSync(join(folder, "run.json"));
  Deno.writeTextFileSync(join(folder, "notes.tmp"), "");
  await assertRejects(() => leave(folder), Error, "it holds other files");
  assertEquals(names(folder), ["notes.tmp"]);
});

Deno.test("openRunFolder() refuses a file, a missing parent, and a record that is none", async () => {
  using temporary = temporaryFolder();
  const file = join(temporary.path, "file");
  Deno.writeTextFileSync(file, "");
  await assertRejects(() => leave(file), Error, `Cannot write into "${file}": it is not a folder`);
  await assertRejects(() => leave(join(file, "run")), Error, "is not a folder");
  await assertRejects(() => leave(join(temporary.path, "no/run")), Error, "does not exist: make it first");
  for (const text of ["", "{", "[]", "null", '{"command":"unlearn"}']) {
    const folder = Deno.makeTempDirSync({ dir: temporary.path });
    Deno.writeTextFileSync(join(folder, "run.json"), text);
    await assertRejects(() => leave(folder), SyntaxError, "it is not the record of a run");
    assertEquals(names(folder), ["run.json"]);
  }
});

Deno.test("openRunFolder() excludes a second run in the same process too", async () => {
  using temporary = temporaryFolder();
  using first = await openRunFolder(join(temporary.path, "run"), OPTIONS);
  await assertRejects(() => leave(first.folder), Error, `it is locked by pid ${Deno.pid} on `);
});

Deno.test("path() refuses names and links that lead out of the folder", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  Deno.mkdirSync(join(temporary.path, "run-other"));
  using run = await openRunFolder(folder, OPTIONS);
  Deno.symlinkSync(temporary.path, join(folder, "out"));
  Deno.symlinkSync(join(temporary.path, "nothing"), join(folder, "dangling"));
  Deno.symlinkSync("run.json", join(folder, "inside"));
  const outside = [
    "../other",
    "../run-other/x",
    "/etc/x",
    "out/x",
    "out",
    "out/new/x",
    "dangling",
    "a/../../x",
  ];
  for (const name of outside) {
    const message = `Cannot write "${name}" into "${folder}": it leads out of the run's folder`;
    await assertRejects(() => run.path(name), Error, message);
  }
  for (const name of ["model.safetensors", "deep/er/x", "inside", "..name"]) {
    assertEquals(await run.path(name), join(folder, name));
  }
});

Deno.test("openRunFolder() works in a folder reached by a link", async () => {
  using temporary = temporaryFolder();
  Deno.mkdirSync(join(temporary.path, "disk"));
  Deno.symlinkSync(join(temporary.path, "disk"), join(temporary.path, "out"));
  assertEquals(await leave(join(temporary.path, "out")), false);
  assert(names(join(temporary.path, "disk")).includes("run.json"));
});
