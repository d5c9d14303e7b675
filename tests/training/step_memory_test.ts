import { assert, assertEquals } from "@std/assert";
import { activationBytes, type ModelSizes, sizesOf, trainingBytes } from "../../lib/training/step_memory.ts";
import { shapesOf } from "../gpu/random_model.ts";
import { linearLayers } from "../../lib/models/lora.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { objectiveOf } from "../../lib/unlearning/objectives.ts";
import { unlearningBytes } from "../../lib/unlearning/run_memory.ts";

const EMBEDDED: ModelSizes = {
  parameters: 4_339_200,
  config: { layers: 4, width: 256, headWidth: 64, cacheHeads: 4, vocabularySize: 4096, maxPositions: 512 },
};
const LARGER: ModelSizes = {
  parameters: 29_677_568,
  config: { layers: 8, width: 512, headWidth: 64, cacheHeads: 8, vocabularySize: 8192, maxPositions: 512 },
};

const WIDER: ModelSizes = { parameters: 27_579_392, config: { ...LARGER.config, vocabularySize: 4096 } };
const DEEPER: ModelSizes = {
  parameters: 23_063_808,
  config: { layers: 12, width: 384, headWidth: 64, cacheHeads: 6, vocabularySize: 4096, maxPositions: 512 },
};

/** GPT-2 small with a vocabulary of 32,768 and 128 positions. */
const SMALL: ModelSizes = {
  parameters: 110_320_128,
  config: { layers: 12, width: 768, headWidth: 64, cacheHeads: 12, vocabularySize: 32768, maxPositions: 128 },
};

function assertNear(
  estimated: number,
  measured: number,
  { share, about }: { share: number; about: string },
): void {
  const difference = estimated / measured - 1;
  assert(
    Math.abs(difference) < share,
    `${about}: ${estimated / 1e6} MB estimated, ${measured / 1e6} measured`,
  );
}

/**
 * Peak resident sizes of `train` processes on two cores with AVX-512, in bytes: rows, tokens a row. They make a new model and
 * learn its tokenizer, or train an existing one.
 */
const TRAINED = [
  { model: EMBEDDED, rows: 1, length: 16, peak: 854e6, learnsTokenizer: false },
  { model: EMBEDDED, rows: 4, length: 256, peak: 979e6, learnsTokenizer: false },
  { model: EMBEDDED, rows: 8, length: 512, peak: 1572e6, learnsTokenizer: false },
  { model: EMBEDDED, rows: 2, length: 512, peak: 1021e6, learnsTokenizer: false },
  { model: EMBEDDED, rows: 16, length: 128, peak: 1096e6, learnsTokenizer: false },
  { model: WIDER, rows: 1, length: 16, peak: 1323e6, learnsTokenizer: false },
  { model: WIDER, rows: 2, length: 256, peak: 1473e6, learnsTokenizer: false },
  { model: WIDER, rows: 16, length: 64, peak: 1643e6, learnsTokenizer: false },
  { model: WIDER, rows: 8, length: 512, peak: 3511e6, learnsTokenizer: false },
  { model: DEEPER, rows: 4, length: 256, peak: 1769e6, learnsTokenizer: false },
  { model: EMBEDDED, rows: 1, length: 16, peak: 1099e6 },
  { model: EMBEDDED, rows: 2, length: 512, peak: 1265e6 },
  { model: EMBEDDED, rows: 8, length: 512, peak: 1788e6 },
  { model: EMBEDDED, rows: 16, length: 128, peak: 1359e6 },
  { model: WIDER, rows: 1, length: 16, peak: 1548e6 },
  { model: WIDER, rows: 2, length: 256, peak: 1750e6 },
  { model: WIDER, rows: 16, length: 64, peak: 1816e6 },
  { model: WIDER, rows: 8, length: 512, peak: 3711e6 },
  { model: DEEPER, rows: 4, length: 256, peak: 1882e6 },
];

Deno.test("trainingBytes() is near what runs have taken", () => {
  for (const { model, rows, length, peak, learnsTokenizer = true } of TRAINED) {
    const about = `${model.parameters} parameters, ${rows} x ${length}`;
    assertNear(trainingBytes(model, { rows, length, learnsTokenizer }), peak, { share: 0.15, about });
  }
});

/**
 * Of `unlearn` on 16 forget and 16 retain rows: to the thresholds with micro-batches of 4, else one epoch; the larger model
 * was new, so that it knew nothing. Of GPT-2 small only the steps, of two short rows: what its weights, moments, sums and
 * gradients take.
 */
const UNLEARNED = [
  { model: EMBEDDED, method: "codeeraser", microBatch: 1, isRetained: true, peak: 1004e6 },
  { model: EMBEDDED, method: "codeeraser", microBatch: 4, isRetained: true, peak: 1497e6 },
  { model: EMBEDDED, method: "codeeraser", microBatch: 16, isRetained: true, peak: 3090e6 },
  { model: EMBEDDED, method: "ga", microBatch: 4, isRetained: false, peak: 1651e6 },
  { model: LARGER, method: "ga", microBatch: 1, isRetained: false, peak: 4164e6 },
  {
    ...{ model: SMALL, method: "codeeraser", microBatch: 1, isRetained: true, peak: 3905e6 },
    ...{ forgetRows: 2, forgetTokens: 32, maskTokens: 14, secrets: 0, retainRows: 0 },
  },
];

