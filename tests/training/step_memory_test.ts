import { assert, assertEquals } from "@std/assert";
import {
  activationBytes,
  type ModelSizes,
  RUNTIME_BYTES,
  sizesOf,
  trainingBytes,
} from "../../lib/training/step_memory.ts";
import { shapesOf } from "../gpu/random_model.ts";
import { linearLayers } from "../../lib/models/lora.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { objectiveOf } from "../../lib/unlearning/objectives.ts";
import { unlearningBytes, type UnlearnWork } from "../../lib/unlearning/run_memory.ts";

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

/** Bytes of a process with the library alone, without Polars, tokenizers and the command line. */
const LIBRARY_BYTES = 530e6;

/** A llama of 8 layers. */
const LLAMA: ModelSizes = {
  parameters: 31_990_272,
  config: { layers: 8, width: 512, headWidth: 64, cacheHeads: 4, vocabularySize: 16384, maxPositions: 2048 },
};

/** Llamas of 12 layers with narrow and with wide MLPs, and SmolLM2-135M; measured without AVX-512. */
const [NARROW_MLP, WIDE_MLP] = [[42_742_272, 1408], [68_694_528, 2816]].map(([parameters, gatedWidth]) => ({
  parameters,
  config: { ...LLAMA.config, layers: 12, cacheHeads: 8, vocabularySize: 4096, gatedWidth },
})) as [ModelSizes, ModelSizes];
const SMOLLM2: ModelSizes = {
  parameters: 134_515_008,
  config: {
    ...{ layers: 30, width: 576, headWidth: 64, cacheHeads: 3, vocabularySize: 49152, maxPositions: 8192 },
    gatedWidth: 1536,
  },
};

/** A GPT-2 whose vocabulary is most of it. */
const MANY_TOKENS: ModelSizes = {
  parameters: 15_873_536,
  config: { ...EMBEDDED.config, vocabularySize: 49152 },
};

/**
 * Peak resident sizes of one epoch of `unlearn()` on rows of 512 tokens with a secret of 28 each, and as many retain rows of
 * 128, on two cores with AVX-512: nothing but the library in the process.
 */
const UNLEARNED:
  (Partial<UnlearnWork> & { model: ModelSizes; rows: number; microBatch: number; peak: number })[] = [
    { model: EMBEDDED, rows: 16, microBatch: 1, peak: 811e6 },
    { model: EMBEDDED, rows: 16, microBatch: 4, peak: 1234e6 },
    { model: EMBEDDED, rows: 16, microBatch: 16, peak: 2565e6 },
    { model: EMBEDDED, rows: 16, microBatch: 4, recomputesLayers: true, peak: 896e6 },
    { model: EMBEDDED, rows: 16, microBatch: 16, recomputesLayers: true, peak: 1327e6 },
    { model: LLAMA, rows: 8, microBatch: 4, xla: true, peak: 3273e6 },
    { model: LLAMA, rows: 8, microBatch: 4, recomputesLayers: true, peak: 2016e6 },
    { model: { ...LLAMA, trained: 1_196_032 }, rows: 8, microBatch: 4, recomputesLayers: true, peak: 1208e6 },
    { model: NARROW_MLP, rows: 4, microBatch: 1, peak: 1915e6 },
    { model: NARROW_MLP, rows: 4, microBatch: 4, peak: 3253e6 },
    { model: WIDE_MLP, rows: 4, microBatch: 1, peak: 2491e6 },
    { model: WIDE_MLP, rows: 4, microBatch: 4, peak: 4271e6 },
    { model: SMOLLM2, rows: 2, microBatch: 1, peak: 4397e6 },
    { model: SMOLLM2, rows: 4, microBatch: 2, peak: 5643e6 },
    { model: SMOLLM2, rows: 4, microBatch: 4, peak: 7708e6 },
    { model: SMOLLM2, rows: 1, microBatch: 1, forgetTokens: 64, retainTokens: 64, peak: 3728e6 },
    { model: MANY_TOKENS, rows: 8, microBatch: 4, recomputesLayers: true, peak: 1579e6 },
    {
      model: MANY_TOKENS,
      rows: 8,
      microBatch: 4,
      recomputesLayers: true,
      optimizer: "adam8bit",
      peak: 1571e6,
    },
  ];

Deno.test("unlearningBytes() is within 15 % of what runs have taken", () => {
  for (const { model, rows, peak, ...work } of UNLEARNED) {
    const bytes = unlearningBytes(model, {
      objective: objectiveOf("codeeraser", { gamma: 0.5, lambda: 0.1, alpha: 1 }),
      ...{ forgetRows: rows, forgetTokens: 512, maskTokens: 28 * rows, secrets: rows },
      ...{ retainRows: rows, retainTokens: 128, isRetained: true, xla: false },
      ...work,
    });
    const about = `${model.parameters} parameters, ${JSON.stringify(work)}`;
    assertNear(bytes - RUNTIME_BYTES + LIBRARY_BYTES, peak, { share: 0.15, about });
  }
});

