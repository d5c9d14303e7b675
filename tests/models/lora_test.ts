import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { assign, compile } from "../../lib/engine/compile.ts";
import { type Engine, openTensorFlow } from "../../lib/engine/engine.ts";
import { type LoadedModel, loadModel, readConfig } from "../../lib/checkpoints/load.ts";
import { checkLora, linearLayers, LORA_DEFAULTS } from "../../lib/models/lora.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { assertTensorClose } from "../tensors.ts";
import { ADAPTED, IDS, perturb } from "./adapted.ts";

const engine: Engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const NEW = { ...LORA_DEFAULTS, rank: 3, alpha: 6, dropout: 0, seed: 5 };
/** All memory must be free afterwards. */
async function withLora(
  folder: string,
  lora: Partial<typeof NEW>,
  body: (loaded: LoadedModel) => Promise<void> | void,
): Promise<void> {
  const before = engine.memory();
  {
    using loaded = await loadModel(folder, { lora: { ...NEW, ...lora } });
    await body(loaded);
  }
  assertEquals(engine.memory(), before);
}

for (const [i, folder] of ADAPTED.entries()) {
  const { architecture, config } = await readConfig(folder);

  Deno.test(`a new adapter on every linear layer of "${folder}" changes nothing`, async () => {
    using plain = await loadModel(folder);
    await withLora(folder, {}, ({ model }) => {
      assertEquals(model.adapter!.layers, [...linearLayers(architecture, config).keys()]);
      assert(model.adapter!.layers.length >= 4 * config.layers);
      tf.tidy(() => {
        const ids = tf.tensor2d(IDS, undefined, "int32");
        assertTensorClose(model.logits(ids), plain.model.logits(ids), { atol: 0 });
      });
    });
  });

  Deno.test(`an adapter of "${folder}" does what weights with its product added do`, async () => {
    await withLora(folder, {}, async (loaded) => {
      perturb(loaded);
      using merged = await loadModel(folder);
      addDeltas(loaded, merged);
      tf.tidy(() => {
        const ids = tf.tensor2d(IDS, undefined, "int32");
        const expected = merged.model.logits(ids);
        const scale = tf.max(tf.abs(expected)).dataSync()[0]!;
        assertTensorClose(loaded.model.logits(ids), expected, { atol: 1e-5 * scale });
        const position = tf.tensor1d([0, 0], "int32");
        const own = ({ v, q }: { v: tf.Tensor; q: tf.Tensor }) =>
          tf.tile(v, [1, q.shape[1]! / v.shape[1]!, 1, 1]);
        const decoded = [loaded, merged].map(({ model }) =>
          model.decode(tf.tensor1d([3, 2], "int32"), position, own)
        );
        assertTensorClose(decoded[0]!, decoded[1]!, { atol: 1e-5 * scale });
      });
    });
  });

  Deno.test(`an adapter's gradients in "${folder}" are the dense ones, projected`, async () => {
    await withLora(folder, {}, async (loaded) => {
      perturb(loaded);
      const { model } = loaded;
      using merged = await loadModel(folder, { trainable: true });
      addDeltas(loaded, merged);
      for (const xla of i === 0 ? [false, true] : [false]) { // compiling takes seconds
        using own = compile(
          (ids: tf.Tensor) => {
            const saving = { recomputesLayers: !xla, logitBytes: 4 * model.config.vocabularySize };
            return valueAndGradients(model.trainable, () => tf.mean(nextTokenLosses(model, ids, saving)))
              .gradients;
          },
          { xla },
        );
        using dense = compile(
          (ids: tf.Tensor) =>
            valueAndGradients(merged.model.weights, () => tf.mean(nextTokenLosses(merged.model, ids)))
              .gradients,
          {
            xla,
          },
        );
        tf.tidy(() => {
          const ids = tf.tensor2d(IDS, undefined, "int32");
          const [found, whole] = [own(ids), dense(ids)];
          assertEquals(Object.keys(found), Object.keys(model.adapter!.weights));
          for (const layer of model.adapter!.layers) {
            const { [`${layer}.lora_A.weight`]: a, [`${layer}.lora_B.weight`]: b } = model.adapter!.weights;
            const stored = whole[`${layer}.weight`]!;
            const gradient = (architecture.isInOut ? tf.transpose(stored) : stored) as tf.Tensor2D; // [out, in]
            const ofA = tf.mul(tf.matMul(b as tf.Tensor2D, gradient, true), 2); // alpha / r = 2
            const ofB = tf.mul(tf.matMul(gradient, a as tf.Tensor2D, false, true), 2);
            for (const [name, expected] of [["A", ofA], ["B", ofB]] as const) {
              const largest = tf.max(tf.abs(expected)).dataSync()[0]!;
              assert(largest > 0);
              assertTensorClose(found[`${layer}.lora_${name}.weight`]!, expected, { atol: 1e-4 * largest });
            }
          }
        });
      }
    });
  });
}

