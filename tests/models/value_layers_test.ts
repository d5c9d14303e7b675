/** What each family's MLPs write, and how it is added: what edits of their last linear layers rest on. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { assign } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { linear } from "../../lib/models/layers.ts";
import { MODELS } from "../../lib/models/models.ts";
import type { Model } from "../../lib/models/model.ts";
import { valueLayers } from "../../lib/models/value_layers.ts";
import { assertTensorClose } from "../tensors.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** What goes into the last layer's value vectors, and what the layer gives. */
function lookInto(model: Model, name: string): { inner: tf.Tensor; output: tf.Tensor } {
  const found: { [name: string]: tf.Tensor } = {};
  model.hidden(tf.tensor2d([[5, 3, 7, 2]], [1, 4], "int32"), {
    inputs: (layer, x) => {
      if (layer === name) found.inner = x;
    },
    around: (run, x) => found.output = run(x),
  });
  return { inner: found.inner!, output: found.output! };
}

for (const family of Object.keys(MODELS)) {
  const folder = family === "gpt2" ? "gpt2" : `families/${family}`;
  Deno.test(`Model.afterMlp() says how ${family} adds what its value vectors write`, async () => {
    using loaded = await loadModel(`tests/fixtures/${folder}/plain`, { trainable: true });
    const { model } = loaded;
    const names = valueLayers(model.linearLayers, model.config);
    assertEquals(names.length, model.config.layers);
    const last = names.length - 1;
    const name = names[last]!;
    const weight = model.weights[`${name}.weight`]!;
    tf.tidy(() => {
      const written = (inner: tf.Tensor) =>
        model.afterMlp(linear(model.weights, name, inner, { isInOut: model.isInOut }), last);
      const before = lookInto(model, name);
      const without = tf.sub(before.output, written(before.inner));
      assign(weight, tf.add(weight, tf.randomNormal(weight.shape, 0, 0.1, "float32", 3)));
      const after = lookInto(model, name);
      assertTensorClose(after.inner, before.inner);
      assertTensorClose(after.output, tf.add(without, written(after.inner)), { atol: 1e-5 });
      const moved = tf.max(tf.abs(tf.sub(after.output, before.output))).dataSync()[0]!;
      assert(moved > 1e-3, `${moved}`);
    });
  });
}

Deno.test("valueLayers() refuses a block without an MLP", () => {
  const layers = new Map([["h.0.mlp.c_fc", { inputs: 4, outputs: 8 }], ["h.0.attn.c_proj", {
    inputs: 4,
    outputs: 4,
  }]]);
  assertThrows(
    () => valueLayers(layers, { layers: 1, width: 4 }),
    RangeError,
    "Cannot find the MLP of layer 0: it has no linear layer",
  );
});