Deno.test("unlearningBytes() is within 30 % of what runs have taken", () => {
  for (const { model, method, peak, ...work } of UNLEARNED) {
    const bytes = unlearningBytes(model, {
      objective: objectiveOf(method, { gamma: 0.5, lambda: 0.1, alpha: 1 }),
      ...{
        forgetRows: 16,
        forgetTokens: 512,
        maskTokens: 900,
        secrets: 40,
        retainRows: 16,
        retainTokens: 128,
      },
      ...work,
      xla: model !== EMBEDDED,
    });
    assertNear(bytes, peak, { share: 0.3, about: `${method}, micro-batch ${work.microBatch}` });
  }
});

/** Epochs of an adapter of rank 16 for all layers of a new CodeGen-350M, its weights in bfloat16; nothing through XLA. */
const ADAPTED = [{ rows: 1, peak: 4279e6 }, { rows: 2, peak: 6751e6 }];

Deno.test("unlearningBytes() is within 10 % of what an adapter's runs have taken", () => {
  const architecture = architectureOf("codegen");
  const config = architecture.readConfig(shapesOf({ tiny: false }).codegen.json, "the test");
  const layers = [...linearLayers(architecture, config).values()];
  const trained = layers.reduce((sum, { inputs, outputs }) => sum + 16 * (inputs + outputs), 0);
  const sizes = { ...sizesOf(config, architecture.shapes(config)), trained, weightBytes: 2 } as const;
  for (const { rows, peak } of ADAPTED) {
    const bytes = unlearningBytes(sizes, {
      objective: objectiveOf("codeeraser", { gamma: 0.5, lambda: 0.1, alpha: 1 }),
      ...{ forgetRows: rows, forgetTokens: 512, maskTokens: 32 * rows, secrets: rows },
      ...{ retainRows: rows, retainTokens: 128, isRetained: true, microBatch: rows, xla: false },
    });
    assertNear(bytes, peak, { share: 0.1, about: `${rows} rows` });
  }
});

Deno.test("on a GPU weights, gradients and rows count, and of attention half of a long row's scores", () => {
  const rows = { rows: 4, length: 512 };
  const of = (gpu: number | null) => trainingBytes(LARGER, { ...rows, gpu });
  const activations = activationBytes(LARGER.config, { ...rows, xla: true, gpu: 80e9 });
  assertEquals(of(80e9), 16 * LARGER.parameters + activations);
  assert(of(80e9) < of(null) - 750e6);
  const scores = (length: number) => {
    const [cpu, gpu] = [null, 80e9].map((gpu) =>
      activationBytes(LARGER.config, { rows: 1, length, xla: true, gpu })
    );
    return (cpu! - gpu!) / length;
  };
  assertEquals(scores(128), 0); // one block
  assert(Math.abs(scores(1024) / scores(512) - (1024 - 576) / (512 - 320)) < 1e-9);
});

Deno.test("unlearningBytes() counts the reference where the divergence counts", () => {
  const sizes = { ...EMBEDDED, config: { ...EMBEDDED.config, vocabularySize: 150_000 } };
  const of = (method: string) =>
    unlearningBytes(sizes, {
      objective: objectiveOf(method, { gamma: 0.5, lambda: 0.1, alpha: 1 }),
      ...{
        forgetRows: 32,
        forgetTokens: 512,
        maskTokens: 1800,
        secrets: 80,
        retainRows: 32,
        retainTokens: 128,
      },
      ...{ isRetained: true, microBatch: 8, xla: true },
    });
  assertEquals([of("codeeraser") - of("ssga"), of("cu") - of("ga")].map((bytes) => bytes / 600_000), [
    1800 + 32 * 128,
    32 * 512 + 32 * 128,
  ]);
});

Deno.test("activationBytes() grows with rows and, by attention, more than with a row's tokens", () => {
  const of = (rows: number, length: number) => activationBytes(LARGER.config, { rows, length, xla: true });
  assertEquals(of(8, 128), 4 * of(2, 128));
  assert(of(1, 512) > 4 * of(1, 128));
});

Deno.test("trainingBytes() and unlearningBytes() count weights that are not trained once", () => {
  const some = { ...LARGER, trained: 25e6 };
  const frozen = LARGER.parameters - 25e6;
  const rows = { rows: 1, length: 16 };
  assertEquals(trainingBytes(LARGER, rows) - trainingBytes(some, rows), 12 * frozen);
  const work = {
    objective: objectiveOf("ga", { gamma: 0, lambda: 0, alpha: 0 }),
    ...{ forgetRows: 1, forgetTokens: 64, maskTokens: 9, secrets: 0, retainRows: 0, retainTokens: 0 },
    ...{ isRetained: true, microBatch: 1, xla: true },
  };
  assertEquals(unlearningBytes(LARGER, work) - unlearningBytes(some, work), 20 * frozen);
});
