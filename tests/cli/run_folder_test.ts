import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { openRunFiles } from "../../lib/cli/run_files.ts";
import {
  openRunFolder,
  readRunRecord,
  type RunFolder,
  type RunFolderOptions,
} from "../../lib/cli/run_folder.ts";
import { temporaryPath } from "../../lib/files/write_file.ts";
import { temporaryFolder } from "./run_cli.ts";

const SETTINGS = { method: "codeeraser", lr: 3e-6, exclude: ["b", "a"] };

type Changes = Partial<Omit<RunFolderOptions, "context">> & Partial<RunFolderOptions["context"]>;

function optionsOf(
  { settings = SETTINGS, force = false, signal, ...others }: Changes = {},
): RunFolderOptions {
  const context = { settings, force, signal: signal ?? new AbortController().signal };
  const outputs = ["history.parquet", "model-*.safetensors"];
  return { command: "unlearn", context, outputs, scratch: ["checkpoint-[0-9]*"], ...others };
}

/** Opens the folder, writes something to go on from, and closes it unfinished. */
async function leave(folder: string, changes: Changes = {}): Promise<boolean> {
  using run = await openRunFolder(folder, optionsOf(changes));
  await writeOutput(run);
  return run.isContinued;
}

async function writeOutput(run: RunFolder): Promise<void> {
  await Deno.writeTextFile(await run.path("history.parquet"), run.isContinued ? "rows, more" : "rows");
}

/** Opens the folder and finishes the run. */
async function finish(folder: string, changes: Changes = {}): Promise<void> {
  using run = await openRunFolder(folder, optionsOf(changes));
  await writeOutput(run);
  await run.finish({ ma: 0.2 });
}

function names(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

Deno.test("openRunFolder() makes a folder with its record and takes its lock away again", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  assertEquals(await leave(folder, { versions: { tensorflow: "2.21.0" } }), false);
  assertEquals(names(folder), ["history.parquet", "run.json"]);
  const { commit: _, machine: __, ...record } = (await readRunRecord(folder))!;
  assertEquals(record, {
    command: "unlearn",
    status: "unfinished",
    settings: SETTINGS,
    inputs: {},
    outputs: { "history.parquet": null, "model-*.safetensors": null },
    scratch: ["checkpoint-[0-9]*"],
    versions: { codescrub: deno.version, deno: Deno.version.deno, tensorflow: "2.21.0" },
  });
});

Deno.test("openRunFolder() goes on with a finished run where there is more to be done, over the same content only", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  const versions = { tensorflow: "2.21.0" };
  await finish(folder, { versions });
  await assertRejects(
    () => leave(folder, { versions, goesOn: () => false }),
    Error,
    "it is finished already",
  );
  const goesOn: RunFolderOptions["goesOn"] = ({ summary }) => summary?.ma === 0.2;
  const others = { versions: { tensorflow: "2.22.0" }, goesOn };
  await assertRejects(() => leave(folder, others), Error, '"tensorflow" was "2.21.0", is "2.22.0"');
  assertEquals((await readRunRecord(folder))?.status, "finished");
  assertEquals(await leave(folder, { versions, goesOn }), true);
  assertEquals((await readRunRecord(folder))?.status, "unfinished");
  await finish(folder, { versions, goesOn: () => false });
  assertEquals((await readRunRecord(folder))?.status, "finished");
});

Deno.test("openRunFolder() leaves nothing of a run that has written nothing to go on from", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "deep/er/run");
  (await openRunFolder(folder, optionsOf()))[Symbol.dispose]();
  assertEquals(names(join(temporary.path, "deep/er")), []);
  const own = join(temporary.path, "own");
  Deno.mkdirSync(own);
  (await openRunFolder(own, optionsOf()))[Symbol.dispose]();
  assertEquals(names(own), []);
});

Deno.test("openRunFolder() continues the same settings in whatever order and keeps what is there", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  await leave(folder);
  const { exclude, lr, method } = SETTINGS;
  assertEquals(await leave(folder, { settings: { exclude, lr, method } }), true);
  assertEquals(names(folder), ["history.parquet", "run.json"]);
});

