import { assert, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { LORA_DEFAULTS } from "../../lib/models/lora.ts";
import type { Model } from "../../lib/models/model.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** So many tokens that no weight of the fixtures has a side as long, nor one less. */
const TOKENS = 30;

/** Shapes of all that products and scattered sums give while the gradients of a model are computed. */
function productShapes(model: Model): Set<string> {
  const { binding } = currentEngine();
  const { executeOp } = binding;
  const shapes = new Set<string>();
  binding.executeOp = (name, ...rest) => {
    const outputs = executeOp.call(binding, name, ...rest);
    if (/MatMul|Einsum|Segment|Scatter/.test(name)) {
      for (const { shape } of outputs) shapes.add(shape.filter((side) => side !== 1).join());
    }
    return outputs;
  };
  try {
    tf.tidy(() => {
      const ids = tf.tensor2d(Int32Array.from({ length: TOKENS }, (_, i) => i % 7), [1, TOKENS], "int32");
      valueAndGradients(model.trainable, () => tf.mean(nextTokenLosses(model, ids)));
    });
  } finally {
    binding.executeOp = executeOp;
  }
  return shapes;
}

/** The matrices of a model whose gradient would be as large as they are, as they lie or turned. */
function matricesOf({ weights }: Model): string[][] {
  return Object.values(weights).filter(({ shape }) => shape.length === 2)
    .map(({ shape: [rows, columns] }) => [`${rows},${columns}`, `${columns},${rows}`]);
}

for (const { name: family } of Deno.readDirSync("tests/fixtures/families")) {
  Deno.test(`with an adapter no gradient of a frozen weight of ${family} is made`, async () => {
    const folder = `tests/fixtures/families/${family}/plain`;
    using whole = await loadModel(folder, { trainable: true });
    const made = productShapes(whole.model);
    const matrices = matricesOf(whole.model);
    assert(
      matrices.flat().every((shape) =>
        !shape.split(",").some((side) => [TOKENS, TOKENS - 1].includes(+side))
      ),
    );
    const found = matrices.filter((shapes) => shapes.some((shape) => made.has(shape)));
    assert(found.length > 0, "where all is trained they are made, so the check can fail");
    using adapted = await loadModel(folder, {
      lora: { ...LORA_DEFAULTS, rank: 3, alpha: 3, seed: 1, dropout: 0 },
    });
    assertEquals(Object.keys(adapted.model.trainable).every((name) => name.includes("lora_")), true);
    const of = productShapes(adapted.model);
    assertEquals(matricesOf(adapted.model).flat().filter((shape) => of.has(shape)), []);
    assert([...of].some((shape) => shape.split(",").includes("3")), "an adapter's own are made");
  });
}
