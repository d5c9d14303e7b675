import { assert, assertEquals, assertMatch } from "@std/assert";
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
