/** REVS beside its plain definition, and as a method of `unlearn`. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { PseudoInverse } from "../../lib/engine/pseudo_inverse.ts";
import { LORA_DEFAULTS } from "../../lib/models/lora.ts";
import type { Model } from "../../lib/models/model.ts";
import { objectiveOf } from "../../lib/unlearning/objectives.ts";
import { editableLayers, RankEditor, tokenRanks } from "../../lib/unlearning/rank_editor.ts";
import { RankEditSteps } from "../../lib/unlearning/rank_edit_steps.ts";
import { unlearningBytes } from "../../lib/unlearning/run_memory.ts";
import { unlearn, type UnlearnHooks } from "../../lib/unlearning/unlearn.ts";
import { assertTensorClose } from "../tensors.ts";
import { folder, OPTIONS, SETS, texts } from "./trained_sets.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const EDITS = { neurons: 30, residualRank: 0.1, neuronRank: 0.6 };
const KNOWN = { ids: texts[0]!.slice(0, 20), token: texts[0]![20]! };

function numbersOf({ weights }: Model): Map<string, Float32Array> {
  return new Map(
    Object.entries(weights).map(([name, tensor]) => [name, tensor.dataSync().slice() as Float32Array]),
  );
}

const plainRank = (logits: ArrayLike<number>, token: number) =>
  Array.from(logits).filter((logit) => logit > logits[token]!).length;

/** Logits of vectors by the last norm and the output layer, row by row. */
function projections(model: Model, vectors: tf.Tensor): number[][] {
  return tf.tidy(() => model.project(model.norm(vectors)).arraySync() as number[][]);
}

Deno.test("tokenRanks() counts the larger logits of each row", () => {
  tf.tidy(() => {
    const logits = tf.randomNormal([5, 30], 0, 1, "float32", 2);
    const tokens = [0, 29, 7, 7, 12];
    const rows = logits.arraySync() as number[][];
    const ranks = [...tokenRanks(logits, tf.tensor1d(tokens, "int32")).dataSync()];
    assertEquals(ranks, rows.map((row, i) => plainRank(row, tokens[i]!)));
  });
});

for (
  const family of ["gpt2/plain", "families/llama/plain", "families/gemma/plain", "families/codegen/plain"]
) {
  Deno.test(`RankEditor.demoted() takes a logit off and goes back by the pseudo-inverse: ${family}`, async () => {
    using loaded = await loadModel(`tests/fixtures/${family}`, { trainable: true });
    const { model } = loaded;
    const { width: D, vocabularySize: V } = model.config;
    using editor = new RankEditor(model, EDITS);
    using inverse = new PseudoInverse(model.outputMatrix);
    tf.tidy(() => {
      const token = 3;
      const values = tf.randomNormal([6, D], 0.1, 1, "float32", 5);
      // the last norm, plainly: gain and shift as its definition has them
      const shift = model.norm(tf.zeros([1, D]));
      const centered = tf.max(tf.abs(tf.sub(model.norm(tf.ones([1, D])), shift))).dataSync()[0]! < 1e-3;
      const mean = centered ? tf.mean(values, 1, true) : tf.zeros([6, 1]);
      const scale = tf.sqrt(tf.add(tf.mean(tf.square(tf.sub(values, mean)), 1, true), 1e-5));
      const gain = tf.mean(
        tf.div(tf.mul(tf.sub(model.norm(values), shift), scale), tf.sub(values, mean)),
        0,
        true,
      );
      const plus = inverse.columns([...Array(V).keys()]); // [V, D]
      const direction = tf.div(tf.gather(plus, [token]), gain); // [1, D]
      const moved = editor.demoted(values, direction, token);
      // by the definition: logits, less of one of them, the pseudo-inverse, and the norm undone
      const bias = model.project(tf.zeros([1, D]));
      const logits = tf.sub(model.project(model.norm(values)), bias); // [N, V]
      const along = tf.mul(scale, direction);
      const taken = tf.div(
        tf.sum(tf.mul(tf.sub(moved, values), along), 1, true),
        tf.sum(tf.square(along), 1, true),
      ); // [N, 1]
      const lower = tf.add(logits, tf.mul(taken, tf.oneHot([token], V)));
      const normed = tf.matMul(lower as tf.Tensor2D, plus as tf.Tensor2D); // [N, D]
      const plain = tf.add(tf.mul(tf.div(tf.sub(normed, shift), gain), scale), mean);
      const size = tf.max(tf.abs(moved)).dataSync()[0]!;
      assertTensorClose(moved, plain, { atol: 2e-3 * size });
      assert([...taken.dataSync()].every((logit) => logit <= 0), `${taken.dataSync()}`);
      const ranks = projections(model, moved).map((row) => plainRank(row, token));
      const before = projections(model, values).map((row) => plainRank(row, token));
      ranks.forEach((rank, i) => assert(rank > before[i]! || before[i]! >= 0.6 * V, `${before} ${ranks}`));
    });
  });
}

