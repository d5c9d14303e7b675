import { assertAlmostEquals, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { assign, snapshot } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Adam } from "../../lib/training/adam.ts";
import { GradientSums } from "../../lib/training/gradient_sums.ts";
import { microBatches } from "../../lib/unlearning/micro_batches.ts";
import { ObjectiveStep, type StepShared } from "../../lib/unlearning/objective_step.ts";
import { objectiveOf, type ObjectiveOptions } from "../../lib/unlearning/objectives.ts";
import type { UnlearnOptions, UnlearnSets } from "../../lib/unlearning/unlearn.ts";
import { UnlearnSteps } from "../../lib/unlearning/unlearn_steps.ts";
import fixture from "../fixtures/methods.json" with { type: "json" };

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const folder = fileURLToPath(new URL("../fixtures/unlearning", import.meta.url));

type Row = { ids: number[]; places: number[][] };

function rowOf({ ids, places }: Row): UnlearnSets["forget"][number] {
  const owners = Int32Array.from(ids, (_, t) => places.findIndex(([from, to]) => t >= from! && t < to!));
  return {
    ids: Int32Array.from(ids),
    mask: Uint8Array.from(owners, (owner) => owner < 0 ? 0 : 1),
    owners,
    secrets: places.map(([from, to]) => ({ prefix: ids.slice(0, from), secret: ids.slice(from, to) })),
  };
}

const RETAIN = fixture.retain.map((ids) => Int32Array.from(ids));
const OPTIONS: Omit<UnlearnOptions, "method"> = {
  ...{ lr: fixture.rate, epochs: 40, margin: 0.1, microBatch: 2, compat: "sound", xla: false },
  ...{ thresholds: { ma: 0.3, el_10: 0.05 }, endOfText: null },
};

/** What all methods share: capturing steps is most of the time of these tests. */
using stack = new DisposableStack();
const { model } = stack.use(await loadModel(folder));
const start = Object.entries(model.weights).map(([name, weight]) => [name, snapshot(weight)] as const);
stack.defer(() => tf.dispose(start.map(([, weight]) => weight)));
const optimizer = stack.use(new Adam(model.weights, { betas: [0.9, 0.98] }));
const sums = stack.use(new GradientSums(model.weights, optimizer, { xla: false }));
const retained = new Map<string, ObjectiveStep>();
const shared = stack.move();
Deno.test.afterAll(() => {
  for (const step of retained.values()) step[Symbol.dispose]();
  shared[Symbol.dispose]();
});

function restart(): void {
  for (const [name, weight] of start) assign(model.weights[name]!, weight);
  optimizer.reset();
}

/** The losses of ten steps, by the parts that `UnlearnSteps` is made of. */
async function lossesOf(
  method: string,
  options: ObjectiveOptions,
  { rows, size, saving }: { rows: readonly Row[]; size: number; saving: StepShared["saving"] },
): Promise<number[]> {
  restart();
  const { forget, retain, terms } = objectiveOf(method, options);
  const key = JSON.stringify(retain);
  if (retain && !retained.has(key)) {
    const batches = microBatches(RETAIN.map((ids) => ({ ids })), retain, { size: 2 });
    retained.set(key, await ObjectiveStep.create({ model, sums, xla: false }, batches));
  }
  const batches = microBatches(rows.map(rowOf), forget, { size });
  const shared = { model, sums, xla: false, terms: terms?.forget ?? [], saving };
  using step = await ObjectiveStep.create(shared, batches);
  const losses: number[] = [];
  for (let i = 0; i < 10; i++) {
    if (!retain) losses.push((await step.run(fixture.rate)).loss);
    else losses.push((await step.add()).loss + (await retained.get(key)!.run(fixture.rate)).loss);
  }
  return losses;
}

/** Those of an unlearning run's steps. */
async function lossesOfRun(options: Partial<UnlearnOptions> & { method: string }, rows: readonly Row[]) {
  using loaded = await loadModel(folder);
  const sets = { forget: rows.map(rowOf), retain: RETAIN };
  using run = await UnlearnSteps.create(loaded.model, sets, { ...OPTIONS, ...options });
  const losses: number[] = [];
  for (let i = 0; i < 10; i++) losses.push((await run.run(i, () => Promise.resolve())).forget.loss);
  return losses;
}

for (const [i, { method, scope, set, kind, options, losses }] of fixture.cases.entries()) {
  Deno.test(`${method} of ${scope}s has the losses of ten steps in PyTorch (${kind}, set "${set}")`, async () => {
    const rows = fixture.sets[set as keyof typeof fixture.sets];
    const all = { scope, ...options } as ObjectiveOptions;
    const [before, steps] = [engine.memory(), retained.size];
    const found = ["pdu", "rmu"].includes(method)
      ? await lossesOfRun({ method, ...all }, rows)
      : await lossesOf(method, all, {
        ...{ rows, size: 1 + i % 3 },
        saving: i % 3 === 0 ? {} : { recomputesLayers: true, logitBytes: 2000 },
      });
    found.forEach((loss, step) => {
      const wanted = losses[step]!;
      assertAlmostEquals(loss, wanted, 1e-4 * Math.abs(wanted), `step ${step + 1} of ${found} (${losses})`);
    });
    // a shared step stays, and the first case captures the shared update
    if (i > 0 && retained.size === steps) {
      assertEquals(engine.memory(), before, "tensors or handles are left over");
    }
  });
}

Deno.test("the retain side's weight of PDU is kept in its state, and goes on from it", async () => {
  using loaded = await loadModel(folder);
  const sets = { forget: fixture.sets.one.map(rowOf), retain: RETAIN };
  using run = await UnlearnSteps.create(loaded.model, sets, { ...OPTIONS, method: "pdu", warmup: 1 });
  const step = async (turn: number) => (await run.run(turn, () => Promise.resolve())).retain!;
  const first = await step(0);
  assertEquals(run.dual, { weight: 1, bound: first.crossEntropyNormal! }); // the first retain loss is the bound
  const second = await step(1);
  const weight = Math.max(0, 1 + second.crossEntropyNormal! - first.crossEntropyNormal!);
  assertAlmostEquals(run.dual!.weight, weight, 1e-6);
  run.dual = { weight: 3, bound: 0.5 };
  const third = await step(2);
  assertAlmostEquals(third.loss, 3 * third.crossEntropyNormal!, 1e-4);
  assertAlmostEquals(run.dual!.weight, 3 + third.crossEntropyNormal! - 0.5, 1e-6);
});