function addDeltas({ model: { adapter } }: LoadedModel, { model }: LoadedModel): void {
  const isInOut = model.config.modelType === "gpt2";
  for (const layer of adapter!.layers) {
    const weight = model.weights[`${layer}.weight`]!;
    tf.tidy(() => assign(weight, tf.add(weight, adapter!.delta(layer, { isInOut }))));
  }
}

Deno.test("an adapter's gradients are finite differences, dropout and all", async () => {
  await withLora("tests/fixtures/gpt2/plain", { dropout: 0.4 }, (loaded) => {
    perturb(loaded);
    const { model } = loaded;
    const ids = tf.tensor2d(IDS, undefined, "int32");
    const seed = tf.tensor1d([9, 9], "int32");
    const loss = (recomputesLayers = false) =>
      tf.mean(nextTokenLosses(model, ids, { seed, recomputesLayers }));
    tf.tidy(() => {
      const { gradients } = valueAndGradients(model.trainable, loss);
      const again = valueAndGradients(model.trainable, () => loss(true)); // what is dropped is the same
      for (const [name, gradient] of Object.entries(gradients)) {
        assertTensorClose(again.gradients[name]!, gradient, { rtol: 1e-5, atol: 1e-7 });
      }
      for (const [name, weight] of Object.entries(model.trainable)) {
        const direction = tf.sign(gradients[name]!);
        const before = tf.clone(weight).arraySync() as number[][];
        const at = (step: number) => {
          assign(weight, tf.add(tf.tensor(before), tf.mul(direction, step)));
          return loss().dataSync()[0]!;
        };
        const step = 2e-3 / Math.sqrt(weight.size);
        const slope = (at(step) - at(-step)) / (2 * step);
        at(0);
        const expected = tf.sum(tf.abs(gradients[name]!)).dataSync()[0]!;
        assertAlmostEquals(slope, expected, 0.02 * expected + 2e-3, name);
      }
    });
    tf.dispose([ids, seed]);
  });
});

Deno.test("dropout is drawn by its seed, eager, captured and anew in each layer, and only where there is a seed", async () => {
  await withLora("tests/fixtures/gpt2/plain", { dropout: 0.4 }, (loaded) => {
    perturb(loaded);
    const { model } = loaded;
    const run = (ids: tf.Tensor, ...[seed]: tf.Tensor[]) => model.hidden(ids, { seed });
    using captured = compile(run);
    using plain = compile(run);
    tf.tidy(() => {
      const ids = tf.tensor2d(IDS, undefined, "int32");
      const [one, two] = [1, 2].map((seed) => tf.tensor1d([seed, seed], "int32"));
      const draw = (seed: tf.Tensor) => captured(ids, seed).dataSync().join();
      assertEquals(draw(one!), draw(one!));
      assert(draw(one!) !== draw(two!));
      assertTensorClose(captured(ids, one!), run(ids, one!), { atol: 1e-5 });
      assertTensorClose(plain(ids), run(ids), { atol: 1e-5 });
      assertEquals(plain(ids).dataSync().join() === draw(one!), false);
    });
  });
});