Deno.test("openRunFolder() refuses other settings, commands and versions by naming them", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  await leave(folder, { versions: { tensorflow: "2.20.0" } });
  const settings = { method: "codeeraser", lr: 1e-5, exclude: ["a", "b"], gamma: 0.5 };
  await assertRejects(
    () => leave(folder, { settings }),
    Error,
    `Cannot continue "${folder}" with other settings: "exclude" was ["b","a"], is ["a","b"]; ` +
      '"gamma" was not given, is 0.5; "lr" was 0.000003, is 0.00001: name another place or give --force',
  );
  await assertRejects(() => leave(folder, { command: "train" }), Error, 'it holds a run of "unlearn"');
  await assertRejects(
    () => leave(folder, { versions: { tensorflow: "2.21.0" } }),
    Error,
    'by other versions: "tensorflow" was "2.20.0", is "2.21.0"',
  );
  assertEquals(names(folder), ["history.parquet", "run.json"]);
});

Deno.test("openRunFolder() refuses to continue over inputs of another content, and names them", async () => {
  using temporary = temporaryFolder();
  const [folder, corpus, model] = ["run", "corpus", "model"].map((name) => join(temporary.path, name));
  for (const path of [corpus!, model!]) Deno.mkdirSync(path);
  const write = (path: string, text: string) => Deno.writeTextFileSync(path, text);
  write(`${corpus}/a.py`, "x = 1\n");
  write(`${model}/model.safetensors`, "weights");
  const inputs = { corpus: corpus!, model: { path: model!, isFlat: true }, proxy: undefined };
  await leave(folder!, { inputs });
  write(`${corpus}/a.py`, "x = 1\n"); // the same again
  assertEquals(await leave(folder!, { inputs }), true);
  write(`${corpus}/b.py`, "");
  const start = `Cannot continue "${folder}" as what it reads has changed since it began: the `;
  await assertRejects(() => leave(folder!, { inputs }), Error, `${start}corpus: name another place`);
  Deno.removeSync(`${corpus}/b.py`);
  write(`${model}/model.safetensors`, "Weights");
  await assertRejects(() => leave(folder!, { inputs }), Error, `${start}model: name another place`);
  Deno.removeSync(model!, { recursive: true });
  await assertRejects(() => leave(folder!, { inputs }), Error, `${start}model: name another place`);
});

Deno.test("openRunFolder() refuses a finished run, and --force empties it", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  await finish(folder);
  const record = await readRunRecord(folder);
  assertEquals([record?.summary, Object.keys(record!.outputs)], [{ ma: 0.2 }, ["history.parquet"]]);
  await assertRejects(() => leave(folder), Error, `Cannot write into "${folder}": it is finished already`);
  Deno.mkdirSync(join(folder, "checkpoint-8")); // killed before they were removed
  Deno.writeTextFileSync(temporaryPath(join(folder, "model.safetensors")), "half");
  await assertRejects(() => leave(folder), Error, "it is finished already");
  assertEquals(names(folder).filter((name) => !name.endsWith(".tmp")), ["history.parquet", "run.json"]);
  using run = await openRunFolder(folder, optionsOf({ force: true, settings: {} }));
  assertEquals([run.isContinued, names(folder)], [false, [".lock", "run.json"]]);
  assertEquals((await readRunRecord(folder))?.status, "unfinished");
});

Deno.test("openRunFolder() keeps what no run wrote, and what has changed since, whatever --force says", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  await finish(folder);
  const path = (name: string) => join(folder, name);
  const refused = async (message: string) => {
    const before = names(folder);
    for (const force of [true, false]) {
      await assertRejects(() => leave(folder, { force }), Error, force ? message : "it is finished already");
    }
    assertEquals(names(folder), before);
  };
  Deno.writeTextFileSync(path("thesis.tex"), "");
  await refused(`it holds "${path("thesis.tex")}", which no run wrote: name another folder`);
  Deno.writeTextFileSync(path("appendix.tex"), "");
  await refused(`it holds "${path("appendix.tex")}", which no run wrote and 1 more`);
  for (const name of ["thesis.tex", "appendix.tex"]) Deno.removeSync(path(name));
  Deno.writeTextFileSync(path("history.parquet"), "mine");
  await refused(`it holds "${path("history.parquet")}", which has changed since a run wrote it`);
  Deno.writeTextFileSync(path("history.parquet"), "rows");
  Deno.mkdirSync(path("notes"));
  await refused(`it holds "${path("notes")}", which no run wrote`);
  Deno.removeSync(path("notes"));
  assertEquals(await leave(folder, { force: true }), false);
});