Deno.test("RankEditor.choose() takes active neurons whose vectors write the token", async () => {
  using loaded = await loadModel(folder, { trainable: true });
  const { model } = loaded;
  using editor = new RankEditor(model, { ...EDITS, neurons: 4 });
  tf.tidy(() => {
    const { width: D, vocabularySize: V } = model.config;
    const vectors = tf.randomNormal([130, D], 0, 1, "float32", 4);
    const activations = tf.randomNormal([1, 130], 0.5, 1, "float32", 6);
    const active = activations.dataSync();
    const ranks = projections(model, vectors).map((row) => plainRank(row, 9));
    const positive = [...active.keys()].filter((i) => active[i]! > 0).sort((a, b) => active[b]! - active[a]!);
    const wanted = positive.slice(0, 100).filter((i) => ranks[i]! < 0.6 * V).map((i) => ranks[i]!).sort((
      a,
      b,
    ) => a - b);
    const chosen = editor.choose(vectors, activations, 9);
    assertEquals(chosen.map((i) => ranks[i]!), wanted.slice(0, 4));
    assert(chosen.every((i) => active[i]! > 0) && new Set(chosen).size === 4);
    assertEquals(editor.choose(vectors, tf.fill([1, 130], -1), 9), []);
  });
});

Deno.test("RankEditor.edit() lowers a known token's rank by as few neurons as do, and no other weights", async () => {
  using loaded = await loadModel(folder, { trainable: true });
  const { model } = loaded;
  const before = numbersOf(model);
  using editor = new RankEditor(model, EDITS);
  assertEquals(editor.rankOf(KNOWN), 0);
  const { ranks, neurons } = editor.edit(KNOWN);
  assertEquals([ranks.length, neurons.length], [model.config.layers, model.config.layers]);
  assert(editor.rankOf(KNOWN) >= editor.leastRank);
  const names = editableLayers(model).map((name) => `${name}.weight`);
  for (const [name, numbers] of numbersOf(model)) {
    const old = before.get(name)!;
    const layer = names.indexOf(name);
    if (layer < 0) {
      assertEquals(numbers, old, name);
      continue;
    }
    const D = model.config.width; // GPT-2 has a neuron's vector in a row
    const moved = Array.from({ length: numbers.length / D }, (_, j) => j)
      .filter((j) => numbers.subarray(j * D, j * D + D).some((x, i) => x !== old[j * D + i]));
    assertEquals(moved.length, neurons[layer]);
  }
  assertEquals(editor.edit(KNOWN).neurons.at(-1), 0); // it is down
});

const HOW = { ...OPTIONS, method: "revs", residualRank: 0.1, epochs: 8 };

async function run(hooks: UnlearnHooks = {}) {
  using loaded = await loadModel(folder, { trainable: true });
  const { gamma: _g, lambda: _l, alpha: _a, ...how } = HOW;
  const result = await unlearn(loaded.model, { forget: SETS.forget, retain: SETS.retain }, how, hooks);
  return { result, weights: numbersOf(loaded.model) };
}

