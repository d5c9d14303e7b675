import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { saveAdapter } from "../../lib/checkpoints/adapter.ts";
import { ADAPTER_CONFIG } from "../../lib/checkpoints/adapter_config.ts";
import { loadModel, type LoadOptions } from "../../lib/checkpoints/load.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { compile } from "../../lib/engine/compile.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { isNarrow } from "../../lib/engine/tensor_memory.ts";
import { LORA_DEFAULTS } from "../../lib/models/lora.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { assertTensorClose, readTensors } from "../tensors.ts";
import { ADAPTED, IDS, perturb } from "../models/adapted.ts";
import { encodeSafetensors, fromFloat32 } from "./safetensors_bytes.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const TENSORS = "adapter_model.safetensors";

/** An adapter of peft's, and what peft computed with it. */
async function readPeft(name: string) {
  const folder = `tests/fixtures/lora/${name}`;
  const { base, ids, loss } = JSON.parse(await Deno.readTextFile(`${folder}/expected.json`));
  const expected = await readTensors(`${folder}/expected.safetensors`);
  return { folder, base: `tests/fixtures/${base}`, ids: ids as number[][], loss: loss as number, expected };
}

/** The logits of a model of a folder. */
async function logitsOf(folder: string, ids: readonly number[][], options: LoadOptions = {}) {
  using loaded = await loadModel(folder, options);
  return tf.tidy(() => {
    const logits = loaded.model.logits(tf.tensor2d(ids as number[][], undefined, "int32"));
    return { shape: logits.shape, values: logits.dataSync().slice() };
  });
}

/** Largest of all. */
const scaleOf = ({ values }: { values: ArrayLike<number> }) => Math.max(...Array.from(values, Math.abs));

