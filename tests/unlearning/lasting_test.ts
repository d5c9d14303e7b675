import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Engine, openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { SuffixPass } from "../../lib/decoding/suffix_pass.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import type { Model } from "../../lib/models/model.ts";
import { type Lasting, LastingTraining } from "../../lib/unlearning/lasting.ts";
import { UnlearnSteps } from "../../lib/unlearning/unlearn_steps.ts";
import { unlearn, type UnlearnHooks, type UnlearnOptions } from "../../lib/unlearning/unlearn.ts";
import { readFixture } from "../models/fixtures.ts";

const engine: Engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** A model that knows its first five texts by heart. */
const { folder, texts } = await readFixture("trained");
const text = texts[0]!;
const secret = { prefix: text.slice(0, 8), secret: text.slice(8, 20) };
const forget = [{
  ids: Int32Array.from(text),
  mask: Uint8Array.from(text, (_, t) => t >= 8 && t < 20 ? 1 : 0),
  owners: Int32Array.from(text, (_, t) => t >= 8 && t < 20 ? 0 : -1),
  secrets: [secret],
}];
const SETS = { forget, retain: [2, 3].map((i) => Int32Array.from(texts[i]!)) };
/** The text itself is what is trained on: a training that is sure to bring its secret back, at first. */
const LASTING: Lasting = {
  texts: [texts[0]!, texts[1]!].map((ids) => Int32Array.from(ids)),
  ...{ steps: 15, lr: 2e-3, cycles: 4, windows: { batch: 1, length: 20 } },
};
const OPTIONS: UnlearnOptions = {
  ...{ method: "codeeraser", lr: 1e-3, epochs: 60, gamma: 0.5, lambda: 0.1, alpha: 1 },
  ...{ margin: 0.1, microBatch: 2, compat: "sound", thresholds: { ma: 0.3, el_10: 0.05 } },
  ...{ secretThresholds: [{ ma: 0.3, el_10: 0 }], endOfText: 0, xla: false },
};

const maOf = async (model: Model) => {
  using scorer = new Scorer(model);
  const [score] = await scorer.secrets([secret]);
  return score!.ma!;
};

async function run(lasting: Lasting | null, hooks: UnlearnHooks = {}) {
  const before = engine.memory();
  const ended = await (async () => {
    using loaded = await loadModel(folder);
    const { model } = loaded;
    const result = await unlearn(model, SETS, { ...OPTIONS, ...lasting && { lasting } }, hooks);
    const weights = Object.entries(model.weights).map(([name, weight]) => [name, weight.dataSync().slice()]);
    const ma = await maOf(model);
    using training = new LastingTraining(model, LASTING, { endOfText: 0 });
    training.relapses = result.relapses?.slice(0, -1) ?? [];
    await training.run({});
    return { result, ma, weights, trained: await maOf(model) };
  })();
  assertEquals(engine.memory(), before, "tensors or handles are left over");
  return ended;
}

const LONG = { ...LASTING, cycles: 20 };
/** A run that is not interrupted, for two tests. */
let whole: ReturnType<typeof run> | undefined;

Deno.test("unlearn() that is to last ends with weights that the training does not bring back", async () => {
  const once = await run(null);
  assertEquals([once.result.status, once.result.relapses], ["reached", undefined]);
  assert(once.ma <= 0.3 && once.trained > 0.3, `hidden, not forgotten: MA ${once.ma}, ${once.trained}`);
  const { result, ma, trained } = await (whole ??= run(LONG));
  const { status, relapses, history, epoch } = result;
  assertEquals(status, "reached");
  assert(relapses!.length > 1 && relapses!.slice(0, -1).every((above) => above === 1), `${relapses}`);
  assertEquals(relapses!.at(-1), 0);
  assert(ma <= 0.3 && trained <= 0.3, `MA ${ma}, ${trained}`);
  const trainings = history.filter((row) => row.trained > 0);
  assertEquals(trainings.map((row) => [row.trained, row.kept, row.loss]), [
    ...relapses!.slice(1).map(() => [15, true, null]),
    [15, false, null],
  ]);
  assertEquals(epoch, history.length - 2, "the weights before the last training");
  assertEquals(history.map(({ epoch }) => epoch), [...history.keys()]);
});

Deno.test("unlearn() says that secrets come back when no training is left, with the weights that it measured", async () => {
  const { result: { status, relapses, outcomes, epoch, history }, ma, trained } = await run({
    ...LASTING,
    cycles: 1,
  });
  assertEquals([status, relapses, history[epoch]!.trained], ["comes-back", [1], 0]);
  assert(ma <= 0.3 && trained > 0.3);
  assertEquals([outcomes![0]!.after.ma, outcomes![0]!.isAbove], [ma, false]);
});

