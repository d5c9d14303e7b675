import { assert, assertEquals, assertRejects } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileRecord, openRunFiles, type RunFilesOptions } from "../../lib/cli/run_files.ts";
import { temporaryPath } from "../../lib/files/write_file.ts";
import { temporaryFolder } from "./run_cli.ts";

type Changes = Partial<Omit<RunFilesOptions, "context">> & Partial<RunFilesOptions["context"]>;

function optionsOf({ settings = {}, force = false, signal, ...others }: Changes = {}): RunFilesOptions {
  const context = { settings, force, signal: signal ?? new AbortController().signal };
  return { command: "evaluate", context, ...others };
}

/** A folder and what stands in it, hidden records too. */
function folderOf() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const names = (name = "") => [...Deno.readDirSync(path(name))].map(({ name }) => name).sort();
  return { path, names, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

async function finish(paths: string[], changes: Changes = {}, text = "x\n"): Promise<boolean> {
  using run = await openRunFiles(paths, optionsOf(changes));
  await run.finish({}, async () => {
    for (const path of paths) await Deno.writeTextFile(path, text);
  });
  return run.isContinued;
}

Deno.test("openRunFiles() records what a run wrote and read, and leaves no other trace", async () => {
  using at = folderOf();
  Deno.writeTextFileSync(at.path("in.csv"), "a\n");
  await finish([at.path("new/out.csv")], { inputs: { texts: at.path("in.csv") } });
  assertEquals([at.names("new"), at.names("new/.codescrub")], [[".codescrub", "out.csv"], ["out.csv.json"]]);
  const record = await fileRecord(at.path("new/out.csv"));
  assertEquals([record?.command, record?.status], ["evaluate", "finished"]);
  assert(record?.inputs.texts?.startsWith("sha256:") && record.outputs["out.csv"]?.startsWith("sha256:"));
});

Deno.test("openRunFiles() leaves nothing of a run that failed, and nothing of one that was interrupted", async () => {
  using at = folderOf();
  const out = at.path("out.csv");
  (await openRunFiles([out], optionsOf()))[Symbol.dispose]();
  assertEquals(at.names(), []);
  const controller = new AbortController();
  {
    using run = await openRunFiles([out], optionsOf({ signal: controller.signal }));
    setTimeout(() => controller.abort(new Error("stop")), 0);
    await assertRejects(() => run.finish({}, () => Deno.writeTextFile(out, "")), Error, "stop");
  }
  assertEquals(at.names(), []);
  {
    using run = await openRunFiles([out], optionsOf());
    await assertRejects(() => run.finish({}, () => Promise.reject(new Error("full"))), Error, "full");
  }
  assertEquals(at.names(), []);
});

Deno.test("openRunFiles() replaces with --force what a run wrote, and nothing else", async () => {
  using at = folderOf();
  const [mine, out, second] = [at.path("mine.csv"), at.path("out.csv"), at.path("second.csv")];
  Deno.writeTextFileSync(mine, "mine\n");
  for (const force of [true, false]) {
    const message = `Cannot write "${mine}": it is there already, and no run wrote it`;
    await assertRejects(() => finish([mine], { force }), Error, message);
    await assertRejects(() => finish([out, mine], { force }), Error, message);
  }
  assertEquals([at.names(), Deno.readTextFileSync(mine)], [["mine.csv"], "mine\n"]);
  await finish([out, second]);
  await assertRejects(() => finish([out]), Error, `Cannot write "${out}": it is there already: give --force`);
  assertEquals(await finish([out, second], { force: true }, "y\n"), false);
  Deno.writeTextFileSync(second, "mine\n");
  await assertRejects(
    () => finish([out, second], { force: true }),
    Error,
    "it has changed since a run wrote it",
  );
  assertEquals([Deno.readTextFileSync(out), Deno.readTextFileSync(second)], ["y\n", "mine\n"]);
  Deno.mkdirSync(at.path("folder.csv"));
  await assertRejects(() => finish([at.path("folder.csv")], { force: true }), Error, "it is a folder");
  await assertRejects(() => finish([out, out], { force: true }), RangeError, "two outputs of the name");
});

Deno.test("openRunFiles() keeps an old output and its record when a forced run fails", async () => {
  using at = folderOf();
  await finish([at.path("out.csv")]);
  const before = await fileRecord(at.path("out.csv"));
  (await openRunFiles([at.path("out.csv")], optionsOf({ force: true })))[Symbol.dispose]();
  assertEquals(await fileRecord(at.path("out.csv")), before);
  await finish([at.path("out.csv")], { force: true });
});

Deno.test("a run that was killed between two outputs writes both again, of the same settings only", async () => {
  using at = folderOf();
  const paths = [at.path("out.csv"), at.path("out.secrets.csv")];
  {
    using run = await openRunFiles(paths, optionsOf());
    await assertRejects(() =>
      run.finish({}, async () => {
        await Deno.writeTextFile(paths[1]!, "half\n");
        throw new Error("killed");
      }), Error);
  }
  const other = () => finish(paths, { settings: { seed: 1 } });
  await assertRejects(
    other,
    Error,
    `Cannot continue "${paths[0]}" with other settings: "seed" was not given`,
  );
  assertEquals([await finish(paths), Deno.readTextFileSync(paths[1]!)], [true, "x\n"]);
});

Deno.test("a scratch folder is kept for the next run, hidden, and goes when that has finished", async () => {
  using at = folderOf();
  const out = at.path("out.csv");
  const begin = async (changes: Changes = {}) => {
    using run = await openRunFiles([out], optionsOf({ hasScratch: true, ...changes }));
    await Deno.mkdir(run.scratch, { recursive: true });
    return run.isContinued;
  };
  assertEquals([await begin(), await begin()], [false, true]);
  assertEquals([at.names(), at.names(".codescrub")], [[".codescrub"], ["out.csv.json", "out.csv.parts"]]);
  await assertRejects(() => begin({ settings: { seed: 1 } }), Error, "with other settings");
  assertEquals(await begin({ settings: { seed: 1 }, force: true }), false);
  assertEquals(await finish([out], { settings: { seed: 1 }, hasScratch: true }), true);
  assertEquals(at.names(".codescrub"), ["out.csv.json"]);
  // killed after it had finished, before it had removed its scratch
  Deno.mkdirSync(at.path(".codescrub/out.csv.parts"));
  await assertRejects(() => begin(), Error, "it is there already");
  assertEquals(at.names(".codescrub"), ["out.csv.json"]);
});

Deno.test("openRunFiles() removes what killed runs of the same output left, and nothing else's", async () => {
  using at = folderOf();
  const own = temporaryPath(at.path("out.csv"));
  const others = [temporaryPath(at.path("other.csv")), at.path("notes.tmp"), at.path(".out.csv.tmp")];
  for (const path of [own, ...others]) Deno.writeTextFileSync(path, "half");
  await finish([at.path("out.csv")]);
  assertEquals([own, ...others].map((path) => existsSync(path)), [false, true, true, true]);
});

Deno.test("two runs of one output exclude each other", async () => {
  using at = folderOf();
  using _first = await openRunFiles([at.path("out.csv")], optionsOf());
  await assertRejects(() => finish([at.path("out.csv")]), Error, `it is locked by pid ${Deno.pid} on `);
  await finish([at.path("other.csv")]);
});

Deno.test("a run that was killed when one of its records said finished has finished", async () => {
  using at = folderOf();
  const paths = [at.path("out.csv"), at.path("out.secrets.csv")];
  await finish(paths);
  const second = at.path(".codescrub/out.secrets.csv.json");
  const whole = Deno.readTextFileSync(second);
  const record = { ...JSON.parse(whole), status: "unfinished", outputs: { "out.secrets.csv": null } };
  Deno.writeTextFileSync(second, JSON.stringify(record));
  await assertRejects(() => finish(paths), Error, "it is there already: give --force");
  assertEquals(Deno.readTextFileSync(second), whole);
});