Deno.test("revs forgets, always alike, and goes on from where it was interrupted", async () => {
  const whole = await run();
  assertEquals(whole.result.status, "reached");
  const { history } = whole.result;
  assertEquals([history[0]!.ma, history[1]!.loss, history[1]!.norm], [1, null, null]);
  assert(history.length > 2 && history.at(-1)!.ma! < OPTIONS.thresholds.ma);
  assert(history.at(-1)!.ce_secret! > history[1]!.ce_secret!);
  assertEquals(whole.result.notes, []); // it has no learning rate
  const out = await Deno.makeTempDir();
  const controller = new AbortController();
  const first = await run({
    folder: out,
    signal: controller.signal,
    onEpoch: ({ epoch }) => epoch === 1 ? controller.abort() : undefined,
  });
  assertEquals(first.result.status, "interrupted");
  const continued = await run({ folder: out });
  assertEquals(continued.result.history, history);
  assertEquals(continued.weights, whole.weights);
});

Deno.test("RankEditSteps takes the rarest tokens first, leaves secrets alone that are down, and each epoch takes more", async () => {
  using loaded = await loadModel(folder, { trainable: true });
  const { model } = loaded;
  const [one, two] = SETS.forget;
  using steps = new RankEditSteps(model, [one!, two!], { ...EDITS, tokens: 1 });
  using looks = new RankEditor(model, EDITS);
  const [{ prefix, secret }] = one!.secrets as [{ prefix: number[]; secret: number[] }];
  const byRarity = [...secret.keys()].sort((a, b) => secret[b]! - secret[a]! || a - b);
  const rankOf = (place: number) =>
    looks.rankOf({ ids: [...prefix, ...secret.slice(0, place)], token: secret[place]! });
  const told: number[][] = [];
  steps.reweigh({ active: [true, false] });
  await steps.run(0, (done, total) => Promise.resolve(void told.push([done, total])));
  assertEquals(told, [[1, 1]]);
  assert(rankOf(byRarity[0]!) >= looks.leastRank);
  await steps.run(1, () => Promise.resolve());
  assert(rankOf(byRarity[1]!) >= looks.leastRank);
  assertEquals([steps.optimizer.steps, steps.earlier, steps.dual], [2, 0, null]);
  steps.restart();
  assertEquals([steps.optimizer.steps, steps.earlier], [0, 2]);
});

Deno.test("revs refuses an adapter and frozen weights by name", async () => {
  const sets = { forget: SETS.forget, retain: [] };
  using adapted = await loadModel(folder, { lora: { ...LORA_DEFAULTS, rank: 2, seed: 1 } });
  const message = "Cannot edit ranks beside an adapter: the weights themselves are edited";
  await assertRejects(() => unlearn(adapted.model, sets, HOW), RangeError, message);
  using frozen = await loadModel(folder, { trainable: (name) => name.includes("attn") });
  assertThrows(
    () => new RankEditor(frozen.model, EDITS),
    RangeError,
    'Cannot edit ranks in "transformer.h.0.mlp.c_proj.weight": it is frozen: load the model with it trainable',
  );
});

Deno.test("unlearningBytes() of edits holds neither moments nor gradients", () => {
  const config = {
    layers: 24,
    width: 2048,
    headWidth: 64,
    cacheHeads: 8,
    vocabularySize: 50_000,
    maxPositions: 512,
  };
  const work = {
    forgetRows: 8,
    forgetTokens: 512,
    maskTokens: 300,
    secrets: 16,
    retainRows: 0,
    retainTokens: 0,
  };
  const how = { isRetained: false, microBatch: 1, xla: false };
  const [revs, ga] = ["revs", "ga"].map((method) =>
    unlearningBytes({ parameters: 1.5e9, config }, { ...work, ...how, objective: objectiveOf(method) })
  );
  assert(revs! < 13e9 && ga! - revs! > 3 * 6e9, `${revs} ${ga}`); // two copies of 6 GB: one is measured as it was written
});
