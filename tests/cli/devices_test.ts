import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { HISTORY_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { writeCertainModel } from "./tiny_run.ts";
import { tiny } from "./tiny_cases.ts";

const FORGET = { thresholds: undefined, ma: 0, el10: 0, stop: "group", epochs: 1, "micro-batch": 1 } as const;

Deno.test("train and unlearn share a step out over --devices, to one device's losses", async () => {
  using at = await tiny();
  await writeCertainModel(at.model, "n", (i) => i % 2 * 0.05); // with which each secret begins
  const runs = [1, 2].map((devices) => ({ devices, out: at.path(`out${devices}`) }));
  const losses: number[][] = [];
  for (const { devices, out } of runs) {
    const trained = await at.run("train", { devices, out: `${out}t`, json: true });
    assertEquals(trained.code, 0, trained.stderr);
    const erased = await at.run("unlearn", { ...FORGET, devices, out: `${out}u` });
    assertEquals(erased.code, 1, erased.stderr); // one epoch is not enough
    const { settings } = JSON.parse(await Deno.readTextFile(`${out}u/run.json`));
    assertEquals([settings.microBatch, settings.devices], [1, undefined]); // goes on with another number
    const history = await readRows(`${out}u/history.parquet`, HISTORY_COLUMNS);
    losses.push([JSON.parse(trained.stdout).loss, history[1]!.loss as number]);
  }
  const [one, two] = losses as [number[], number[]];
  one.forEach((loss, i) => assert(Math.abs(two[i]! - loss) <= 1e-6 * Math.abs(loss), `${two} beside ${one}`));
});

Deno.test("--devices that there are not, or that a batch is too small for, are refused in one line", async () => {
  using at = await tiny();
  const many = "Cannot compute on 17 devices: a processor is opened as 16 at most";
  for (const command of ["train", "unlearn"]) {
    await at.fail(command, { devices: 17, ...command === "train" && { batch: 17 } }, many);
  }
  await at.fail("train", { devices: 0 }, "--devices", 2);
  await at.fail(
    "train",
    { devices: 2, batch: 1 },
    "--devices 2 needs as large a --batch, which is 1: each takes windows of its own",
    2,
  );
});

Deno.test("--plan knows --devices: a processor's share its memory", async () => {
  using at = await tiny();
  for (const command of ["train", "unlearn"]) {
    const bytes = [];
    for (const devices of [1, 2]) {
      const { code, stdout, stderr } = await at.run(command, { plan: true, devices, json: true });
      assertEquals(code, 0, stderr);
      bytes.push(JSON.parse(stdout).memory_bytes);
      assertStringIncludes(stderr, "memory");
    }
    assert(bytes[1] > bytes[0], `${command}: ${bytes}`);
  }
});
