import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Decoder } from "../../lib/decoding/decoder.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import { loadModel, readConfig } from "../../lib/checkpoints/load.ts";
import { Model } from "../../lib/models/model.ts";
import { NotFiniteError } from "../../lib/models/not_finite.ts";
import { readFixture } from "./fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const { folder } = await readFixture("trained");
const TEXT = [3, 20, 49];
const NEXT = [41, 5, 26]; // what the model writes after it
const ENDING = `with model "${folder}": the logits are not finite: its weights are damaged or too large`;

/** Runs a test with the model reading one token wrongly; its output weights are as they were. */
async function withSpoiled(
  token: number,
  body: (model: Model, isNan: boolean) => Promise<void>,
): Promise<void> {
  for (const value of [NaN, 3e38]) { // 3e38 is finite; the variance of such numbers is not
    const before = engine.memory();
    {
      using loaded = await loadModel(folder);
      const { architecture, config } = await readConfig(folder);
      const { weights } = loaded.model;
      const embedding = weights["transformer.wte.weight"]!;
      const values = embedding.dataSync().slice();
      using output = tensorOf(values, embedding.shape);
      values.fill(value, token * config.width, (token + 1) * config.width);
      using spoiled = tensorOf(values, embedding.shape);
      const parts = { "transformer.wte.weight": spoiled.tensor, "lm_head.weight": output.tensor };
      const untied = { ...config, tiedEmbeddings: false };
      const model = new Model({
        architecture,
        config: untied,
        weights: { ...weights, ...parts },
        name: folder,
      });
      await body(model, Number.isNaN(value));
    }
    assertEquals(engine.memory(), before);
  }
}

function tensorOf(values: ArrayLike<number>, shape: number[]): { tensor: tf.Tensor } & Disposable {
  const tensor = tf.tensor(Float32Array.from(values), shape);
  return { tensor, [Symbol.dispose]: () => tensor.dispose() };
}

Deno.test("Decoder.fill() refuses logits that are not finite, naming text and model", async () => {
  await withSpoiled(NEXT[1]!, async (model) => {
    using decoder = new Decoder(model, { batch: 4 });
    for (const keepCache of [false, true]) {
      const fill = (texts: number[][], nameOf?: (i: number) => string) =>
        decoder.prefill(texts, { length: 8, keepCache, ...(nameOf && { nameOf }) });
      const bad = [TEXT, [...TEXT, ...NEXT]];
      await assertRejects(() => fill(bad), NotFiniteError, `Cannot score text 1 ${ENDING}`);
      const nameOf = (i: number) => `secret ${7 + i}`;
      await assertRejects(() => fill(bad, nameOf), NotFiniteError, `Cannot score secret 8 ${ENDING}`);
      // the last token counts too, after which no loss is told
      await assertRejects(() => fill([[...TEXT, 41, 5]]), NotFiniteError, `Cannot score text 0 ${ENDING}`);
      using filled = await fill([TEXT, [...TEXT, 41]]);
      assert(filled.losses.flatMap((losses) => [...losses]).every(Number.isFinite));
    }
  });
});

Deno.test("Decoder.continueAll() refuses logits that become not finite while it decodes, and only then", async () => {
  await withSpoiled(NEXT[1]!, async (model, isNan) => {
    for (const xla of isNan ? [false, true] : [false]) { // XLA takes seconds
      using decoder = new Decoder(model, { batch: 4, xla });
      using filled = await decoder.prefill([TEXT, TEXT], { length: 8, keepCache: true });
      const token = filled.predictions[1]![2]!;
      const upTo = (until: number) => decoder.continueAll(filled, [{ text: 1, position: 3, token, until }]);
      assertEquals([...(await upTo(5))[0]!], [41, 5]); // what token 5 leads to is not asked for
      await assertRejects(() => upTo(6), NotFiniteError, `Cannot score text 1 ${ENDING}`);
    }
  });
});

Deno.test("Generator refuses logits that are not finite, greedy and sampled, in prompts and after them", async () => {
  await withSpoiled(NEXT[1]!, async (model) => {
    for (const sampling of [undefined, { temperature: 0.1, topP: 0.5 }]) {
      using generator = new Generator(model, { xla: false });
      const generate = (prompts: number[][], maxTokens: number) =>
        generator.generate(prompts, { maxTokens, ...(sampling && { sampling }) });
      assertEquals([...(await generate([TEXT], 2))[0]!], [41, 5]);
      const message = (prompt: number) => `Cannot continue prompt ${prompt} ${ENDING}`;
      await assertRejects(() => generate([TEXT], 3), NotFiniteError, message(0));
      await assertRejects(() => generate([TEXT, [...TEXT, 41, 5]], 1), NotFiniteError, message(1));
    }
  });
});
