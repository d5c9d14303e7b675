import { assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { StepLog } from "../../lib/cli/step_log.ts";
import { temporaryFolder } from "./run_cli.ts";

const read = async (path: string) =>
  (await Deno.readTextFile(path)).trimEnd().split("\n").map((line) => JSON.parse(line));

Deno.test("StepLog gives steps that are taken again one line, by turn, step and side", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "metrics.jsonl");
  const joint = [{ step: 1, side: "forget" }, { step: 1, side: "retain" }] as const;
  {
    using log = new StepLog(path);
    for (const line of joint) await log.append({ ...line, loss: 1 });
    await log.append({ step: 2, side: "forget", loss: 2 });
    await log.append({ step: 1, side: "retain", loss: 3 }); // begun anew in the same process
  }
  assertEquals((await read(path)).map(({ side, loss }) => [side, loss]), [["forget", 1], ["retain", 3]]);
  {
    using log = new StepLog(path);
    await log.append({ turn: 1, step: 1, side: "forget" });
    await log.append({ turn: 2, step: 1, side: "forget" });
  }
  assertEquals((await read(path)).map(({ turn = 0 }) => turn), [0, 0, 1, 2]); // each turn counts anew
  using log = new StepLog(path);
  await log.append({ turn: 1, step: 2, side: "forget" });
  assertEquals((await read(path)).map(({ turn = 0, step }) => [turn, step]), [[0, 1], [0, 1], [1, 1], [
    1,
    2,
  ]]);
});

Deno.test("StepLog cuts off a line that a kill has torn, and what is no line of its own", async () => {
  using folder = temporaryFolder();
  for (const torn of ['{"step":2,"lo', "not one\n", "\n", "null\n"]) {
    const path = join(folder.path, "metrics.jsonl");
    await Deno.writeTextFile(path, `{"step":1}\n${torn}`);
    using log = new StepLog(path);
    await log.append({ step: 3 });
    assertEquals(await Deno.readTextFile(path), '{"step":1}\n{"step":3}\n', torn);
  }
});

Deno.test("StepLog makes no file before its first line, writes nine digits and null for what is no number", async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, "metrics.jsonl");
  using log = new StepLog(path);
  assertEquals([...Deno.readDirSync(folder.path)], []);
  await log.append({ step: 1, loss: Math.PI, terms: { kl: 1 / 3 }, norm: NaN });
  assertEquals(
    await Deno.readTextFile(path),
    '{"step":1,"loss":3.14159265,"terms":{"kl":0.333333333},"norm":null}\n',
  );
  using nowhere = new StepLog(join(folder.path, "none", "metrics.jsonl"));
  await assertRejects(() => nowhere.append({ step: 1 }), Error, "Cannot write");
});