Deno.test("openRunFolder() with --force takes the runs and tables in a folder with it, but nothing beside them", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "demo");
  await finish(folder);
  await finish(join(folder, "codeeraser"));
  const table = join(folder, "probe.csv");
  {
    using files = await openRunFiles([table], { command: "probe", context: optionsOf().context });
    await files.finish({}, () => Deno.writeTextFile(table, "ma\n"));
  }
  Deno.writeTextFileSync(join(folder, "codeeraser/notes.txt"), "");
  const foreign = `it holds "${join(folder, "codeeraser/notes.txt")}", which no run wrote`;
  await assertRejects(() => leave(folder, { force: true }), Error, foreign);
  Deno.removeSync(join(folder, "codeeraser/notes.txt"));
  await leave(folder, { force: true });
  assertEquals(names(folder), ["history.parquet", "run.json"]);
});

Deno.test("openRunFolder() takes an empty folder, and none with others' files", async () => {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  assertEquals(await leave(folder), false);
  Deno.removeSync(join(folder, "run.json"));
  Deno.removeSync(join(folder, "history.parquet"));
  Deno.writeTextFileSync(join(folder, "thesis.tex"), "");
  for (const force of [true, false]) {
    await assertRejects(() => leave(folder, { force }), Error, 'thesis.tex", which no run wrote');
  }
  assertEquals(names(folder), ["thesis.tex"]);
});

Deno.test("openRunFolder() starts in a folder whose run was killed while it wrote its record", async () => {
  using temporary = temporaryFolder();
  const folder = temporary.path;
  Deno.writeTextFileSync(join(folder, ".lock"), "pid 1");
  Deno.writeTextFileSync(temporaryPath(join(folder, "run.json")), '{"comm');
  assertEquals(await leave(folder), false);
  assertEquals(names(folder), ["history.parquet", "run.json"]);
  Deno.removeSync(join(folder, "run.json"));
  Deno.removeSync(join(folder, "history.parquet"));
  Deno.writeTextFileSync(join(folder, "notes.tmp"), "");
  await assertRejects(() => leave(folder), Error, 'notes.tmp", which no run wrote');
  assertEquals(names(folder), ["notes.tmp"]);
});

Deno.test("openRunFolder() refuses a file, and a record that is none", async () => {
  using temporary = temporaryFolder();
  const file = join(temporary.path, "file");
  Deno.writeTextFileSync(file, "");
  await assertRejects(() => leave(file), Error, `Cannot write into "${file}": it is not a folder`);
  await assertRejects(() => leave(join(file, "run")), Error, "is not a folder");
  for (const text of ["", "{", "[]", "null", '{"command":"unlearn"}']) {
    const folder = Deno.makeTempDirSync({ dir: temporary.path });
    Deno.writeTextFileSync(join(folder, "run.json"), text);
    await assertRejects(() => leave(folder), SyntaxError, "it is not the record of a run");
    assertEquals(names(folder), ["run.json"]);
  }
});

Deno.test("openRunFolder() excludes a second run in the same process too", async () => {
  using temporary = temporaryFolder();
  using first = await openRunFolder(join(temporary.path, "run"), optionsOf());
  await assertRejects(() => leave(first.folder), Error, `it is locked by pid ${Deno.pid} on `);
});

Deno.test("finish() of an interrupted run throws the reason and leaves it unfinished", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  const controller = new AbortController();
  using run = await openRunFolder(folder, optionsOf({ signal: controller.signal }));
  await writeOutput(run);
  setTimeout(() => controller.abort(new Error("stop")), 0);
  await assertRejects(() => run.finish(), Error, "stop");
  assertEquals((await readRunRecord(folder))?.status, "unfinished");
});

Deno.test("path() refuses names and links that lead out of the folder, and what is none of the outputs", async () => {
  using temporary = temporaryFolder();
  const folder = join(temporary.path, "run");
  Deno.mkdirSync(join(temporary.path, "run-other"));
  const outputs = ["*", "*/*", "*/*/*"];
  using run = await openRunFolder(folder, optionsOf({ outputs }));
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
  for (const name of ["model.safetensors", "deep/er/x", "inside"]) {
    assertEquals(await run.path(name), join(folder, name));
  }
  using other = await openRunFolder(join(temporary.path, "second"), optionsOf());
  await assertRejects(() => other.path("thesis.tex"), TypeError, "it is none of the run's outputs");
});

Deno.test("openRunFolder() works in a folder reached by a link", async () => {
  using temporary = temporaryFolder();
  Deno.mkdirSync(join(temporary.path, "disk"));
  Deno.symlinkSync(join(temporary.path, "disk"), join(temporary.path, "out"));
  assertEquals(await leave(join(temporary.path, "out")), false);
  assert(names(join(temporary.path, "disk")).includes("run.json"));
});
