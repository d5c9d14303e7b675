import { assertEquals, assertRejects } from "@std/assert";
import { VerdictsFile, type VerdictsFileOptions } from "../../lib/humaneval/verdicts_file.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const VERDICT = {
  task_id: "Made/\u{1f40d}\n",
  sample: 3,
  passed: false,
  reason: "failed",
  detail: "NameError",
};
const OPTIONS = {
  judge: { sandbox: "pyodide", timeout: 3 },
  programOf: (_: string, sample: number) => `p${sample}`,
};

Deno.test("VerdictsFile has the verdicts of whole lines, added at once or not, and goes on behind them", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/v.jsonl`;
  {
    using file = await VerdictsFile.open(path, OPTIONS);
    await Promise.all([0, 1, 2].map((sample) => file.append({ ...VERDICT, sample, detail: null })));
    await file.append(VERDICT);
  }
  const whole = await Deno.readTextFile(path);
  assertEquals(whole.split("\n").slice(0, -1).map((line) => JSON.parse(line).sample), [0, 1, 2, 3]);
  await Deno.writeTextFile(path, whole.slice(0, -1));
  {
    using file = await VerdictsFile.open(path, OPTIONS);
    assertEquals([file.get(VERDICT.task_id, 2)?.detail, file.get(VERDICT.task_id, 3)], [null, undefined]);
    await file.append(VERDICT);
  }
  assertEquals(await Deno.readTextFile(path), whole);
});

/** The line of the verdict, as the file has it. */
async function lineOf(path: string): Promise<string> {
  using file = await VerdictsFile.open(path, OPTIONS);
  await file.append(VERDICT);
  return (await Deno.readTextFile(path)).trim();
}

Deno.test("VerdictsFile refuses a verdict that was edited, or is of another program or sandbox", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/v.jsonl`;
  const line = await lineOf(path);
  const refused = async (options: VerdictsFileOptions) => {
    const message =
      `Cannot read verdicts "${path}": row 1 was edited, or judged by other tests or another sandbox`;
    await assertRejects(() => VerdictsFile.open(path, options), SyntaxError, message);
  };
  await refused({ ...OPTIONS, programOf: () => "another" });
  await refused({ ...OPTIONS, judge: { ...OPTIONS.judge, timeout: 30 } });
  for (
    const edit of [['"passed":false', '"passed":true'], ["NameError", "TypeError"], ['"failed"', '"passed"']]
  ) {
    await Deno.writeTextFile(path, line.replace(edit[0]!, edit[1]!) + "\n");
    await refused(OPTIONS);
  }
  await Deno.writeTextFile(path, line + "\n");
  using file = await VerdictsFile.open(path, { ...OPTIONS, programOf: () => undefined });
  assertEquals(file.get(VERDICT.task_id, VERDICT.sample), undefined, "its sample is not there");
});

Deno.test("VerdictsFile refuses rows that are no verdicts", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/v.jsonl`;
  const line = await lineOf(path);
  for (
    const bad of [
      "",
      "null",
      "7",
      line.replace("false", '"yes"'),
      line.replace('"sample":3', '"sample":0.5'),
      line.replace(/,"digest":.*}/, "}"),
      "{",
      '{"passed":true}',
    ]
  ) {
    await Deno.writeTextFile(path, `${line}\n${bad}\n`);
    const message = `Cannot read verdicts "${path}": row 2 is none: remove the file to judge anew`;
    await assertRejects(() => VerdictsFile.open(path, OPTIONS), SyntaxError, message);
  }
});
