/**
 * A model as it is deployed in a format of fewer bits: a copy whose weights were rounded to it and widened again, so that
 * every measure runs on it as on the model itself.
 *
 * What stays as it is follows those who deploy. Biases and norms stay everywhere but in bfloat16, in which a checkpoint is
 * stored whole. Embeddings and output weights stay in the integer formats and NF4, as bitsandbytes and GPTQ leave them;
 * llama.cpp rounds the embedding to the format and output weights (also where they are the embedding) to Q6_K beside four
 * bits. Positions' embeddings stay. Q4_K is Q4_K alone, without the finer types that llama.cpp's mixtures S and M
 * give to some layers.
 *
 * @module
 */
import { dispose, type Tensor } from "../npm/tfjs_core.ts";
import { snapshot } from "../engine/compile.ts";
import { fillTensor, viewTensor } from "../engine/tensor_memory.ts";
import { Model } from "../models/model.ts";
import type { OwnConfig } from "../models/architecture.ts";
import { architectureOf } from "../models/models.ts";
import { type Matrix, type RoundingName, roundWeights } from "./round_weights.ts";

/** llama.cpp's formats, with what it gives output weights. */
const GGML_OUTPUTS: Partial<Record<RoundingName, RoundingName>> = {
  q8_0: "q8_0",
  q4_0: "q6_k",
  q4_k: "q6_k",
  q6_k: "q6_k",
};

/**
 * What a format makes of each weight of a model: the format that it is rounded to, or null where it stays.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { weightRoundings } from "./quantized_model.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * const roundings = weightRoundings(loaded.model, "q4_k");
 * const names = ["transformer.wte.weight", "transformer.wpe.weight", "transformer.h.0.mlp.c_fc.weight"];
 * assertEquals(names.map((name) => roundings.get(name)), ["q6_k", null, "q4_k"]); // the first is the output's too
 * ```
 */
export function weightRoundings(model: Model, format: RoundingName): Map<string, RoundingName | null> {
  const { embeddingName, outputName } = architectureOf(model.config.modelType);
  const output = model.config.tiedEmbeddings ? embeddingName : outputName;
  const ofOutput = GGML_OUTPUTS[format];
  return new Map(
    Object.entries(model.weights).map(([name, { shape }]) => {
      if (format === "bfloat16") return [name, format];
      if (shape.length !== 2 || /\bwpe\.weight$/.test(name)) return [name, null];
      if (name === output) return [name, ofOutput ?? null];
      if (name === embeddingName) return [name, ofOutput ? format : null];
      return [name, format];
    }),
  );
}

/**
 * A copy of a model in a format; the caller disposes it. Weights that stay share their memory with the model's.
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 * import { quantizedModel } from "./quantized_model.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/plain");
 * using rounded = await quantizedModel(loaded.model, "int4");
 * const [bias, weight] = ["bias", "weight"].map((part) => `transformer.h.0.mlp.c_fc.${part}`);
 * const read = (model: { weights: Readonly<Record<string, any>> }, name: string) => model.weights[name]!.dataSync();
 * assertEquals(read(rounded, bias!), read(loaded.model, bias!));
 * assertNotEquals(read(rounded, weight!), read(loaded.model, weight!));
 * ```
 */
export async function quantizedModel(model: Model, format: RoundingName): Promise<Model> {
  const weights: Record<string, Tensor> = {};
  try {
    for (const [name, rounding] of weightRoundings(model, format)) {
      const weight = model.weights[name]!;
      weights[name] = rounding
        ? await rounded(weight, rounding, isTransposed(model, name))
        : snapshot(weight);
    }
  } catch (error) {
    dispose(weights);
    throw error;
  }
  const { products } = model;
  const architecture = architectureOf(model.config.modelType);
  const config = model.config as OwnConfig; // that very family's readConfig gave it
  return new Model({ architecture, config, weights, products, name: `${model.name} as ${format}` });
}

/** Whether a matrix has a row for each input: GPT-2's projections do, those of all other families have one for each output. */
function isTransposed({ config }: Model, name: string): boolean {
  return config.modelType === "gpt2" && /\.c_\w+\.weight$/.test(name);
}

async function rounded(weight: Tensor, rounding: RoundingName, isTransposed: boolean): Promise<Tensor> {
  using view = viewTensor(weight);
  const [rows, columns] = weight.shape.length === 2 ? weight.shape as [number, number] : [1, weight.size];
  const matrix = isTransposed
    ? transpose({ values: view.values, columns })
    : { values: view.values, columns };
  const values = roundWeights(matrix, rounding);
  return await fillTensor(weight.shape, (memory) => {
    memory.set(isTransposed ? transpose({ values, columns: rows }).values : values);
  });
}

function transpose({ values, columns }: Matrix): Matrix {
  const rows = values.length / columns;
  const turned = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      turned[column * rows + row] = values[row * columns + column]!;
    }
  }
  return { values: turned, columns: rows };
}
