import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { type Engine, openTensorFlow } from "../../lib/engine/engine.ts";
import { groupMeans } from "../../lib/metrics/group_scores.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import type { Model } from "../../lib/models/model.ts";
import { PAPER_METHODS } from "../../lib/unlearning/objectives.ts";
import {
  unlearn,
  type UnlearnHooks,
  type UnlearnOptions,
  type UnlearnResult,
  type UnlearnSets,
} from "../../lib/unlearning/unlearn.ts";
import type { UnlearnEpoch } from "../../lib/unlearning/unlearn_epoch.ts";
import { folder, OPTIONS, row, SETS, texts } from "./trained_sets.ts";

const engine: Engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

interface Ended {
  result: UnlearnResult;
  /** The forget set's means under the weights that the run left, and the retain set's MA. */
  after: { ma: number | null; el_10: number | null; retain: number | null };
  weights: Record<string, Float32Array>;
}

function weightsOf({ weights }: Model): Record<string, Float32Array> {
  return Object.fromEntries(
    Object.entries(weights).map(([name, weight]) => [name, weight.dataSync().slice() as Float32Array]),
  );
}

/** A test after which as many tensors and native handles are held as before. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    const before = engine.memory();
    await body();
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}

async function run(
  options: Partial<UnlearnOptions> = {},
  { sets = SETS, ...hooks }: UnlearnHooks & { sets?: UnlearnSets } = {},
): Promise<Ended> {
  using loaded = await loadModel(folder);
  const { model } = loaded;
  const result = await unlearn(model, sets, { ...OPTIONS, ...options }, hooks);
  using scorer = new Scorer(model);
  const secrets = await scorer.secrets(sets.forget.flatMap(({ secrets }) => secrets));
  const means = groupMeans(secrets, secrets.map((_, i) => i));
  const retained = await scorer.texts(sets.retain, { el: false });
  const retain = groupMeans(retained, retained.map((_, i) => i)).ma;
  return { result, after: { ma: means.ma, el_10: means.el_10, retain }, weights: weightsOf(model) };
}

function assertHistory(history: readonly UnlearnEpoch[]): void {
  const columns = ["epoch", "loss", "ce_secret", "ce_normal", "kl_forget", "kl_retain"]
    .concat("ma", "el_3", "el_5", "el_10", "retain_ma", "kept", "trained", "norm").sort();
  history.forEach((epoch, i) => {
    assertEquals(Object.keys(epoch).sort(), columns);
    assertEquals([epoch.epoch, epoch.loss === null, epoch.ce_secret === null], [i, i === 0, i === 0]);
    assertEquals(epoch.norm === null, i === 0);
  });
}

test("unlearn() by CodeEraser forgets secrets and keeps what is retained", async () => {
  const { result: { status, epoch, history }, after } = await run();
  assertEquals([status, history.at(-1)!.epoch], ["reached", epoch]);
  assertHistory(history);
  const [before] = history;
  assertEquals([before!.ma, before!.retain_ma, before!.kept], [1, 1, true]);
  assert(after.ma! < 0.3 && after.el_10! < 0.05, `MA ${after.ma}, EL_10 ${after.el_10}`);
  assert(after.retain! > 0.85, `retain MA ${after.retain}`);
  assertEquals([after.ma, after.el_10, after.retain], [
    history[epoch]!.ma,
    history[epoch]!.el_10,
    history[epoch]!.retain_ma,
  ]);
  assert(
    history.some(({ el_10 }) => el_10 === null),
    "EL_n is measured although MA is far from its threshold",
  );
  assertAlmostEquals(history[1]!.kl_forget!, 0, 1e-5); // the reference is the model at the start
  assert(history[1]!.kl_retain! > 0, "the forget step comes first");
  for (const { loss, ce_secret, ce_normal, kl_forget } of history.slice(1)) {
    assertAlmostEquals(loss!, -ce_secret! + 0.5 * ce_normal! - 0.1 * kl_forget!, 1e-4);
  }
  assert(history.at(-1)!.ce_secret! > history[1]!.ce_secret!);
});

test("unlearn() by each other method forgets too, by GA with more harm", async () => {
  const retained: Record<string, number> = {};
  for (const method of PAPER_METHODS) {
    const { result: { status, history }, after } = await run({ method });
    assertEquals(status, "reached", method);
    assert(after.ma! < 0.3, `${method}: MA ${after.ma}`);
    const [kl_forget, kl_retain] = [history[1]!.kl_forget, history[1]!.kl_retain].map((kl) => kl !== null);
    assertEquals([kl_forget, kl_retain], Array(2).fill(method === "cu" || method.startsWith("codeeraser")));
    retained[method] = after.retain!;
  }
  assert(retained.ga! < retained.codeeraser!, JSON.stringify(retained));
});

test("unlearn() does the same whatever the micro-batch", async () => {
  const [one, two] = [await run({ microBatch: 1, epochs: 3 }), await run({ microBatch: 8, epochs: 3 })];
  one.result.history.forEach((epoch, i) => {
    const other = two.result.history[i]!;
    assertEquals([epoch.ma, epoch.retain_ma], [other.ma, other.retain_ma]);
    if (i > 0) assertAlmostEquals(epoch.loss!, other.loss!, 1e-4);
  });
});

test("unlearn() has nothing to do where the model is below the thresholds", async () => {
  const thresholds = { ma: 1.1, el_10: 1.1 };
  const untouched = await run({ epochs: 0 });
  const { result, weights } = await run({ thresholds });
  assertEquals([result.status, result.epoch, result.history.length], ["nothing-to-do", 0, 1]);
  assertEquals(weights, untouched.weights);
  assertEquals((await run({ thresholds, compat: "paper" })).result.status, "reached"); // it does not look before
  assertEquals((await run({ thresholds: { ma: 1.1, el_10: 1 } })).result.status, "reached"); // EL_10 was not below
});

test("unlearn() says that it has not converged, and ends with the epoch that it kept last", async () => {
  const { result, after } = await run({ epochs: 4 });
  assertEquals([result.status, result.history.length], ["not-converged", 5]);
  assertEquals(result.epoch, result.history.findLast(({ kept }) => kept)!.epoch);
  assertEquals(after.ma, result.history[result.epoch]!.ma);
});

test("unlearn() never ends with more memorization than at the start", async () => {
  // a negative rate descends where it should ascend, from a model that knows half of a text
  const sets = { ...SETS, forget: [row(texts[5]!, 14, 30)] };
  const { result, after } = await run({ method: "ga", lr: -3e-3, epochs: 5 }, { sets });
  const [before, ...later] = result.history;
  assert(later.some(({ ma }) => ma! > before!.ma!), "nothing was learnt");
  assertEquals(result.status, "not-converged");
  assertEquals(later.map(({ kept }) => kept), later.map(({ ma }) => ma! <= before!.ma!));
  assertEquals([after.ma, result.history[result.epoch]!.kept], [before!.ma, true]);
});

test("unlearn() tells of every epoch, the one before included", async () => {
  const told: number[] = [];
  const { result } = await run({ epochs: 2 }, { onEpoch: ({ epoch }) => void told.push(epoch) });
  assertEquals(told, [0, 1, 2]);
  assertEquals(result.history.map(({ epoch }) => epoch), told);
});

test("unlearn() tells of every secret, in the order of the forget set", async () => {
  const means: (number | null)[][] = [];
  const { result } = await run({ epochs: 12 }, {
    onEpoch: (_, secrets) => {
      assertEquals(secrets.map(({ tokens }) => tokens), [16, 16]);
      const { ma, el_10 } = groupMeans(secrets, secrets.map((_, i) => i));
      means.push([ma, el_10]);
    },
  });
  assertEquals(means, result.history.map(({ ma, el_10 }) => [ma, el_10])); // EL_n null where not measured
});

test("unlearn() goes on from its folder as if it had not been interrupted", async () => {
  const interrupted: [string, number[][]][] = [["codeeraser", [[1], [0, 3, 7]]], ["ga", [[4]]]];
  for (const [method, all] of interrupted) {
    const expected = await run({ method });
    for (const cuts of all) {
      const path = await Deno.makeTempDir();
      const continued: number[] = [];
      const onContinue = (epochs: number) => void continued.push(epochs);
      for (const cut of cuts) {
        const interrupt = new AbortController();
        const onEpoch = ({ epoch }: UnlearnEpoch) => {
          if (epoch === cut) interrupt.abort();
        };
        const { result } = await run({ method }, {
          ...{ folder: path, signal: interrupt.signal },
          ...{ onEpoch, onContinue },
        });
        assertEquals([result.status, result.history.length], ["interrupted", cut + 1]);
      }
      const { result, weights } = await run({ method }, { folder: path, onContinue });
      assertEquals(continued, cuts.filter((cut) => cut > 0)); // epoch 0 leaves no checkpoint
      assertEquals(result, expected.result, `${method}, cut at ${cuts}`);
      assertEquals(weights, expected.weights, `${method}, cut at ${cuts}`);
      await Deno.remove(path, { recursive: true });
    }
  }
});

test("unlearn() interrupted leaves the model with the weights kept so far", async () => {
  const path = await Deno.makeTempDir();
  const interrupt = new AbortController();
  const onEpoch = ({ epoch }: UnlearnEpoch) => void (epoch === 2 && interrupt.abort());
  const { result, after } = await run({}, { folder: path, signal: interrupt.signal, onEpoch });
  assertEquals([result.epoch, after.ma], [2, result.history[2]!.ma]);
  await Deno.remove(path, { recursive: true });
});

test("unlearn() interrupted within an epoch drops it, and goes on as if nothing had been", async () => {
  const expected = await run({ method: "codeeraser", microBatch: 1 });
  const path = await Deno.makeTempDir();
  const interrupt = new AbortController();
  const reason = new Error("enough");
  const batches: [number, number][] = [];
  const onBatch = (done: number, total: number) => {
    batches.push([done, total]);
    if (batches.length === total + 2) interrupt.abort(reason); // in the second epoch
  };
  const cut = await run({ method: "codeeraser", microBatch: 1 }, {
    folder: path,
    signal: interrupt.signal,
    onBatch,
  });
  assertEquals([cut.result.status, cut.result.history.length], ["interrupted", 2]);
  const [, total] = batches[0]!;
  assertEquals(batches.map(([done]) => done), [...Array.from({ length: total }, (_, i) => i + 1), 1, 2]);
  const { result, weights } = await run({ method: "codeeraser", microBatch: 1 }, { folder: path });
  assertEquals([result, weights], [expected.result, expected.weights]);
  await Deno.remove(path, { recursive: true });
});

test("unlearn() keeps one checkpoint at a time, and the weights kept last", async () => {
  const path = await Deno.makeTempDir();
  await run({ epochs: 3 }, { folder: path });
  const names = Array.from(Deno.readDirSync(path), ({ name }) => name);
  assertEquals(names.sort(), ["checkpoint-0.kept", "checkpoint-3.kept", "checkpoint-6"]); // two steps an epoch
  await Deno.remove(path, { recursive: true });
});

test("unlearn() frees what it made when it is refused or fails", async () => {
  const wrong: UnlearnSets = { ...SETS, forget: [{ ...SETS.forget[0]!, mask: new Uint8Array(40) }] };
  const long = { ids: new Int32Array(90), mask: new Uint8Array(90).fill(1), secrets: [] };
  const cases: [Partial<UnlearnOptions>, UnlearnSets, string][] = [
    [{ method: "sgd" }, SETS, 'Unknown method "sgd": expected'],
    [{}, wrong, "Cannot take a step: no secret token is predicted in the set"],
    [{}, { ...SETS, forget: [] }, "Cannot take a step on a set without rows"],
    [{}, { ...SETS, retain: [] }, "Cannot take a step on a set without rows"],
    [{ method: "cu" }, { ...SETS, forget: [long] }, "Cannot run 90 positions as the model has 64"],
    [{}, { ...SETS, retain: [new Int32Array(90)] }, "Cannot run 90 positions as the model has 64"],
    [{ lr: Infinity }, SETS, "Cannot take a step as the learning rate must be finite: it is Infinity"],
    [
      {},
      { ...SETS, retain: [Int32Array.of(1, 64)] },
      "Cannot unlearn with retain text 0: token 64 is beyond",
    ],
    [{}, { ...SETS, forget: [row([1, -1, 2], 1, 3)] }, "Cannot unlearn forget text 0: token -1 is beyond"],
  ];
  for (const [options, sets, message] of cases) {
    const before = engine.memory();
    await assertRejects(() => run(options, { sets }), RangeError, message);
    assertEquals(engine.memory(), before, `${message}: tensors or handles are left over`);
  }
});

test("unlearn() by GA needs no retain set", async () => {
  const { result } = await run({ method: "ga", epochs: 1 }, { sets: { ...SETS, retain: [] } });
  assertEquals(result.history.map(({ retain_ma }) => retain_ma), [null, null]);
});
