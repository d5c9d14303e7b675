import { assertAlmostEquals, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { assign, snapshot } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import type { Model } from "../../lib/models/model.ts";
import { Adam } from "../../lib/training/adam.ts";
import { GradientSums } from "../../lib/training/gradient_sums.ts";
import { nextTokenLosses } from "../../lib/training/next_token_loss.ts";
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

Deno.test("PDU's weight moves with the divergence of the retain set by --retain-loss kl, from 0 too", async () => {
  using loaded = await loadModel(folder);
  const sets = { forget: fixture.sets.one.map(rowOf), retain: RETAIN };
  const how = { ...OPTIONS, method: "pdu", retainLoss: "kl", warmup: 0, lr: 0.01 } as const;
  const step = async (run: UnlearnSteps, turn: number) => await run.run(turn, () => Promise.resolve());
  {
    using run = await UnlearnSteps.create(loaded.model, sets, { ...how, alpha: 2 });
    const first = (await step(run, 0)).retain!;
    assertAlmostEquals(first.divergence!, 0, 1e-6); // the model is the reference
    assertEquals(run.dual!.bound, first.divergence);
    const second = await step(run, 1);
    const kl = second.retain!.divergence!;
    assertEquals(kl > 1e-3, true);
    assertAlmostEquals(second.retain!.loss, 2 * kl, 1e-5);
    assertAlmostEquals(second.forget.loss - second.forget.terms.pdu!, 2 * kl, 1e-5); // 0 are allowed
    assertAlmostEquals(run.dual!.weight, 2 + kl, 1e-6);
    run.dual = { weight: 0, bound: 1 };
    const third = (await step(run, 2)).retain!;
    assertEquals([third.divergence! > 1e-3, run.dual!.weight], [true, Math.max(0, third.divergence! - 1)]);
  }
  using none = await UnlearnSteps.create(loaded.model, sets, { ...how, alpha: 0, epsilon: 0 });
  await step(none, 0);
  const { divergence } = (await step(none, 1)).retain!;
  assertEquals(none.dual!.weight > 0 && divergence! > 0, true);
});

/** With SimNPO's own beta little is left of a loss of some nats. */
const SLOPE = { gamma: 1, beta: 0.1 };

for (const method of ["npo", "simnpo"]) {
  Deno.test(`a secret that is left alone leaves ${method} of rows, and comes back`, async () => {
    using loaded = await loadModel(folder);
    const [row] = fixture.sets.two.map(rowOf);
    const places = row!.secrets.length;
    assertEquals(places > 1, true, "a row with two secrets is needed");
    const lossOf = async (row: UnlearnSets["forget"][number], active: readonly boolean[]) => {
      const step = { ...OPTIONS, method, scope: "row", alpha: 0, lr: 0, ...SLOPE } as const;
      using run = await UnlearnSteps.create(loaded.model, { forget: [row], retain: [] }, step);
      tf.tidy(() => {
        for (const weight of Object.values(loaded.model.weights)) {
          assign(weight, tf.add(tf.mul(weight, 1.03), 0.002));
        }
      });
      const losses = [];
      for (const own of [active, active.map(() => true)]) {
        run.reweigh({ active: own, pushes: undefined, secretThresholds: undefined });
        losses.push((await run.run(0, () => Promise.resolve())).forget.loss);
      }
      restore(loaded.model);
      return losses;
    };
    const restore = ({ weights }: Model) => {
      for (const [name, weight] of start) assign(weights[name]!, weight);
    };
    const [without, again] = await lossOf(row!, row!.secrets.map((_, i) => i > 0));
    const [all] = await lossOf(row!, row!.secrets.map(() => true));
    assertAlmostEquals(again!, all!, 1e-6);
    // by hand: the losses of the tokens that are left, of the model as it is and as it was
    assertEquals(Math.abs(without! - all!) > 1e-4, true);
    assertAlmostEquals(without!, plainLoss(method, row!, loaded.model, restore), 1e-4);
  });
}

/** The loss of a row without its first secret's tokens, by the token losses of each model. */
function plainLoss(
  method: string,
  { ids, owners }: UnlearnSets["forget"][number],
  model: Model,
  restore: (model: Model) => void,
): number {
  const lossOf = () => {
    const losses = tf.tidy(() =>
      nextTokenLosses(model, tf.tensor2d(ids, [1, ids.length], "int32")).dataSync()
    );
    const own = [...losses].filter((_, t) => owners![t + 1] !== 0);
    return { sum: own.reduce((sum, loss) => sum + loss, 0), count: own.length };
  };
  restore(model);
  const before = lossOf();
  tf.tidy(() => {
    for (const weight of Object.values(model.weights)) assign(weight, tf.add(tf.mul(weight, 1.03), 0.002));
  });
  const after = lossOf();
  restore(model);
  const excess = method === "npo" ? after.sum - before.sum : after.sum / after.count;
  return SLOPE.gamma * 2 / SLOPE.beta * Math.log1p(Math.exp(-SLOPE.beta * excess));
}
