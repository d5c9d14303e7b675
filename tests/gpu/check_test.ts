import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "../cli/run_cli.ts";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import type { PlainTensor } from "../tensors.ts";
import { type Engine, openTensorFlow } from "../../lib/engine/engine.ts";
import { MODELS } from "../../lib/models/models.ts";
import type { Check, Comparison } from "./check_types.ts";
import { CHECKS } from "./checks.ts";
import { compareTensors, type Rule } from "./compare.ts";
import { judgeCheck, judgeComparison } from "./judge.ts";
import { UNKNOWN, WorkerRun } from "./run_worker.ts";
import type { Row } from "./table.ts";
import { runCheck } from "./worker.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const tensors = (values: Record<string, number[]>): Map<string, PlainTensor> =>
  new Map(Object.entries(values).map(([name, values]) => [name, { shape: [values.length], values }]));

Deno.test("compareTensors() measures by each rule", () => {
  const gap = (found: Record<string, number[]>, expected: Record<string, number[]>, rule: Rule) =>
    compareTensors(tensors(found), tensors(expected), rule).value;
  assertEquals(gap({ x: [1, 2] }, { x: [1, 2] }, "magnitude"), 0);
  assertEquals(gap({ x: [0.5, 0.25] }, { x: [0, 0.25] }, "magnitude"), 0.5); // at least 1 is divided by
  assertEquals(gap({ x: [0, 9] }, { x: [0, 10] }, "magnitude"), 0.1);
  const slopes = { "gradient.a": [0, 0.5], "gradient.b": [0.25, 0] };
  assertEquals(gap({ ...slopes, "gradient.b": [0, 0] }, slopes, "magnitude"), 0.5); // of the steepest, not of 1
  assertEquals(gap({ x: [2, 1] }, { x: [1, 0] }, "relative"), 10);
  assertEquals(gap({ x: [1, 2, 3], y: [1] }, { x: [1, 0, 0], y: [1] }, "exact"), 2);
  assertEquals(gap({ x: [3, 5] }, { x: [3, 4] }, "norm"), 0.2);
  const { worst, numbers } = compareTensors(
    tensors({ x: [1], y: [0, 4] }),
    tensors({ x: [1], y: [0, 2] }),
    "magnitude",
  );
  assertEquals([worst, numbers], [{ name: "y", index: 1, found: 4, expected: 2 }, 3]);
});

Deno.test("compareTensors() refuses what cannot be compared, whatever the rule", () => {
  const good = tensors({ x: [1, 2] });
  for (const rule of ["magnitude", "relative", "exact", "norm"] as const) {
    const refuses = (found: Map<string, PlainTensor>, text: string, expected = good) =>
      assertThrows(() => compareTensors(found, expected, rule), Error, text);
    refuses(tensors({}), "1 tensors are missing: x");
    refuses(tensors({ x: [1, 2], y: [1] }), "1 tensors are too many: y");
    refuses(tensors({}), "there is nothing to compare", tensors({}));
    refuses(tensors({ x: [1] }), "x has the shape [1], expected [2]");
    refuses(new Map([["x", { shape: [2, 1], values: [1, 2] }]]), "x has the shape [2, 1], expected [2]");
    refuses(tensors({ x: [1, NaN] }), "x is NaN at element 1 as computed");
    refuses(tensors({ x: [1, Infinity] }), "x is Infinity at element 1 as computed");
    refuses(tensors({ x: [NaN, 2] }), "x is NaN at element 0 as", tensors({ x: [NaN, 2] }));
  }
});

/** Judges one row of which both sides have left the files given. */
async function judge(found: number[] | null, expected: number[] | null, bound = 1e-4): Promise<Partial<Row>> {
  using folder = temporaryFolder();
  const side = (name: string, values: number[] | null) => {
    const files = new Map<string, string>();
    if (values) {
      const path = join(folder.path, name);
      const stored = [{
        name: "x",
        shape: [values.length],
        dtype: "F32" as const,
        values: Float32Array.from(values),
      }];
      Deno.writeFileSync(path, encodeSafetensors(stored));
      files.set("c.p", path);
    }
    return { files, notes: new Map<string, string>(), reasonFor: () => UNKNOWN };
  };
  const item: Comparison = {
    row: "r",
    what: "w",
    pairs: [{ part: "p", reference: "p" }],
    rule: "magnitude",
    bound,
  };
  return await judgeComparison("c", item, { cpu: side("cpu", expected), device: side("device", found) });
}