Deno.test("dropout drops its share and keeps the mean", async () => {
  await withLora("tests/fixtures/gpt2/plain", { dropout: 0.25, rank: 1, alpha: 1 }, ({ model }) => {
    const [layer] = model.adapter!.layers;
    tf.tidy(() => {
      // A sums the inputs of one-hot rows: what is left of each
      const { [`${layer}.lora_A.weight`]: a, [`${layer}.lora_B.weight`]: b } = model.adapter!.weights;
      assign(a!, tf.ones(a!.shape));
      assign(b!, tf.ones(b!.shape));
      const width = a!.shape[1]!;
      const rows = tf.tile(tf.eye(width), [4000 / width, 1]);
      const beside = model.adapter!.beside(
        model.adapter!.draw({ seed: tf.tensor1d([3, 3], "int32"), shape: [40, 100] }),
      );
      const left = tf.slice(beside(layer!, rows)!, [0, 0], [-1, 1]).dataSync();
      const kept = left.filter((value) => value !== 0);
      assert(kept.every((value) => Math.abs(value - 4 / 3) < 1e-6));
      assertAlmostEquals(kept.length / left.length, 0.75, 0.03);
    });
  });
});

Deno.test("newAdapter() starts B at zero and A uniform within 1 / sqrt(in), by the seed", async () => {
  const start = async (seed: number) => {
    using loaded = await loadModel("tests/fixtures/gpt2/plain", { lora: { ...NEW, rank: 64, seed } });
    return Object.entries(loaded.model.adapter!.weights).map(([name, weight]) =>
      [name, weight.shape[1]!, Array.from(weight.dataSync())] as const
    );
  };
  const first = await start(1);
  for (const [name, inputs, values] of first) {
    if (name.endsWith("lora_B.weight")) assert(values.every((value) => value === 0));
    else {
      const bound = 1 / Math.sqrt(inputs);
      assert(values.every((value) => Math.abs(value) <= bound));
      const deviation = Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
      assertAlmostEquals(deviation, bound / Math.sqrt(3), 0.08 * bound);
    }
  }
  assertEquals(await start(1), first);
  assert(JSON.stringify(await start(2)) !== JSON.stringify(first));
});

Deno.test("targets choose attention, the MLP, both, or what a regular expression finds", async () => {
  for (const folder of ADAPTED) {
    const { architecture, config } = await readConfig(folder);
    const all = [...linearLayers(architecture, config).keys()];
    const chosen = async (targets: string) => {
      let layers: readonly string[] = [];
      await withLora(folder, { targets }, ({ model }) => void (layers = model.adapter!.layers));
      return layers;
    };
    const [attention, mlp] = [await chosen("attention"), await chosen("mlp")];
    assertEquals(new Set([...attention, ...mlp]), new Set(all), folder);
    assertEquals(attention.length + mlp.length, all.length, folder);
    assert(attention.length > 0 && mlp.length > 0);
    assertEquals(await chosen("all"), all);
    const last = new RegExp(`\\.${config.layers - 1}\\.mlp\\.`);
    assertEquals(await chosen(last.source), all.filter((name) => last.test(name)));
  }
});

Deno.test("checkLora() says which number is wrong", () => {
  const cases = [
    [{ rank: 0 }, "r is 0: expected a whole number of at least 1"],
    [{ rank: 1.5 }, "r is 1.5: expected a whole number of at least 1"],
    [{ alpha: 0 }, "alpha is 0: expected a positive number"],
    [{ alpha: Infinity }, "alpha is Infinity: expected a positive number"],
    [{ dropout: 1 }, "dropout is 1: expected a number from 0 to less than 1"],
    [{ dropout: -0.1 }, "dropout is -0.1: expected a number from 0 to less than 1"],
    [{ targets: "(" }, 'targets "(" is none of attention, mlp, all, nor a regular expression'],
    [{ targets: "" }, 'targets "" is none of attention, mlp, all, nor a regular expression'],
  ] as const;
  for (const [wrong, message] of cases) {
    const error = assertThrows(() => checkLora({ ...LORA_DEFAULTS, ...wrong }), RangeError);
    assertEquals(error.message, `Cannot make an adapter: ${message}`);
  }
});