/** A test with a folder, after which as many tensors and native handles are held as before. */
function test(name: string, body: (folder: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const before = engine.memory();
    const folder = await Deno.makeTempDir();
    try {
      await body(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}

for (const name of ["gpt2", "llama"]) {
  test(`loadModel() with peft's adapter of "${name}" has peft's logits, apart and merged`, async () => {
    const { folder, base, ids, expected } = await readPeft(name);
    const logits = expected.get("logits")!;
    const plain = await logitsOf(base, ids);
    for (const trainsAdapter of [false, true]) {
      const found = await logitsOf(base, ids, { adapter: folder, trainsAdapter });
      assertTensorClose(found, logits, { atol: 1e-5 * scaleOf(logits) });
      assert(found.values.some((value, i) => Math.abs(value - plain.values[i]!) > 0.01 * scaleOf(logits)));
    }
  });

  test(`valueAndGradients() of peft's adapter of "${name}" are peft's`, async () => {
    const { folder, base, ids, loss, expected } = await readPeft(name);
    using loaded = await loadModel(base, { adapter: folder, trainsAdapter: true });
    const { model } = loaded;
    using step = compile((ids: tf.Tensor) => {
      const result = valueAndGradients(model.trainable, () => tf.mean(nextTokenLosses(model, ids)));
      return { loss: result.loss, gradients: result.gradients };
    });
    const input = tf.tensor2d(ids, undefined, "int32");
    const result = step(input);
    assertAlmostEquals(result.loss.dataSync()[0]!, loss, 1e-5);
    const wanted = [...expected.keys()].filter((key) => key.startsWith("gradient."));
    assertEquals(Object.keys(result.gradients).map((key) => `gradient.${key}`).sort(), wanted.sort());
    for (const [key, gradient] of Object.entries(result.gradients)) {
      const other = expected.get(`gradient.${key}`)!;
      assertTensorClose(gradient, other, { atol: 1e-4 * scaleOf(other) });
    }
    tf.dispose([input, result]);
  });

  test(`saveAdapter() of peft's adapter of "${name}" writes what was read`, async (out) => {
    const { folder, base } = await readPeft(name);
    {
      using loaded = await loadModel(base, { adapter: folder, trainsAdapter: true });
      await saveAdapter(loaded.model, out, { base: "org/name", dtype: "F32" });
    }
    const [ours, theirs] = [
      await readTensors(`${out}/${TENSORS}`),
      await readTensors(`${folder}/${TENSORS}`),
    ];
    assertEquals([...ours.keys()].sort(), [...theirs.keys()].sort());
    for (const [key, tensor] of ours) assertEquals(tensor, theirs.get(key));
    const json = async (folder: string) => JSON.parse(await Deno.readTextFile(`${folder}/${ADAPTER_CONFIG}`));
    const [own, other] = [await json(out), await json(folder)];
    const shared = Object.keys(own).filter((key) =>
      !["base_model_name_or_path", "target_modules"].includes(key)
    );
    for (const key of shared) assertEquals(own[key], other[key], key);
  });
}

for (const base of ADAPTED) {
  test(`an adapter of "${base}" comes back from its folder, and merged from a model's`, async (out) => {
    let expected: Awaited<ReturnType<typeof logitsOf>>;
    {
      using loaded = await loadModel(base, { lora: { ...LORA_DEFAULTS, rank: 3, alpha: 5, seed: 1 } });
      perturb(loaded);
      expected = tf.tidy(() => {
        const logits = loaded.model.logits(tf.tensor2d(IDS, undefined, "int32"));
        return { shape: logits.shape, values: logits.dataSync().slice() };
      });
      await saveAdapter(loaded.model, `${out}/adapter`, { base, dtype: "F32" });
      const how = { configJson: loaded.configJson, tokenizerFolder: base };
      for (const dtype of ["F32", "F16", "BF16"] as const) {
        await saveModel(loaded.model, `${out}/${dtype}`, { ...how, dtype });
      }
    }
    const scale = scaleOf(expected);
    const apart = { adapter: `${out}/adapter`, trainsAdapter: true };
    assertEquals(await logitsOf(base, IDS, apart), expected);
    const atLoad = await logitsOf(base, IDS, { adapter: `${out}/adapter` });
    assertTensorClose(atLoad, expected, { atol: 1e-5 * scale });
    assertEquals(await logitsOf(`${out}/F32`, IDS), atLoad);
    for (const [dtype, atol] of [["F16", 5e-3], ["BF16", 5e-2]] as const) {
      const found = await logitsOf(`${out}/${dtype}`, IDS);
      assertTensorClose(found, expected, { atol: atol * scale });
      assert(found.values.some((value, i) => value !== expected.values[i]));
    }
  });
}

test("an adapter merges into weights in bfloat16 as into a checkpoint in bfloat16", async (out) => {
  const base = "tests/fixtures/gpt2/bfloat";
  using loaded = await loadModel(base, { lora: { ...LORA_DEFAULTS, rank: 3, seed: 1 } });
  perturb(loaded);
  await saveAdapter(loaded.model, `${out}/adapter`, { base, dtype: "F32" });
  const how = { configJson: loaded.configJson, tokenizerFolder: base, dtype: "BF16" } as const;
  await saveModel(loaded.model, `${out}/merged`, how);
  const products = "bfloat16";
  assertEquals(
    await logitsOf(base, IDS, { adapter: `${out}/adapter`, products }),
    await logitsOf(`${out}/merged`, IDS, { products }),
  );
});

test("frozen weights stay in bfloat16 where products are, and the adapter in float32", async () => {
  const lora = { ...LORA_DEFAULTS, rank: 3, seed: 1 };
  const base = "tests/fixtures/gpt2/bfloat";
  using narrow = await loadModel(base, { lora, products: "bfloat16", trainable: true });
  using wide = await loadModel(base, { lora });
  for (const loaded of [narrow, wide]) perturb(loaded);
  const [matrix] = narrow.model.adapter!.layers;
  assertEquals([narrow, wide].map(({ model }) => isNarrow(model.weights[`${matrix}.weight`]!)), [
    true,
    false,
  ]);
  const ids = tf.tensor2d(IDS, undefined, "int32");
  const [found, expected] = [narrow, wide].map(({ model }) => {
    using step = compile((ids: tf.Tensor) => {
      const result = valueAndGradients(model.trainable, () => tf.mean(nextTokenLosses(model, ids)));
      return { loss: result.loss, ...result.gradients } as Record<string, tf.Tensor>;
    }, { products: "bfloat16" });
    const result = step(ids);
    const values = Object.entries(result).map(([name, tensor]) => [name, Array.from(tensor.dataSync())]);
    tf.dispose(result);
    return values;
  });
  assertEquals(found, expected); // to the bit: the weights are the file's
  ids.dispose();
});

/** Adapters that are not for a model, or that are not understood: what is changed of peft's, and what is said. */
const WRONG: readonly {
  base?: string;
  json?: Record<string, unknown>;
  tensors?: Record<string, number[]>;
  files?: Record<string, string | null>;
  message: string;
}[] = [
  {
    files: { [ADAPTER_CONFIG]: null },
    message: "it has no adapter_config.json: give a folder that --lora or peft wrote",
  },
  { files: { [TENSORS]: null }, message: "adapter_model.safetensors cannot be read" },
  { files: { [ADAPTER_CONFIG]: "[" }, message: "adapter_config.json: " },
  { json: { peft_type: "IA3" }, message: 'peft_type is "IA3": expected "LORA"' },
  { json: { use_dora: true }, message: "use_dora is true: it is not supported" },
  { json: { modules_to_save: ["lm_head"] }, message: 'modules_to_save is ["lm_head"]: it is not supported' },
  { json: { alpha_pattern: { c_attn: 1 } }, message: 'alpha_pattern is {"c_attn":1}: it is not supported' },
  { json: { bias: "all" }, message: 'bias is "all": expected "none"' },
  { json: { r: 0 }, message: "r is 0: expected a whole number of at least 1" },
  { json: { r: "3" }, message: 'r is "3": expected a number' },
  { json: { lora_dropout: 2 }, message: "dropout is 2: expected a number from 0 to less than 1" },
  {
    base: "tests/fixtures/families/llama/plain",
    message: 'with model "tests/fixtures/families/llama/plain": it has ' +
      '"base_model.model.transformer.h.0.attn.c_attn.lora_A.weight", which is of no linear layer: it was made for "gpt2/plain"',
  },
  {
    json: { r: 2 },
    message:
      'with model "tests/fixtures/gpt2/plain": "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight" is ' +
      '[3,8], expected [2,8]: it was made for "gpt2/plain"',
  },
  {
    tensors: { "base_model.model.transformer.h.0.mlp.c_fc.lora_A.weight": [3, 8] },
    message: 'it lacks "base_model.model.transformer.h.0.mlp.c_fc.lora_B.weight"',
  },
  { tensors: {}, message: "it holds no tensors" },
];

function zeros(tensors: Record<string, number[]>) {
  return Object.entries(tensors).map(([name, shape]) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    return { name, shape, dtype: "F32" as const, values: new Float32Array(size) };
  });
}

test("loadModel() refuses an adapter that is damaged, of another base or not supported, in a line", async (out) => {
  const { folder } = await readPeft("gpt2");
  for (const { base = "tests/fixtures/gpt2/plain", json = {}, tensors, files = {}, message } of WRONG) {
    for (const name of [ADAPTER_CONFIG, TENSORS]) await Deno.copyFile(`${folder}/${name}`, `${out}/${name}`);
    const config = JSON.parse(await Deno.readTextFile(`${folder}/${ADAPTER_CONFIG}`));
    await Deno.writeTextFile(`${out}/${ADAPTER_CONFIG}`, JSON.stringify({ ...config, ...json }));
    if (tensors) await Deno.writeFile(`${out}/${TENSORS}`, encodeSafetensors(zeros(tensors)));
    for (const [name, text] of Object.entries(files)) {
      if (text === null) await Deno.remove(`${out}/${name}`);
      else await Deno.writeTextFile(`${out}/${name}`, text);
    }
    const error = await assertRejects(() => loadModel(base, { adapter: out }), Error);
    assert(error.message.startsWith(`Cannot use adapter "${out}"`), error.message);
    assert(error.message.includes(message), error.message);
    assert(!error.message.includes("\n"));
  }
});

test("loadModel() refuses an adapter on other weights of the same shapes", async (out) => {
  const base = "tests/fixtures/gpt2/plain";
  {
    using loaded = await loadModel(base, { lora: { ...LORA_DEFAULTS, rank: 3, seed: 1 } });
    await saveAdapter(loaded.model, `${out}/adapter`, { base: "org/base", dtype: "F32" });
    perturb(loaded);
    const how = { configJson: loaded.configJson, tokenizerFolder: base, dtype: "F32" } as const;
    await saveModel(loaded.model, `${out}/other`, how);
  }
  const error = await assertRejects(
    () => loadModel(`${out}/other`, { adapter: `${out}/adapter` }),
    TypeError,
  );
  assertEquals(
    error.message,
    `Cannot use adapter "${out}/adapter" with model "${out}/other": its weights are others than those it was made for, ` +
      '"org/base"',
  );
});

test("saveAdapter() stores in 16 bits what it is asked to", async (out) => {
  using loaded = await loadModel("tests/fixtures/gpt2/plain", {
    lora: { ...LORA_DEFAULTS, rank: 3, seed: 1 },
  });
  await saveAdapter(loaded.model, out, { base: "b", dtype: "BF16" });
  const [name, weight] = Object.entries(loaded.model.adapter!.weights)[0]!;
  const saved = (await readTensors(`${out}/${TENSORS}`)).get(`base_model.model.${name}`)!;
  assertEquals(saved.dtype, "BF16");
  assertEquals(
    fromFloat32(Float32Array.from(saved.values), "BF16"),
    fromFloat32(weight.dataSync() as Float32Array, "BF16"),
  );
});
