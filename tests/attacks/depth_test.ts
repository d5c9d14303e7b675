import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { controlTokens } from "../../lib/attacks/control_tokens.ts";
import { depthScore, depthScores } from "../../lib/attacks/depth.ts";
import { DepthPasses, type DepthRow } from "../../lib/attacks/depth_passes.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { Model } from "../../lib/models/model.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { NotFiniteError } from "../../lib/models/not_finite.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { readFixtureFolder } from "../models/fixtures.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { drawSecret, writeTinyModel } from "../cli/tiny_run.ts";
import { embeddedSecrets } from "./embedded_secrets.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** A model whose weights differ a little, and by `seed`, from another's. */
function near(model: Model, seed: number): Model {
  const { config } = model;
  const weights = Object.fromEntries(
    Object.entries(model.weights).map(([name, weight], i) => [
      name,
      tf.tidy(() =>
        tf.add(weight, tf.mul(tf.cos(tf.add(tf.range(0, weight.size), seed + i)).reshape(weight.shape), 0.05))
      ),
    ]),
  );
  return new Model({
    architecture: architectureOf(config.modelType),
    config: config as never,
    weights,
    name: `near ${seed}`,
  });
}

/** The outputs of all layers of a model for one text, [T, D] each, by running it a layer more each time. */
function outputsOf(model: Model, ids: tf.Tensor): tf.Tensor[] {
  return Array.from({ length: model.config.layers }, (_, layer) => {
    let output: tf.Tensor | undefined;
    model.hidden(ids, {
      around: (run, x, at) => {
        const y = run(x);
        if (at === layer) output = y;
        return y;
      },
    });
    return output!;
  });
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The definition, a text at a time, position by position: nothing is captured or shared. */
function plainDepth(before: Model, source: Model, { ids, from }: DepthRow) {
  return tf.tidy(() => {
    const V = before.config.vocabularySize;
    const input = tf.tensor2d([...ids], [1, ids.length], "int32");
    const positions = ids.slice(from).map((token, t) => ({ at: from - 1 + t, token }));
    const meanLog = (logits: number[][]) =>
      meanOf(positions.map(({ at, token }) => {
        const row = logits[at]!;
        const largest = Math.max(...row);
        return row[token]! - largest -
          Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
      }));
    const logitsOf = (hidden: tf.Tensor) =>
      before.project(hidden).reshape([ids.length, V]).arraySync() as number[][];
    const own = meanLog(logitsOf(before.hidden(input)));
    const [mine, theirs] = [before, source].map((model) =>
      outputsOf(model, input).map((x) => x.arraySync() as number[][])
    ) as [number[][][], number[][][]];
    return mine.map((states, layer) => {
      const patched = states.map((row, at) => positions.some((p) => p.at === at) ? theirs[layer]![at]! : row);
      const hidden = before.hidden(input, { // all layers run, and one's output is exchanged
        around: (run, x, at) => at === layer ? tf.tensor2d(patched) : run(x),
      });
      // what a model gives whose later layers do nothing is the lens
      const lens = source.hidden(input, { around: (run, x, at) => at <= layer ? run(x) : x });
      const seen = source.project(lens).argMax(-1).arraySync() as number[];
      return {
        lens: meanOf(positions.map(({ at, token }) => seen[at] === token ? 1 : 0)),
        drop: own - meanLog(logitsOf(hidden)),
      };
    });
  });
}

for (
  const fixture of [
    "gpt2/trained",
    "gpt2/untied",
    "families/llama/plain",
    "families/gpt_neox/plain",
    "families/gpt_neox/sequential",
  ]
) {
  Deno.test(`DepthPasses give what the definition gives: ${fixture}`, async () => {
    using loaded = await loadModel((await readFixtureFolder(fixture)).folder);
    const { model } = loaded;
    using source = near(model, 1);
    using other = near(model, 2);
    const V = Math.min(40, model.config.vocabularySize);
    const rowOf = (id: string, length: number, from: number): DepthRow => ({
      id,
      ids: Array.from({ length }, (_, t) => (7 * t + length) % V),
      from,
    });
    // the third has no tokens of its own; the last one begins after one token
    const rows = [rowOf("a", 9, 4), rowOf("b", 14, 12), rowOf("none", 5, 5), rowOf("c", 6, 1)];
    const before = engine.memory();
    {
      using passes = new DepthPasses(model);
      const { lens, sources } = await passes.run(rows, [source, other, model]);
      rows.forEach((row, i) => {
        const plain = [source, other, model].map((source) =>
          row.id === "none" ? [] : plainDepth(model, source, row)
        );
        assertEquals(lens[i], plain[2]!.map(({ lens }) => lens));
        plain.forEach((layers, s) => {
          const found = sources[s]![i]!;
          assertEquals(found.map(({ lens }) => lens), layers.map(({ lens }) => lens));
          layers.forEach(({ drop }, l) => assertAlmostEquals(found[l]!.drop, drop, 2e-5));
          if (s < 2) assert(layers.every(({ drop }) => Math.abs(drop) > 1e-3), "the models differ");
        });
      });
    }
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}

Deno.test("depthScores() says of the embedded model what is known: intact against itself, erased against another", async () => {
  const { memorized, unseen } = await embeddedSecrets(6);
  const secrets = [...memorized, unseen[0]!];
  using loaded = await loadModel("embedded");
  const { model: before } = loaded;
  using damaged = near(before, 3);
  const tokenizer = await openTokenizer("data/model");
  let done = 0;
  const intact = await depthScores({ model: before, before, tokenizer }, secrets, {
    controls: 10,
    batch: 3,
    onProgress: (more) => void (done += more),
  });
  assertEquals([done, intact.layers.length], [7, 28]);
  const tokens = await controlTokens(tokenizer, secrets, { controls: 10, seed: 42 });
  using scorer = new Scorer(before);
  for (const [i, { id, never_seen, layers, uds }] of intact.secrets.slice(0, 6).entries()) {
    assertEquals([id, never_seen, layers], [memorized[i]!.id, "controls", 4]);
    assertAlmostEquals(uds!, 0, 1e-4);
    const rows = intact.layers.filter((row) => row.id === id);
    assertEquals(rows.map(({ layer }) => layer), [0, 1, 2, 3]);
    assertEquals(rows.map(({ lens }) => lens), rows.map(({ lens_before }) => lens_before));
    const { prefix, suffixes } = tokens[i]!;
    const [own, ...others] = await scorer.secrets(suffixes.map((secret) => ({ prefix, secret })), {
      el: false,
    });
    assertEquals(rows[3]!.lens, own!.ma); // the last layer's lens is MA
    const gap = meanOf(others.map(({ nll }) => nll!)) - own!.nll!;
    rows.forEach((row) => assertAlmostEquals(row.drop_never_seen!, gap, 1e-4));
  }
  const erased = await depthScores({ model: damaged, before, neverSeen: damaged, tokenizer }, memorized);
  assertEquals(
    erased.secrets.map(({ never_seen, uds }) => [never_seen, uds]),
    memorized.map(() => ["model" as const, 1]),
  );
  const none = await depthScores({ model: damaged, before, neverSeen: before, tokenizer }, memorized);
  assertEquals(none.secrets.map(({ layers, uds }) => [layers, uds]), memorized.map(() => [0, null]));
});

Deno.test("depthScore() weighs layers by what a never-seen model lacks, and leaves out those that hold nothing", () => {
  const layer = (drop: number, drop_never_seen: number | null) => ({ drop, drop_never_seen });
  assertEquals(depthScore([]), null);
  assertEquals(depthScore([layer(1, null), layer(1, -2), layer(1, 0.05)]), null);
  assertEquals(depthScore([layer(0.5, 1), layer(0.5, 3), layer(7, 0.01)]), 1 / 4);
  assertEquals(depthScore([layer(5, 1), layer(-5, 1)]), 1 / 2);
});

Deno.test("depthScores() names models of other sizes, and secrets by id alone", async () => {
  using folder = temporaryFolder();
  await writeTinyModel(folder.path);
  const tokenizer = await openTokenizer(folder.path);
  using tiny = await loadModel(folder.path);
  using embedded = await loadModel("embedded");
  const value = drawSecret(1);
  const secret = { id: "doc 7", text: `k = ${value}`, tag: "KEY", start: 4, end: 4 + value.length };
  const wrong = () => depthScores({ model: embedded.model, before: tiny.model, tokenizer }, [secret]);
  const { name } = embedded.model;
  await assertRejects(
    wrong,
    RangeError,
    `Cannot patch states of "${name}" into "${folder.path}": layers, width and vocabulary are 4, 256 and 4096, not 1, 16 and 257`,
  );
  const empty = { ...secret, id: "none", end: 4 };
  const found = await depthScores({ model: tiny.model, before: tiny.model, tokenizer }, [empty, secret], {
    controls: 2,
  });
  assertEquals(found.layers.map(({ id }) => id), ["doc 7"]);
  assertEquals(found.secrets[0], { id: "none", never_seen: "controls", layers: 0, uds: null });
  const config = tiny.model.config;
  using broken = new Model({
    architecture: architectureOf(config.modelType),
    config: config as never,
    weights: Object.fromEntries(
      Object.entries(tiny.model.weights).map(([n, w]) => [n, tf.fill(w.shape, NaN)]),
    ),
    name: "broken",
  });
  const error = await assertRejects(
    () => depthScores({ model: broken, before: tiny.model, tokenizer }, [secret]),
    NotFiniteError,
    'Cannot score secret "doc 7" with model "broken"',
  );
  assert(!error.message.includes(value.slice(0, 8)));
});