Deno.test("judgeComparison() fails for a tensor that is off, NaN, of another shape or not there", async () => {
  const verdict = async (...args: Parameters<typeof judge>) => {
    const { verdict, reason } = await judge(...args);
    return [verdict, reason];
  };
  assertEquals(await verdict([1, 2], [1, 2]), ["pass", undefined]);
  assertEquals((await judge([1, 2.0001], [1, 2])).verdict, "pass");
  const off = "p: differs by 5.0e-1, x at 1 is 3, expected 2";
  assertEquals(await verdict([1, 3], [1, 2]), ["fail", off]);
  assertEquals(await verdict([1, NaN], [1, 2]), ["fail", "p: x is NaN at element 1 as computed"]);
  assertEquals(await verdict([1, NaN], [1, NaN]), ["fail", "p: x is NaN at element 1 as computed"]);
  assertEquals(await verdict([1], [1, 2]), ["fail", "p: x has the shape [1], expected [2]"]);
  assertEquals(await verdict(null, [1, 2]), ["fail", "p: it was not computed"]);
  assertEquals(await verdict([1, 2], null), ["fail", "p: it was not computed"]);
  assertEquals((await judge([1, 2], [1, 2], NaN)).verdict, "fail");
});

Deno.test("WorkerRun goes on after a process that dies, hangs, or whose card may be broken", async () => {
  using folder = temporaryFolder();
  const start = (checks: string[], lanes = 1) =>
    new WorkerRun({
      ...{
        device: "cpu",
        quick: true,
        isReference: false,
        folder: folder.path,
        script: "tests/gpu/fake_worker.ts",
      },
      ...{ checks, lanes, secondsOf: (check) => check === "hang" ? 1 : 30 },
    });
  const checks = ["first", "crash", "part", "poisoned", "hang", "good"];
  for (const lanes of [1, 2]) {
    const run = start(checks, lanes);
    for (const check of checks) await run.done(check);
    assertEquals(await run.ended, null);
    assertEquals(await run.problemOfOpening(), null);
    assertEquals([...run.files.keys()].sort(), ["first.b", "good.b", "part.b", "poisoned.b"]);
    const died = "its process ended with SIGKILL: F0000 tensorflow.cc:1] Check failed: 1 == 2";
    assertEquals([run.reasonFor("crash", "b"), run.reasonFor("hang", "b")], [died, "it took more than 1 s"]);
    assertEquals([run.reasonFor("part", "a"), run.reasonFor("good", "c")], ["Cannot multiply", UNKNOWN]);
  }
  assertEquals(await start(["good", "last"]).ended, "its process ended with 7");
  const unopened = start(["good", "unopened"]);
  const reason = "its process ended with 1: Cannot open TensorFlow on a GPU: there is none";
  assertEquals([await unopened.problemOfOpening(), unopened.reasonFor("good", "b")], [reason, reason]);
});

/** The command in a process of its own; its folder's table. */
async function checkGpu(args: readonly string[], folder: string) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-check",
      "--no-prompt",
      "-P=test",
      "tests/gpu/check.ts",
      "--out",
      folder,
      ...args,
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1", CUDA_VISIBLE_DEVICES: "-1", INIT_CWD: ROOT },
  }).output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err, json: () => JSON.parse(Deno.readTextFileSync(join(folder, "check_gpu.json"))) };
}

/** A check in this process: what it told, as one side of a row. */
async function runHere(check: Check, engine: Engine, options: { folder: string; isReference: boolean }) {
  const side = { files: new Map<string, string>(), notes: new Map<string, string>() };
  const failures: string[] = [];
  await runCheck(check.name, engine, { ...options, quick: true }, (event) => {
    if (event.event === "part") side.files.set(`${check.name}.${event.part}`, event.file);
    if (event.event === "note") side.notes.set(`${check.name}.${event.part}`, event.text);
    if (event.event === "failed") failures.push(`${event.part}: ${event.reason}`);
  });
  return { ...side, reasonFor: () => failures.join() || UNKNOWN };
}