Deno.test("unlearn() leaves as many secrets above as chance does, after a training too", async () => {
  using loaded = await loadModel(folder);
  const options = { ...OPTIONS, lasting: LASTING, byChance: 1 };
  const { status, relapses, outcomes } = await unlearn(loaded.model, SETS, options);
  assertEquals([status, relapses, outcomes![0]!.isAbove], ["reached", [1], true]);
});

Deno.test("unlearn() that is to last does not take for chance what training brings back by heart", async () => {
  using loaded = await loadModel(folder);
  const secretThresholds = [{ ma: 0.3, el_10: 0, nll_floor: 1.5 }];
  const options = { ...OPTIONS, secretThresholds, lasting: { ...LASTING, cycles: 1 }, byChance: 1 };
  const { status, relapses } = await unlearn(loaded.model, SETS, options);
  assertEquals([status, relapses], ["comes-back", [1]]);
});

Deno.test("a lasting run's training holds made-up values where the model before had them", async () => {
  using loaded = await loadModel(folder);
  const { model } = loaded;
  const other = Int32Array.from(text, (id, t) => t >= 8 && t < 20 ? (id + 7) % 50 : id);
  const mask = Uint8Array.from(text, (_, t) => t > 8 && t < 20 ? 1 : 0); // where the two part, the secret is expected
  const logitsOf = async () => {
    using pass = new SuffixPass(model);
    const inputs = [{ prefix: other.slice(0, 9), suffixes: [other.slice(9, 20)] }];
    return (await pass.run(inputs, { logits: true }))[0]![0]!.logits!;
  };
  const before = await logitsOf();
  const distance = async () => {
    const now = await logitsOf();
    return Math.sqrt(now.reduce((sum, logit, i) => sum + (logit - before[i]!) ** 2, 0));
  };
  using steps = await UnlearnSteps.create(model, { ...SETS, controls: [[{ ids: other, mask }]] }, OPTIONS);
  for (let epoch = 0; epoch < 12; epoch++) await steps.run(epoch, () => Promise.resolve());
  const [pushed, hidden] = [await distance(), await maOf(model)];
  const told: number[] = [];
  await steps.hold({ updates: 10, lr: 1e-3, turn: 0 }, (done) => void told.push(done));
  const held = await distance();
  assert(held < pushed / 2, `logits ${pushed} away, ${held} once held`);
  assert(hidden < 0.5, `MA ${hidden}`);
  assertEquals(told, Array.from({ length: 10 }, (_, i) => i + 1));
});

Deno.test("unlearn() that is to last goes on after an interrupt in a training to the same bits", async () => {
  const expected = await (whole ??= run(LONG));
  const checkpoints = await Deno.makeTempDir();
  const interrupt = new AbortController();
  let steps = 0;
  const onTrain = () => {
    if (++steps === 20) interrupt.abort(); // in the second training
  };
  let last = 0;
  const onEpoch = ({ epoch }: { epoch: number }) => void (last = epoch);
  const first = await run(LONG, { folder: checkpoints, signal: interrupt.signal, onTrain, onEpoch });
  assertEquals(first.result.status, "interrupted");
  let continuedAt = 0;
  const { result, weights } = await run(LONG, {
    folder: checkpoints,
    onContinue: (epochs) => continuedAt = epochs,
  });
  assertEquals(continuedAt, last - 1, "the epoch before the one that led to the training");
  assertEquals(result, expected.result);
  assertEquals(weights, expected.weights);
});

Deno.test("unlearn() refuses to last where means are judged, texts are too short or nothing ends a text", async () => {
  const tried = (options: Partial<UnlearnOptions>) => async () => {
    using loaded = await loadModel(folder);
    await unlearn(loaded.model, SETS, { ...OPTIONS, lasting: LASTING, ...options });
  };
  const { secretThresholds: _, ...means } = OPTIONS;
  using loaded = await loadModel(folder);
  await assertRejects(
    () => unlearn(loaded.model, SETS, { ...means, lasting: LASTING }),
    RangeError,
    "Cannot say whether forgetting lasts by means: give each secret its thresholds",
  );
  await assertRejects(
    tried({ lasting: { ...LASTING, texts: [Int32Array.of(1)] } }),
    RangeError,
    "Cannot train on 2 tokens",
  );
  await assertRejects(tried({ endOfText: null }), RangeError, "the tokenizer has no end-of-text token");
});
