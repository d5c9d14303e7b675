import { assert, assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { describeMemory } from "../../lib/cli/memory.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";
import { tiny } from "./tiny_cases.ts";

Deno.test("describeMemory() names the largest half, quarter ... that fits, in one line", () => {
  const config = { layers: 1, width: 8, headWidth: 8, cacheHeads: 1, vocabularySize: 257, maxPositions: 16 };
  const plan = {
    sizes: { parameters: 124e6, config },
    option: "--batch",
    bytesWith: (rows: number) => (4 + rows) * 1e9,
  };
  const advice = (value: number, free: number) =>
    describeMemory({ ...plan, value }, free * 1e9).split(", ").slice(2);
  assertEquals(advice(12, 16), []);
  assertEquals(advice(12, 10), ["try --batch 6"]);
  assertEquals(advice(12, 8), ["try --batch 3"]);
  assertEquals(advice(12, 4), ["take a smaller model or a larger machine"]);
  assertEquals(advice(1, 4.5), ["take a smaller model or a larger machine"]);
});

Deno.test("unlearn and train say before they begin what they will take, in their results too", async () => {
  using at = await tiny();
  for (const [command, option] of [["unlearn", { epochs: 1 }], ["train", {}]] as const) {
    const { stderr } = await at.run(command, option);
    const lines = stderr.split("\n");
    const line = lines.findIndex((line) => line.startsWith("Memory: "));
    const work = lines.findIndex((line) => /^(Unlearning|Training)/.test(line));
    assertMatch(lines[line]!, /^Memory: about \d\.\d GB for 0\.0 M parameters, \d+\.\d GB are free/);
    assert(line < work, stderr);
    const record = JSON.parse(Deno.readTextFileSync(at.path("out/run.json")));
    assert(record.summary.memory_bytes > 5e8, JSON.stringify(record.summary));
    await Deno.remove(at.path("out"), { recursive: true });
  }
});

Deno.test("unlearn and train say by --plan what they would take, and do nothing", async () => {
  using at = await tiny();
  for (const command of ["unlearn", "train"] as const) {
    const { code, stdout, stderr } = await at.run(command, { plan: true, memory: "64GB" });
    assertEquals(code, 0, stderr);
    assertMatch(stdout, /^--(micro-)?batch +memory +with --checkpoint-layers\n/);
    assertMatch(stdout, /64\.0 GB/);
    assert(!existsSync(at.path("out")), stdout);
  }
});

Deno.test("unlearn takes fewer rows at once where memory is short, and refuses what can't fit", async () => {
  using at = await tiny();
  const short = "Cannot run within 0.3 GB: with --micro-batch 1 it takes about";
  await at.fail("unlearn", { memory: "300MB" }, short);
  await at.fail("unlearn", { memory: "300" }, 'Cannot read --memory "300": expected a size such as 20GB', 2);
});

Deno.test("unlearn and train end alike by --checkpoint-layers", async () => {
  using at = await tiny();
  for (const [command, option] of [["unlearn", { epochs: 1 }], ["train", { steps: 2 }]] as const) {
    const [kept, again] = ["kept", "again"].map((name) => at.path(`${command}-${name}`)) as [string, string];
    await at.run(command, { ...option, out: kept });
    const { code, stderr } = await at.run(command, { ...option, out: again, "checkpoint-layers": true });
    assertEquals(code, 0, stderr);
    const [first, second] = [kept, again].map((folder) => summaryOf(folder)) as [Summary, Summary];
    const of = ({ after, loss }: Summary) => after?.loss ?? loss!;
    assertAlmostEquals(of(second), of(first), 1e-5 * of(first));
  }
});

interface Summary {
  loss?: number;
  after?: { loss: number };
}

function summaryOf(folder: string): Summary {
  return JSON.parse(Deno.readTextFileSync(`${folder}/run.json`)).summary;
}

Deno.test(
  "a training takes about the memory that it says",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    using folder = temporaryFolder();
    await Deno.mkdir(`${folder.path}/src`);
    for (let i = 0; i < 8; i++) {
      await Deno.writeTextFile(
        `${folder.path}/src/${i}.py`,
        `def f${i}(x):\n    return x + ${i}\n`.repeat(40),
      );
    }
    const sizes = ["--model", "embedded", "--steps", "2", "--batch", "4", "--length", "256"];
    const args = ["train", "--corpus", "src", ...sizes, "--out", "out"];
    const { code, stderr } = await runCli(args, { cwd: folder.path, script: "tests/cli/peak_cli.ts" });
    assertEquals(code, 0, stderr);
    const peak = Number(stderr.trimEnd().split("\n").at(-1));
    const { summary } = JSON.parse(Deno.readTextFileSync(`${folder.path}/out/run.json`));
    const difference = summary.memory_bytes / peak - 1;
    assert(Math.abs(difference) < 0.3, `${summary.memory_bytes} said, ${peak} taken`);
  },
);

Deno.test("train says what to lower where a rate is too large", async () => {
  using at = await tiny();
  const { code, stderr } = await at.run("train", { steps: 10, lr: 10, warmup: 0 });
  assertEquals(code, 0, stderr);
  const notes = stderr.split("\n").filter((line) => line.startsWith("The learning rate"));
  assertEquals(notes.length, 1, stderr);
  assertMatch(
    notes[0]!,
    /^The learning rate is large for this model: the loss has risen from .*: try --lr 1$/,
  );
  assertEquals(JSON.parse(Deno.readTextFileSync(at.path("out/run.json"))).summary.notes, notes);
});
