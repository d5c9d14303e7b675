import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { HISTORY_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { freePort, startWorker } from "../worker.ts";
import { cliCommand, runCli } from "./run_cli.ts";
import { writeCertainModel } from "./tiny_run.ts";
import { tiny } from "./tiny_cases.ts";

const FORGET = { thresholds: undefined, ma: 0, el10: 0, stop: "group", epochs: 1, "micro-batch": 1 } as const;

Deno.test("train and unlearn share a step out over two processes, to one's losses", async () => {
  await using worker = await startWorker();
  using at = await tiny();
  await writeCertainModel(at.model, "n", (i) => i % 2 * 0.05); // with which each secret begins
  const losses: number[][] = [];
  for (const [name, hosts] of [["alone", undefined], ["shared", worker.host]] as const) {
    const out = at.path(name);
    const trained = await at.run("train", { hosts, out: `${out}t`, json: true });
    assertEquals(trained.code, 0, trained.stderr);
    const erased = await at.run("unlearn", { ...FORGET, hosts, out: `${out}u` });
    assertEquals(erased.code, 1, erased.stderr); // one epoch is not enough
    const { settings } = JSON.parse(await Deno.readTextFile(`${out}u/run.json`));
    assertEquals(settings.hosts, undefined); // goes on with others
    const history = await readRows(`${out}u/history.parquet`, HISTORY_COLUMNS);
    losses.push([JSON.parse(trained.stdout).loss, history[1]!.loss as number]);
  }
  const [one, two] = losses as [number[], number[]];
  one.forEach((loss, i) => assert(Math.abs(two[i]! - loss) <= 1e-6 * Math.abs(loss), `${two} beside ${one}`));
});

Deno.test("hosts that are none, do not answer, or are too many for a batch or a method are refused in one line", async () => {
  using at = await tiny();
  const nobody = `127.0.0.1:${freePort()}`;
  for (const command of ["train", "unlearn"]) {
    await at.fail(command, { hosts: "node1" }, 'Cannot read host "node1": expected HOST:PORT', 2);
    await at.fail(
      command,
      { hosts: nobody, ...command === "train" && { batch: 2 } },
      `Cannot reach ${nobody}: `,
    );
  }
  for (const command of ["train", "unlearn"]) { // nobody need be there for a plan
    const planned = [];
    for (const hosts of [undefined, nobody]) {
      const batch = command === "train" ? 2 : undefined;
      const { code, stdout, stderr } = await at.run(command, { hosts, plan: true, batch, json: true });
      assertEquals(code, 0, stderr);
      planned.push(JSON.parse(stdout).memory_bytes);
    }
    assert(planned[1] !== planned[0], `${command}: ${planned}`); // sums of gradients that come, rows that go
  }
  await at.fail("train", { hosts: "a:1,b:1", batch: 2 }, "3 devices need as large a --batch, which is 2", 2);
  await at.fail("unlearn", { method: "revs", hosts: "a:1" }, "Cannot use --hosts with revs", 2);
});

Deno.test("a training whose host goes ends in one line, and goes on without it", async () => {
  const worker = await startWorker();
  using at = await tiny();
  const out = at.path("out");
  const args = [
    "train",
    "--corpus",
    at.corpus,
    "--out",
    out,
    "--steps",
    "400",
    "--batch",
    "2",
    "--length",
    "32",
  ]
    .concat("--layers", "1", "--width", "32", "--heads", "2", "--vocabulary", "300");
  const child = cliCommand([...args, "--hosts", worker.host], { env: { CODESCRUB_DEVICE: "cpu" } }).spawn();
  const done = child.output();
  let hasEnded = false;
  done.then(() => hasEnded = true);
  const hasBegun = () => existsSync(join(out, "checkpoints")) || existsSync(join(out, "training_log.jsonl"));
  while (!hasBegun() && !hasEnded) await new Promise((resolve) => setTimeout(resolve, 20));
  await worker.kill();
  const { code, stderr } = await done;
  const lines = new TextDecoder().decode(stderr).trimEnd().split("\n");
  assertEquals(code, 1, lines.join("\n"));
  assertStringIncludes(lines.at(-1)!, `codescrub: Cannot go on with `);
  assertStringIncludes(lines.at(-1)!, ": what is done goes on without");
  const again = await runCli(args, { env: { CODESCRUB_DEVICE: "cpu" } });
  assertEquals(again.code, 0, again.stderr);
});

Deno.test("worker says where it waits and that a port is taken", async () => {
  await using worker = await startWorker();
  const port = worker.host.replace(/.*:/, "");
  const { code, stderr } = await runCli(["worker", "--port", port], {
    env: { CODESCRUB_DEVICE: "cpu" },
  });
  assertEquals([code, stderr.trimEnd().split("\n").length], [1, 1], stderr);
  assertStringIncludes(stderr, `codescrub: Cannot run a server on port ${port}: `);
});
