import { assertEquals, assertRejects } from "@std/assert";
import { VerdictsFile } from "../../lib/humaneval/verdicts_file.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const VERDICT = {
  task_id: "Made/\u{1f40d}\n",
  sample: 3,
  passed: false,
  reason: "failed",
  detail: "NameError",
};

Deno.test("VerdictsFile has the verdicts of whole lines, added at once or not, and goes on behind them", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/v.jsonl`;
  {
    using file = await VerdictsFile.open(path);
    await Promise.all([0, 1, 2].map((sample) => file.append({ ...VERDICT, sample, detail: null })));
    await file.append(VERDICT);
  }
  const whole = await Deno.readTextFile(path);
  assertEquals(whole.split("\n").slice(0, -1).map((line) => JSON.parse(line).sample), [0, 1, 2, 3]);
  await Deno.writeTextFile(path, whole.slice(0, -1));
  {
    using file = await VerdictsFile.open(path);
    assertEquals([file.get(VERDICT.task_id, 2)?.detail, file.get(VERDICT.task_id, 3)], [null, undefined]);
    await file.append(VERDICT);
  }
  assertEquals(await Deno.readTextFile(path), whole);
});

Deno.test("VerdictsFile refuses rows that are no verdicts", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/v.jsonl`;
  const line = JSON.stringify(VERDICT);
  for (
    const bad of [
      "",
      "null",
      "7",
      line.replace("false", '"yes"'),
      line.replace("3", "0.5"),
      "{",
      '{"passed":true}',
    ]
  ) {
    await Deno.writeTextFile(path, `${line}\n${bad}\n`);
    const message = `Cannot read verdicts "${path}": row 2 is none: remove the file to judge anew`;
    await assertRejects(() => VerdictsFile.open(path), SyntaxError, message);
  }
});