Deno.test("sizesOf() says how wide gated MLPs are, whichever weights hold the gate", async () => {
  for (const family of ["llama", "qwen2", "phi3", "gemma", "gpt_neox"]) {
    const json = JSON.parse(await Deno.readTextFile(`tests/fixtures/families/${family}/plain/config.json`));
    const architecture = architectureOf(json.model_type);
    const config = architecture.readConfig(json, "the test");
    const { gatedWidth } = sizesOf(config, architecture.shapes(config)).config;
    assertEquals(gatedWidth, family === "gpt_neox" ? undefined : json.intermediate_size, family);
  }
});

/** A GPT-2 of 3 layers, and one of smaller tensors, of which the allocator keeps more. */
const [LARGE_TENSORS, SMALL_TENSORS] = [[3, 1024], [8, 512]].map(([layers, width]) => {
  const gpt2 = architectureOf("gpt2");
  const json = { vocab_size: 4096, n_positions: 256, n_embd: width, n_layer: layers, n_head: 8 };
  const config = gpt2.readConfig(json, "the test");
  return sizesOf(config, gpt2.shapes(config));
}) as [ModelSizes, ModelSizes];

Deno.test("two logical processors take what trainingBytes() and unlearningBytes() say, a GPU its own", () => {
  const share = 0.33;
  for (const [model, peak] of [[LARGE_TENSORS, 2358e6], [SMALL_TENSORS, 2517e6]] as const) {
    const about = `${model.parameters} parameters`;
    assertNear(trainingBytes(model, { rows: 4, length: 128, devices: 2 }), peak, { share, about });
  }
  const work: UnlearnWork = {
    objective: objectiveOf("codeeraser", { gamma: 0.5, lambda: 0.1, alpha: 1 }),
    ...{ forgetRows: 8, forgetTokens: 256, maskTokens: 28 * 8, secrets: 8, microBatch: 2 },
    ...{ retainRows: 8, retainTokens: 128, isRetained: true, xla: false },
  };
  assertNear(unlearningBytes(LARGE_TENSORS, { ...work, devices: 2 }), 2453e6, { share, about: "unlearning" });
  const onGpu = (devices: number) => unlearningBytes(LARGE_TENSORS, { ...work, gpu: 80e9, devices });
  assertEquals(onGpu(2), onGpu(1));
  const trainedOnGpu = (devices: number, rows: number) =>
    trainingBytes(LARGE_TENSORS, { rows, length: 128, gpu: 80e9, devices });
  assertEquals(trainedOnGpu(2, 4) - trainedOnGpu(1, 2), 4 * LARGE_TENSORS.parameters); // the sums
});

/** Epochs of an adapter of rank 16 for all layers of a new CodeGen-350M, its weights in bfloat16; nothing through XLA. */
const ADAPTED = [{ rows: 1, peak: 4187e6 }, { rows: 2, peak: 6141e6 }];

Deno.test("unlearningBytes() is within 15 % of what an adapter's runs have taken", () => {
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
    assertNear(bytes, peak, { share: 0.15, about: `${rows} rows` });
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
  const parameters = EMBEDDED.parameters + (150_000 - 4096) * 256;
  const sizes = { parameters, config: { ...EMBEDDED.config, vocabularySize: 150_000 } };
  const of = (method: string) =>
    unlearningBytes(sizes, {
      objective: objectiveOf(method, { gamma: 0.5, lambda: 0.1, alpha: 1 }),
      ...{
        forgetRows: 32,
        forgetTokens: 512,
        maskTokens: 1800,
        secrets: 0, // whose scores would take more
        retainRows: 32,
        retainTokens: 128,
      },
      ...{ isRetained: true, microBatch: 8, xla: true },
    });
  const [state, output] = [4 * 256, 4 * 256 * 150_000]; // the states of positions, and what makes logits of them
  assertEquals([of("codeeraser") - of("ssga"), of("cu") - of("ga")], [
    state * (2048 + 32 * 128) + output, // 450 secret tokens of a micro-batch have room for 512
    state * (32 * 512 + 32 * 128) + output,
  ]);
});

Deno.test("unlearningBytes() is less within a limit, by what scores take", () => {
  const sizes = {
    parameters: 134_515_008,
    config: {
      ...LARGER.config,
      ...{ layers: 30, width: 576, headWidth: 64, cacheHeads: 3, vocabularySize: 49_152 },
    },
  };
  const of = (limit?: number) =>
    unlearningBytes(sizes, {
      objective: objectiveOf("ga", { gamma: 0, lambda: 0, alpha: 0 }),
      ...{ forgetRows: 32, forgetTokens: 512, maskTokens: 1800, secrets: 76, retainRows: 0, retainTokens: 0 },
      ...{
        isRetained: true,
        microBatch: 1,
        xla: false,
        recomputesLayers: true,
        optimizer: "adam8bit",
        limit,
      },
    });
  assert(of() > 3.9e9);
  assert(of(3.5e9) < 3.5e9 && of(3.5e9) > of(2.5e9));
  assertEquals(of(100e9), of()); // more makes nothing faster
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
  assertEquals(unlearningBytes(LARGER, work) - unlearningBytes(some, work), 16 * frozen);
});
