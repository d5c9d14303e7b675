import { assert, assertEquals, assertRejects } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { LORA_DEFAULTS, newAdapter } from "../../lib/models/lora.ts";
import { Model } from "../../lib/models/model.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { Adam } from "../../lib/training/adam.ts";
import { readCheckpoint, writeCheckpoint } from "../../lib/training/checkpoint.ts";
import { trainModel } from "../../lib/training/train.ts";
import { watchDevices } from "../engine/watch_engine.ts";
import { openedAt, startWorker, type Where } from "../worker.ts";
import { DOCUMENTS, OPTIONS, tinyModel } from "./tiny_training.ts";

/** Three windows: one of two devices has more to do. */
const SHARED = { ...OPTIONS, batch: 3, steps: 5 };

interface How {
  hasAdapter?: boolean;
  recomputesLayers?: boolean;
  microBatch?: number;
  stop?: number;
  folder?: string;
}

/** The losses and norms of each step, up to `stop`; goes on from the folder's checkpoint and leaves one. */
async function train(where: Where, { hasAdapter, recomputesLayers, microBatch, stop, folder }: How = {}) {
  using engine = await openTensorFlow(openedAt(where));
  const before = engine.memory();
  const numbers = await (async () => {
    const plain = tinyModel();
    const lora = { ...LORA_DEFAULTS, rank: 2, alpha: 2, seed: 1, dropout: 0.3 };
    const { config, weights } = plain;
    const adapter = hasAdapter ? newAdapter(plain.linearLayers, lora, "tiny") : undefined;
    using model = new Model({
      architecture: architectureOf("gpt2"),
      config: config as never,
      weights,
      adapter,
    });
    using optimizer = new Adam(model.trainable, { betas: OPTIONS.betas, maxNorm: 0.5 });
    const state = { weights: model.trainable, optimizer };
    if (folder) await readCheckpoint(folder, state);
    const controller = new AbortController();
    const numbers: number[] = [];
    using watch = watchDevices();
    await trainModel(model, { optimizer, documents: DOCUMENTS }, {
      ...SHARED,
      ...recomputesLayers && { recomputesLayers },
      microBatch,
    }, {
      onStep: ({ step, loss, norm }) => {
        numbers.push(loss, norm);
        if (step === stop) controller.abort();
      },
      signal: controller.signal,
    }).catch((error) => {
      if (error !== controller.signal.reason) throw error;
    });
    if (folder) await writeCheckpoint(folder, state, {});
    assertEquals([...watch.devices].sort(), where === 1 ? [0] : [0, 1]);
    return numbers;
  })();
  assertEquals(engine.memory(), before, "tensors or handles are left over");
  return numbers;
}

function assertSame(actual: readonly number[], expected: readonly number[]): void {
  assertEquals(actual.length, expected.length);
  const worst = Math.max(...expected.map((value, i) => Math.abs(actual[i]! / value - 1)));
  assert(worst <= 1e-6, `${worst} apart: ${actual} beside ${expected}`);
}

const WAYS: How[] = [{}, { hasAdapter: true }, { hasAdapter: true, recomputesLayers: true }];

Deno.test("trainModel() on a processor and a worker's has the losses of one", async () => {
  await using worker = await startWorker();
  for (const how of WAYS) assertSame(await train(worker, how), await train(1, how));
});

for (const how of WAYS) {
  Deno.test(`trainModel() on two logical processors has the losses of one: ${JSON.stringify(how)}`, async () => {
    assertSame(await train(2, how), await train(1, how));
  });
}

for (const [where, microBatch] of [[1, 1], [1, 2], [2, 1]] as const) {
  Deno.test(`trainModel() by ${microBatch} of three windows at once has the losses of all, on ${where} devices`, async () => {
    for (const how of WAYS) assertSame(await train(where, { ...how, microBatch }), await train(1, how));
  });
}

Deno.test("trainModel() refuses no windows at once", async () => {
  const message = "Cannot train on 0 windows at once: expected a whole number from 1";
  await assertRejects(() => train(1, { microBatch: 0 }), RangeError, message);
});

Deno.test("a training that was stopped on one device goes on with two", async () => {
  const folder = await Deno.makeTempDir();
  const both = [...await train(1, { folder, stop: 2 }), ...await train(2, { folder })];
  assertSame(both, await train(1));
  await Deno.remove(folder, { recursive: true });
});

Deno.test("trainModel() refuses batches of fewer windows than devices", async () => {
  using _engine = await openTensorFlow({ device: "cpu", count: 2 });
  using model = tinyModel();
  using optimizer = new Adam(model.trainable, { betas: OPTIONS.betas });
  await assertRejects(
    () => trainModel(model, { optimizer, documents: DOCUMENTS }, { ...SHARED, batch: 1 }),
    RangeError,
    "Cannot share out batches of 1 over 2 devices: give each a window",
  );
});
