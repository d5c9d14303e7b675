import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../cli/run_cli.ts";
import { SCENARIOS } from "./cases.ts";
import { HOOKED, MODES, type Operation, pointsOf } from "./plan.ts";
import { findFaults } from "./run.ts";
import { Slot } from "./slot.ts";

const LIB = fileURLToPath(new URL("../../lib", import.meta.url));

/** The code of lib/, without comments and without the notebooks' tasks, which are no command. */
function* sources(folder = LIB): Generator<[string, string]> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = join(folder, name);
    if (isDirectory && name !== "notebooks") yield* sources(path);
    if (name.endsWith(".ts")) {
      yield [path, Deno.readTextFileSync(path).replaceAll(/\/\*[^]*?\*\/|\/\/ .*/g, "")];
    }
  }
}

Deno.test("every way in which lib/ changes files is hooked", () => {
  const links = "link|symlink|rename|copyFile", modes = "chmod|chown|truncate|utime";
  const made = "create|makeTempDir|makeTempFile|mkdir|open|remove|writeFile|writeTextFile";
  const changes = new RegExp(`^(${links}|${modes}|${made})(Sync)?$`);
  const native = /\.(sink(?!Parquet\()\w+|write(CSV|IPC|IPCStream|JSON|Avro)\()/;
  const hooked = new Set<string>(HOOKED);
  for (const [path, code] of sources()) {
    for (const [, name = ""] of code.matchAll(/\bDeno\.(\w+)\(/g)) {
      if (changes.test(name)) assert(hooked.has(name.replace(/Sync$/, "")), `${path} calls Deno.${name}`);
    }
    for (const [, names = ""] of code.matchAll(/import \{([^}]*)\} from "node:fs(?:\/promises)?"/g)) {
      assertEquals(
        names.match(/\b(?!existsSync|statSync|lstatSync|statfsSync|createReadStream)\w+/g),
        null,
        path,
      );
    }
    for (const [, argument] of code.matchAll(/\.writeParquet\(([^)]*)\)/g)) assertEquals(argument, "", path);
    assert(!native.test(code), `${path} lets Polars write a file`);
  }
});

Deno.test("pointsOf() has every operation, and of many writes to one file the first two and the last", () => {
  const write = (path: string): Operation => ({ name: "write", path });
  const operations: Operation[] = [
    { name: "open", path: "a" },
    ...Array.from({ length: 5 }, () => write("a")),
    { name: "sync", path: "a" },
    write("b"),
    { name: "removeAll", path: "c" },
  ];
  assertEquals(pointsOf("before", operations), [1, 2, 3, 6, 7, 8, 9]);
  assertEquals(pointsOf("short", operations), [2, 3, 6, 8, 9]);
  assertEquals(pointsOf("after", operations), [9]);
  assertEquals(pointsOf("full", operations), [1, 2, 3, 6, 8]);
});

Deno.test("a fault happens at the operation that was asked for, in workers too", async () => {
  using folder = temporaryFolder();
  const slot = new Slot(folder.path);
  const path = (name: string) => join(slot.work, name);
  slot.clear();
  const rows = Array.from({ length: 520 }, (_, i) => `${JSON.stringify({ text: `x = ${i}` })}\n`);
  Deno.writeTextFileSync(path("texts.jsonl"), rows.join(""));
  await slot.save();
  const args = ["detect", path("texts.jsonl"), "--out", path("out.csv"), "--workers", "1"];
  const whole = await slot.run(args, {});
  assertEquals(whole.code, 0, whole.stderr);
  const find = (name: string, part: RegExp) =>
    whole.operations.findIndex((operation) => operation.name === name && part.test(operation.path)) + 1;
  const at = find("rename", /part-00000000-.*\.parquet$/); // a worker's
  for (const mode of ["before", "error"] as const) {
    await slot.reset();
    const { code, operations, stderr } = await slot.run(args, {}, { fault: { mode, at } });
    assertEquals(code, mode === "before" ? 137 : 1, stderr);
    if (mode === "before") assertEquals(operations.length, at);
    else assertMatch(stderr, /Input\/output error|no space is left/); // another's operation may come first this time
    assertEquals(slot.snapshot().has("work/out.csv"), false);
  }
});

/** Commands whose runs, or those before them, take longest. */
const LONG = ["train", "scrub", "sweep", "certify"];

Deno.test("a fault at one operation of each command harms nothing", async () => {
  // of a command's scenarios the first, which has no run before it; `deno task faults` tries all
  const first = new Map(SCENARIOS.toReversed().map(({ name }) => [name.split(" ")[0]!, name]));
  const isChosen = (name: string) => first.get(name.split(" ")[0]!) === name && !LONG.includes(name);
  const found = await findFaults({
    isChosen,
    modes: MODES,
    points: [1, Infinity],
    sample: 1,
    signals: 0,
    seed: 1,
    jobs: 2,
    log: () => {},
  });
  assertEquals(found.flatMap(({ failures }) => failures), []);
  assertEquals(found.map(({ tried }) => tried), found.map(() => 1));
});