Deno.test("every kind of check passes on a CPU, whose eager float32 is the reference", async () => {
  using engine = await openTensorFlow({ device: "cpu" });
  for (const check of CHECKS.filter(({ isLong }) => !isLong)) {
    using folder = temporaryFolder();
    const own = join(folder.path, "own");
    Deno.mkdirSync(own);
    const device = await runHere(check, engine, { folder: folder.path, isReference: false });
    // the eager parts in float32 are what the reference's process computes too: where they are all, once is enough
    const items = check.rows({ quick: true, device: "cpu" });
    const wanted = items.flatMap((item) =>
      "pairs" in item ? item.pairs.map(({ reference }) => reference) : []
    );
    const isWhole = wanted.every((part) => device.files.has(`${check.name}.${part}`));
    const reference = isWhole
      ? { files: [] }
      : await runHere(check, engine, { folder: own, isReference: true });
    const cpu = { ...device, files: new Map([...device.files, ...reference.files]) };
    const rows = await judgeCheck(check, { cpu, device }, { quick: true, device: "cpu" });
    assertEquals(rows.filter(({ verdict }) => verdict === "fail"), [], check.name);
    const compared = rows.filter(({ verdict }) => verdict === "pass" || verdict === "information");
    assert(compared.length > 0, check.name);
    assert(
      compared.every(({ difference, reason }) => difference ? difference.numbers > 0 : reason),
      check.name,
    );
  }
});

Deno.test("check:gpu has a check for each family, and rows for each of both devices", () => {
  const names = CHECKS.map(({ name }) => name);
  assertEquals(Object.keys(MODELS).filter((family) => !names.includes(family)), []);
  for (const family of Object.keys(MODELS)) {
    const { rows } = CHECKS.find(({ name }) => name === family)!;
    const kinds = (device: "cpu" | "gpu") =>
      rows({ quick: false, device }).map((row) => [row.row, "bound" in row]);
    const own = (mode: string) => `${family} ${mode}`;
    assertEquals(kinds("gpu").slice(0, 3), ["float32", "TF32", "bfloat16"].map((mode) => [own(mode), true]));
    assertEquals(kinds("cpu")[1], [own("TF32"), false]); // a CPU has none
  }
});

Deno.test("check:gpu --device cpu passes, and cannot be taken for a GPU's", async () => {
  using folder = temporaryFolder();
  const asked = ["cache_writes", "two_processes", "resume", "deterministic"];
  const args = ["--device", "cpu", "--quick", "--only", asked.join()];
  const { code, out, json } = await checkGpu(args, folder.path);
  assertEquals(code, 0, out);
  const { device, isGpu, rows } = json() as { device: string; isGpu: boolean; rows: Row[] };
  assertEquals([device, isGpu], ["cpu", false]);
  assertEquals(rows.filter(({ verdict }) => verdict === "fail"), []);
  const lines = out.trimEnd().split("\n");
  assertEquals(lines[0], "The CPU beside itself: a test of this command, which says nothing about a GPU");
  assertEquals(lines.filter((line) => /\bpass$/.test(line)), []);
  assertStringIncludes(lines.at(-1)!, " on a CPU, beside a CPU: this says nothing about a GPU");
  assertEquals(new Set(rows.map(({ check }) => check)), new Set([...asked, "float16"]));
  assertEquals(rows.filter(({ verdict }) => verdict === "skipped").map(({ row }) => row), asked.slice(2));
  const compared = rows.filter(({ verdict }) => verdict === "pass");
  assert(compared.length >= 4 && compared.every(({ difference }) => difference!.numbers > 0));
});

Deno.test("check:gpu fails in one line where there is no GPU, and names its checks", async () => {
  using folder = temporaryFolder();
  const without = await checkGpu(["--only", "integers,resume"], folder.path);
  assertEquals(without.code, 1);
  assertStringIncludes(without.out, "Cannot open TensorFlow on a GPU");
  assertEquals(without.json().rows.map(({ verdict }: Row) => verdict), ["fail"]);
  const unknown = await checkGpu(["--only", "nothing"], folder.path);
  assertEquals([unknown.code, unknown.out], [2, ""]);
  assertStringIncludes(unknown.err, 'Unknown check "nothing": expected integers, cache_writes, gpt2, ');
  assertEquals((await checkGpu(["--device", "tpu"], folder.path)).code, 2);
});
