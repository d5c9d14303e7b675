import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { assign } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { sparseCrossEntropy } from "../../lib/engine/kernels.ts";
import type { Model } from "../../lib/models/model.ts";
import { Adam } from "../../lib/training/adam.ts";
import { valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { GradientSums } from "../../lib/training/gradient_sums.ts";
import { KIND, microBatches, type UnlearnRow } from "../../lib/unlearning/micro_batches.ts";
import { ObjectiveStep } from "../../lib/unlearning/objective_step.ts";
import {
  CROSS_ENTROPY,
  DIVERGENCE,
  rowWeights,
  type Term,
  type TermInputs,
  tokenWeights,
} from "../../lib/unlearning/terms.ts";
import { unlearn } from "../../lib/unlearning/unlearn.ts";
import { readFixture } from "../models/fixtures.ts";
import { assertTensorClose } from "../tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const { folder, texts } = await readFixture("trained");

/** A test after which as many tensors and native handles are held as before. */
function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, async () => {
    const before = engine.memory();
    await body();
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}

/** Three rows of two secrets each, one of them short. */
const ROWS: UnlearnRow[] = [texts[0]!, texts[1]!, texts[2]!.slice(0, 12)].map((text) => ({
  ids: Int32Array.from(text),
  mask: Uint8Array.from(text, (_, t) => t >= 3 && t < 9 ? 1 : 0),
  owners: Int32Array.from(text, (_, t) => t < 3 || t >= 9 ? -1 : t < 6 ? 0 : 1),
}));

/** Adam that keeps the gradients it was given. */
class RecordingAdam extends Adam {
  readonly gradients: Record<string, tf.Tensor>;

  constructor(weights: Readonly<Record<string, tf.Tensor>>) {
    super(weights, { betas: [0.9, 0.98] });
    this.gradients = Object.fromEntries(Object.entries(weights).map(([name, w]) => [name, tf.zerosLike(w)]));
  }

  override apply(gradients: Readonly<Record<string, tf.Tensor>>, rates: tf.Tensor): tf.Tensor {
    for (const [name, gradient] of Object.entries(gradients)) assign(this.gradients[name]!, gradient);
    return super.apply(gradients, rates);
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    tf.dispose(this.gradients);
  }
}

/** Moves a model a little off what it was, always alike. */
function nudge({ weights }: Model): void {
  tf.tidy(() => {
    for (const weight of Object.values(weights)) assign(weight, tf.add(tf.mul(weight, 1.03), 0.002));
  });
}

/**
 * The loss and gradients that a step of a term has found, against those of `plain`: the loss of all rows at once, one row
 * after the other, by tfjs alone.
 *
 * @param plain of a model; `before` is the model that was the reference
 */
async function checkTerm(
  term: Term,
  plain: (model: Model, before: Model) => tf.Tensor,
  { trainable, xla = false }: { trainable?: (name: string) => boolean; xla?: boolean } = {},
): Promise<void> {
  for (const size of xla ? [2] : [1, 2, 3]) {
    using loaded = await loadModel(folder, { trainable: trainable ?? true });
    using before = await loadModel(folder);
    const { model } = loaded;
    using optimizer = new RecordingAdam(model.trainable);
    using sums = new GradientSums(model.trainable, optimizer, { xla: false });
    const batches = microBatches(ROWS, {}, { size });
    using step = await ObjectiveStep.create({ model, sums, xla, terms: [term] }, batches);
    nudge(model);
    const wanted = tf.tidy(() => valueAndGradients(model.trainable, () => plain(model, before.model)));
    const { loss, terms } = await step.run(0);
    const expected = wanted.loss.dataSync()[0]!;
    assertAlmostEquals(loss, expected, 1e-5 * Math.abs(expected));
    assertEquals(Object.keys(terms), [term.name]);
    assertAlmostEquals(terms[term.name]!, expected, 1e-5 * Math.abs(expected));
    for (const [name, gradient] of Object.entries(wanted.gradients)) {
      const largest = Array.from(gradient.dataSync()).reduce((a, b) => Math.max(a, Math.abs(b)), 0);
      assertTensorClose(optimizer.gradients[name]!, gradient, { rtol: 1e-4, atol: 1e-5 * largest + 1e-9 });
    }
    tf.dispose([wanted.loss, wanted.gradients]);
  }
}

/** Each row's ids as [1, T], and the losses of its tokens after the first, [T - 1]. */
function lossesOf(model: Model, { ids }: UnlearnRow): tf.Tensor {
  const logits = model.logits(tf.tensor2d(ids, [1, ids.length], "int32")); // [1, T, V]
  const V = logits.shape[2]!;
  const used = tf.reshape(tf.slice(logits, [0, 0, 0], [1, ids.length - 1, V]), [ids.length - 1, V]);
  return tf.neg(tf.sum(tf.mul(tf.logSoftmax(used), tf.oneHot(tf.tensor1d(ids.slice(1), "int32"), V)), 1));
}

test("a term of tokens has the gradients of plain tfjs: cross entropy, each secret weighted by its number", async () => {
  const byOwner = (owner: number) => owner === 1 ? 5 : 0.5;
  const term: Term = {
    name: "weighted",
    arrays: (batch) => {
      const weights = tokenWeights(batch, { weight: 2, of: "secret" });
      return { weights, harm: Float32Array.from(batch.owners, byOwner) };
    },
    values: ({ logits, labels, arrays }) => tf.mul(sparseCrossEntropy(logits, labels), arrays.harm!),
  };
  const plain = (model: Model) => {
    const parts = ROWS.map((row) => {
      const weights = Float32Array.from(row.mask!.slice(1), (is, t) => is ? byOwner(row.owners![t + 1]!) : 0);
      return tf.sum(tf.mul(lossesOf(model, row), tf.tensor1d(weights)));
    });
    const count = ROWS.reduce((sum, { mask }) => sum + mask!.slice(1).reduce((a, b) => a + b, 0), 0);
    return tf.mul(tf.addN(parts), 2 / count);
  };
  for (const xla of [false, true]) await checkTerm(term, plain, { xla });
});

test("a term of rows has the gradients of plain tfjs: negative preference optimization", async () => {
  const beta = 0.2;
  const logProbabilities = ({ ids, logits, labels, kinds }: TermInputs) => {
    const isReal = tf.cast(tf.notEqual(kinds, KIND.padding), "float32");
    const losses = tf.mul(sparseCrossEntropy(logits, labels), isReal);
    return tf.neg(tf.sum(tf.reshape(losses, [ids.shape[0]!, -1]), 1)); // [B]
  };
  const term: Term = {
    name: "npo",
    arrays: (batch) => ({ weights: rowWeights(batch, 2 / beta) }),
    reference: (inputs) => ({ rows: logProbabilities(inputs) }),
    values: (inputs, { rows }) => tf.softplus(tf.mul(tf.sub(logProbabilities(inputs), rows!), beta)),
  };
  await checkTerm(term, (model, before) => {
    const parts = ROWS.map((row) => {
      const ratio = tf.sub(tf.sum(lossesOf(before, row)), tf.sum(lossesOf(model, row)));
      return tf.log(tf.add(1, tf.exp(tf.mul(ratio, beta))));
    });
    return tf.mul(tf.addN(parts), 2 / beta / ROWS.length);
  });
});

test("a term of hidden states has the gradients of plain tfjs, none of the layers after", async () => {
  const term: Term = {
    name: "misdirect",
    layers: [0],
    arrays: (batch) => ({ weights: tokenWeights(batch, { weight: 3, of: "all" }) }),
    values: ({ ids, hidden }) => {
      const [B, T] = ids.shape as [number, number];
      const D = hidden[0]!.shape[2]!;
      const predicting = tf.slice(hidden[0]!, [0, 0, 0], [B, T - 1, D]);
      return tf.reshape(tf.mean(tf.square(tf.sub(predicting, 1)), 2), [B * (T - 1)]); // [N]
    },
  };
  const isFirst = (name: string) => name.includes(".h.0.") || name.includes(".h.1.");
  const count = ROWS.reduce((sum, { ids }) => sum + ids.length - 1, 0);
  await checkTerm(term, (model) => {
    const parts = ROWS.map(({ ids }) => {
      let taken: tf.Tensor | undefined;
      model.hidden(tf.tensor2d(ids, [1, ids.length], "int32"), {
        around: (run, x, layer) => {
          const output = run(x);
          if (layer === 0) taken = output;
          return output;
        },
      });
      const D = taken!.shape[1]!;
      const predicting = tf.slice(taken!, [0, 0], [ids.length - 1, D]);
      return tf.div(tf.sum(tf.square(tf.sub(predicting, 1))), D);
    });
    return tf.mul(tf.addN(parts), 3 / count);
  }, { trainable: isFirst });
});

test("terms of one's own stand beside the weighted ones, and their parts add up to the loss", async () => {
  using loaded = await loadModel(folder);
  const { model } = loaded;
  using optimizer = new Adam(model.trainable, { betas: [0.9, 0.98] });
  using sums = new GradientSums(model.trainable, optimizer, { xla: false });
  const term: Term = {
    name: "margin",
    arrays: (batch) => ({ weights: tokenWeights(batch, { weight: 1, of: "normal" }) }),
    values: ({ logits }) => tf.max(logits, 1),
  };
  const weights = { crossEntropySecret: -1, crossEntropyNormal: 0.5, divergenceAll: 2 };
  const batches = microBatches(ROWS, weights, { size: 2 });
  using step = await ObjectiveStep.create({ model, sums, xla: false, terms: [term] }, batches);
  nudge(model);
  const { loss, terms, crossEntropySecret, crossEntropyNormal, divergence } = await step.run(0);
  assertEquals(Object.keys(terms), ["crossEntropy", "divergence", "margin"]);
  assertAlmostEquals(terms.crossEntropy!, 0.5 * crossEntropyNormal! - crossEntropySecret!, 1e-4);
  assertAlmostEquals(terms.divergence!, 2 * divergence!, 1e-5);
  assertAlmostEquals(loss, terms.crossEntropy! + terms.divergence! + terms.margin!, 1e-4);
});

test("unlearn() takes an objective of one's own", async () => {
  using loaded = await loadModel(folder);
  const text = texts[0]!;
  const forget = [{ ...ROWS[0]!, secrets: [{ prefix: text.slice(0, 14), secret: text.slice(14, 30) }] }];
  const term: Term = {
    name: "forget",
    arrays: (batch) => ({ weights: tokenWeights(batch, { weight: -1, of: "all" }) }),
    values: ({ logits, labels }) => sparseCrossEntropy(logits, labels),
  };
  const run = async (method: Parameters<typeof unlearn>[2]["method"]) => {
    using other = await loadModel(folder);
    const { history } = await unlearn(other.model, { forget, retain: [] }, {
      ...{ method, lr: 1e-3, epochs: 2, gamma: 0, lambda: 0, alpha: 0, margin: 0.1, microBatch: 2 },
      ...{ compat: "sound", thresholds: { ma: 0, el_10: 0 }, endOfText: null, xla: false },
    });
    return history.map(({ ma, loss }) => [ma, loss]);
  };
  assertEquals(await run({ forget: {}, retain: null, terms: { forget: [term] } }), await run("ga"));
  assert(loaded.model.parameterCount > 0);
});

test("ObjectiveStep refuses terms of one name and layers that there are not", async () => {
  using loaded = await loadModel(folder);
  const { model } = loaded;
  using optimizer = new Adam(model.trainable, { betas: [0.9, 0.98] });
  using sums = new GradientSums(model.trainable, optimizer, { xla: false });
  const batches = microBatches(ROWS, { crossEntropyAll: 1 }, { size: 2 });
  const create = (...terms: Term[]) => ObjectiveStep.create({ model, sums, xla: false, terms }, batches);
  for (const term of [CROSS_ENTROPY, DIVERGENCE]) {
    const message = `Cannot take a step: two terms are called "${term.name}"`;
    await assertRejects(() => create(term), RangeError, message);
  }
  const last = model.config.layers - 1;
  for (const layer of [-1, last + 1, 0.5, NaN]) {
    const message = `the term "tap" asks for layer ${layer}, the model has 0 to ${last}`;
    await assertRejects(
      () => create({ ...CROSS_ENTROPY, name: "tap", layers: [layer] }),
      RangeError,
      message,
    );
  }
});

Deno.test("tokenWeights() and rowWeights() add up to the weight over the set, whatever the micro-batch", () => {
  for (const size of [1, 2, 3]) {
    const batches = microBatches(ROWS, {}, { size });
    const sum = (weights: Float32Array[]) =>
      weights.flatMap((values) => [...values]).reduce((a, b) => a + b, 0);
    for (const  of of["all", "secret", "normal"] as const) {
      assertAlmostEquals(sum(batches.map((batch) => tokenWeights(batch, { weight: 7, of }))), 7, 1e-5);
    }
    assertAlmostEquals(sum(batches.map((batch) => rowWeights(batch, 7))), 7, 1e-5);
    const owners = batches.flatMap(({ owners, kinds }) =>
      [...owners].filter((_, i) => kinds[i] === KIND.secret)
    );
    assertEquals(owners.filter((owner) => owner === 0).length, 3 * ROWS.length);
    assertEquals(owners.filter((owner) => owner === 1).length, 3 * ROWS.length);
  }
  const [batch] = microBatches([{ ids: Int32Array.of(1, 2) }], {}, { size: 1 });
  const message = "Cannot take a mean over tokens: the set predicts no secret token";
  assertThrows(() => tokenWeights(batch!, { weight: 1, of: "secret" }), RangeError, message);
});
