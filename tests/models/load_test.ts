import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel, newModel, readConfig, saveModel } from "../../lib/models/load.ts";
import { architectureOf } from "../../lib/models/models.ts";
import {
  encodeSafetensors,
  fromFloat32,
  parseHeader,
  type TensorToStore,
  toFloat32,
} from "../../lib/models/safetensors.ts";
import { createNormal, readTensors } from "../tensors.ts";
import { copyFixture, FIXTURES, readFixture } from "./fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

type Edit = (tensors: TensorToStore[]) => TensorToStore[];

/** Changes the tensors of a safetensors file. */
function edited(edit: Edit): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const { tensors, dataStart } = parseHeader(bytes, bytes.length, "fixture");
    return encodeSafetensors(edit(tensors.map(({ name, shape, dtype, begin, end }) => ({
      name,
      shape,
      dtype: dtype as "F32",
      values: toFloat32(bytes.subarray(dataStart + begin, dataStart + end), dtype, name),
    }))));
  };
}

/** The error of loading a changed copy of a fixture; nothing may be left in memory. */
async function loadError(
  changes: Parameters<typeof copyFixture>[1],
  name: typeof FIXTURES[number] = "plain",
): Promise<Error> {
  const before = engine.memory();
  const folder = await copyFixture(name, changes);
  try {
    const error = await assertRejects(() => loadModel(folder), Error);
    assertEquals(engine.memory(), before);
    error.message = error.message.replaceAll(folder, "F");
    return error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const CONFIGS: readonly [Record<string, unknown>, string][] = [
  [{ model_type: "gpt3" }, 'Unknown model type "gpt3": expected "gpt2"'],
  [{ model_type: undefined }, "Unknown model type undefined: expected "],
  [{ model_type: "toString" }, 'Unknown model type "toString": expected '],
  [{ model_type: 2 }, "Unknown model type 2: expected "],
  [{ n_head: 3 }, 'Cannot load "F/config.json": n_head is 3: expected a divisor of n_embd = 8'],
  [{ n_embd: -8 }, 'Cannot load "F/config.json": n_embd is -8: expected a whole number of at least 1'],
  [{ n_layer: 1.5 }, "n_layer is 1.5: expected a whole number of at least 1"],
  [{ n_layer: 0 }, "n_layer is 0: expected a whole number of at least 1"],
  [{ vocab_size: "40" }, 'vocab_size is "40": expected a whole number of at least 1'],
  [{ vocab_size: 1e300 }, "vocab_size is 1e+300: expected a whole number of at least 1"],
  [{ n_positions: [32] }, "n_positions is [32]: expected a whole number of at least 1"],
  [{ n_inner: 0 }, "n_inner is 0: expected a whole number of at least 1"],
  [{ layer_norm_epsilon: 0 }, "layer_norm_epsilon is 0: expected a positive number"],
  [{ layer_norm_epsilon: -1e-5 }, "layer_norm_epsilon is -0.00001: expected a positive number"],
  [{ activation_function: "gleu" }, 'activation_function is "gleu": expected "gelu", "gelu_new"'],
  [{ activation_function: "toString" }, 'activation_function is "toString": expected '],
  [{ scale_attn_weights: 1 }, "scale_attn_weights is 1: expected true or false"],
  [{ tie_word_embeddings: "no" }, 'tie_word_embeddings is "no": expected true or false'],
  [{ add_cross_attention: true }, "add_cross_attention is true: expected none: it is not supported"],
  [
    { quantization_config: { bits: 4 } },
    'quantization_config is {"bits":4}: expected none: it is not supported',
  ],
];

for (const [change, expected] of CONFIGS) {
  Deno.test(`loadModel() refuses a configuration with ${Object.keys(change)} ${JSON.stringify(Object.values(change)[0])}`, async () => {
    const error = await loadError({ config: (json) => ({ ...json, ...change }) });
    assert(error instanceof RangeError && error.message.includes(expected), error.message);
  });
}

Deno.test("readConfig() takes transformers' defaults, null and unknown fields", async () => {
  const folder = await copyFixture("plain", {
    config: () => ({ model_type: "gpt2", n_inner: null, unheard: [1] }),
  });
  const { config } = await readConfig(folder);
  assertEquals(
    [
      config.vocabularySize,
      config.maxPositions,
      config.width,
      config.layers,
      config.headWidth,
      config.tiedEmbeddings,
    ],
    [50257, 1024, 768, 12, 64, true],
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("loadModel() refuses a config.json that is no object", async () => {
  for (
    const [value, expected] of [[[], "config.json is no JSON object"], [
      null,
      "config.json is no JSON object",
    ]]
  ) {
    const error = await loadError({ config: () => value });
    assertEquals(error.message, `Cannot load model "F": ${expected}`);
  }
  const folder = await copyFixture("plain");
  await Deno.writeTextFile(`${folder}/config.json`, '{"model_type":');
  await assertRejects(
    () => loadModel(folder),
    SyntaxError,
    `Cannot load model "${folder}": config.json is no valid JSON: `,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("loadModel() names a file that is missing", async () => {
  const folder = await copyFixture("plain");
  await Deno.remove(`${folder}/model.safetensors`);
  await assertRejects(
    () => loadModel(folder),
    Error,
    `Cannot load "${folder}/model.safetensors": no such file`,
  );
  await Deno.mkdir(`${folder}/model.safetensors`);
  await assertRejects(() => loadModel(folder), Error, `"${folder}/model.safetensors": `);
  await Deno.remove(`${folder}/config.json`);
  await assertRejects(
    () => loadModel(folder),
    Error,
    `Cannot load model "${folder}": config.json cannot be read: no such file`,
  );
  await Deno.remove(folder, { recursive: true });
});

Deno.test("loadModel() refuses weights that are cut, at every 97th byte and near the header's end", async () => {
  const { folder } = await readFixture("plain");
  const whole = await Deno.readFile(`${folder}/model.safetensors`);
  const headerEnd = 8 + Number(new DataView(whole.buffer).getBigUint64(0, true));
  const lengths = Array.from({ length: Math.ceil(whole.length / 97) }, (_, i) => 97 * i);
  lengths.push(...[1, 7, 8, 9, headerEnd - 1, headerEnd, headerEnd + 1, whole.length - 1]);
  const copy = await copyFixture("plain");
  for (const length of lengths) {
    await Deno.writeFile(`${copy}/model.safetensors`, whole.subarray(0, length));
    await assertRejects(() => loadModel(copy), SyntaxError, `file has ${length}`);
  }
  await Deno.remove(copy, { recursive: true });
});

Deno.test("loadModel() lists missing, unknown and misshapen tensors in one message", async () => {
  const error = await loadError({
    weights: edited((tensors) => [
      ...tensors.slice(0, -2).map((tensor) =>
        tensor.name.endsWith("ln_1.bias") ? { ...tensor, shape: [1, 8] } : tensor
      ),
      { name: "transformer.h.9.mlp.extra", shape: [1], dtype: "F32", values: new Float32Array(1) },
    ]),
  });
  assert(error instanceof TypeError);
  assertMatch(
    error.message,
    /^Cannot load "F\/model\.safetensors": 2 tensors are missing \("transformer\.\S+", "transformer\.\S+"\), 1 tensor is unknown \("transformer\.h\.9\.mlp\.extra"\), "transformer\.h\.0\.ln_1\.bias" is \[1,8\], expected \[8\], /,
  );
});

Deno.test("loadModel() names three of many", async () => {
  const { message } = await loadError({ config: (json) => ({ ...json, n_layer: 4 }) });
  assertMatch(message, /: 24 tensors are missing \("transformer\.h\.2\.\S+", "\S+", "\S+", \.\.\.\)$/);
});

Deno.test("loadModel() refuses tensors named as JavaScript's own properties", async () => {
  for (const name of ["__proto__", "constructor", "transformer.toString"]) {
    const extra = { name, shape: [1], dtype: "F32" as const, values: new Float32Array(1) };
    const weights = (bytes: Uint8Array) => {
      const changed = edited((tensors) => [...tensors, { ...extra, name: "PLACEHOLDER" }])(bytes);
      const text = new TextDecoder("latin1").decode(changed).replace(
        "PLACEHOLDER",
        name.padEnd(11).slice(0, 11),
      );
      return Uint8Array.from(text, (char) => char.charCodeAt(0));
    };
    const error = await loadError({
      weights: name.length > 11 ? edited((tensors) => [...tensors, extra]) : weights,
    });
    assert(error.message.includes("1 tensor is unknown ("), error.message);
  }
});

Deno.test("loadModel() refuses NaN and infinite weights, by tensor and element", async () => {
  for (const value of [NaN, Infinity, -Infinity]) {
    const { message } = await loadError({
      weights: edited((tensors) => {
        tensors.find(({ name }) => name.endsWith("h.1.ln_2.bias"))!.values[5] = value;
        return tensors;
      }),
    });
    assertEquals(
      message,
      `Cannot load "F/model.safetensors": "transformer.h.1.ln_2.bias" holds ${value} at element 5`,
    );
  }
});

Deno.test("loadModel() refuses weights that are no floats of 16 or 32 bits", async () => {
  const { message } = await loadError({
    weights: (bytes) => {
      const text = new TextDecoder("latin1").decode(bytes).replace('"dtype":"F32"', '"dtype":"I32"');
      return Uint8Array.from(text, (char) => char.charCodeAt(0));
    },
  });
  assertMatch(
    message,
    /^Cannot load tensor "transformer\.\S+": it is stored as I32, expected F32, F16 or BF16$/,
  );
});

Deno.test("loadModel() takes tied output weights absent or present, and needs untied ones", async () => {
  const present = await copyFixture("plain", {
    weights: edited((tensors) => {
      const embedding = tensors.find(({ name }) => name === "transformer.wte.weight")!;
      return [...tensors, { ...embedding, name: "lm_head.weight" }];
    }),
  });
  const [with_, without] = [await loadModel(present), await loadModel((await readFixture("plain")).folder)];
  assertEquals(Object.keys(with_.model.weights), Object.keys(without.model.weights));
  with_[Symbol.dispose]();
  without[Symbol.dispose]();
  await Deno.remove(present, { recursive: true });
  const { message } = await loadError({
    weights: edited((tensors) => tensors.filter(({ name }) => name !== "lm_head.weight")),
  }, "untied");
  assertEquals(message, 'Cannot load "F/model.safetensors": 1 tensor is missing ("lm_head.weight")');
});

for (const name of FIXTURES) {
  for (const dtype of ["F32", "F16", "BF16"] as const) {
    Deno.test(`saveModel() of "${name}" as ${dtype} gives back the weights rounded once`, async () => {
      const { folder } = await readFixture(name);
      const out = await Deno.makeTempDir();
      using loaded = await loadModel(folder);
      await saveModel(loaded.model, out, { configJson: loaded.configJson, dtype, tokenizerFolder: folder });
      const source = await readTensors(
        `${folder}/model.safetensors`,
        (key) => !/\.attn\.(masked_)?bias$/.test(key),
      );
      const saved = await readTensors(`${out}/model.safetensors`);
      for (const [key, tensor] of saved) {
        const original = source.get(key) ?? source.get(key.replace("transformer.", ""))!;
        const rounded = toFloat32(fromFloat32(Float32Array.from(original.values), dtype), dtype, key);
        assertEquals([tensor.dtype, tensor.shape, tensor.values], [dtype, original.shape, rounded]);
      }
      assertEquals(saved.size, source.size);
      using again = await loadModel(out);
      assertEquals(again.dtype, dtype);
      assertEquals(again.configJson.torch_dtype, { F32: "float32", F16: "float16", BF16: "bfloat16" }[dtype]);
      assertEquals([...Deno.readDirSync(out)].map(({ name }) => name).sort(), [
        "config.json",
        "model.safetensors",
      ]);
      await Deno.remove(out, { recursive: true });
    });
  }
}

Deno.test("saveModel() takes the tokenizer's files along and replaces what is there", async () => {
  const tokenizerFolder = new URL("../fixtures/tokenizer", import.meta.url).pathname;
  const out = await Deno.makeTempDir();
  await Deno.writeTextFile(`${out}/config.json`, "old");
  using loaded = await loadModel((await readFixture("plain")).folder);
  for (let i = 0; i < 2; i++) {
    await saveModel(loaded.model, out, {
      configJson: { ...loaded.configJson, extra: 7 },
      dtype: "F32",
      tokenizerFolder,
    });
  }
  const files = [...Deno.readDirSync(out)].map(({ name }) => name).sort();
  assertEquals(files, ["config.json", "model.safetensors", "tokenizer.json"]);
  assertEquals(JSON.parse(await Deno.readTextFile(`${out}/config.json`)).extra, 7);
  await Deno.remove(out, { recursive: true });
});

Deno.test("saveModel() refuses weights that a storage type cannot hold, and writes nothing then", async () => {
  const architecture = architectureOf("gpt2");
  const json = { model_type: "gpt2", vocab_size: 4, n_positions: 4, n_embd: 2, n_layer: 1, n_head: 1 };
  for (
    const [value, dtype, fails] of [
      [65519, "F16", false],
      [65520, "F16", true],
      [-1e6, "F16", true],
      [3.39e38, "BF16", false],
      [3.4e38, "BF16", true],
      [NaN, "F32", true],
      [Infinity, "F32", true],
      [3.4e38, "F32", false],
    ] as const
  ) {
    const out = await Deno.makeTempDir();
    using model = newModel(architecture, architecture.readConfig(json, "j"), () => value / 0.02);
    const weight = model.weights["transformer.wte.weight"]!;
    assertEquals(weight.dataSync()[0], Math.fround(0.02 * (value / 0.02)));
    const saving = saveModel(model, out, { configJson: json, dtype, tokenizerFolder: out });
    if (fails) {
      const message = `Cannot save "${out}" as ${dtype}: "transformer.wte.weight" holds `;
      await assertRejects(() => saving, RangeError, message);
      assertEquals([...Deno.readDirSync(out)], []);
    } else {
      await saving;
      (await loadModel(out))[Symbol.dispose]();
    }
    await Deno.remove(out, { recursive: true });
  }
});

Deno.test("newModel() draws weights of GPT-2's deviations, norms of one and biases of zero", () => {
  const architecture = architectureOf("gpt2");
  const json = { model_type: "gpt2", vocab_size: 300, n_positions: 20, n_embd: 32, n_layer: 2, n_head: 2 };
  using model = newModel(architecture, architecture.readConfig(json, "j"), createNormal(1));
  const deviation = (name: string) => {
    return tf.tidy(() => Math.sqrt(tf.mean(tf.square(model.weights[name]!)).dataSync()[0]!));
  };
  assert(Math.abs(deviation("transformer.wte.weight") - 0.02) < 0.001);
  assert(Math.abs(deviation("transformer.h.1.attn.c_attn.weight") - 0.02) < 0.001);
  assert(Math.abs(deviation("transformer.h.1.mlp.c_proj.weight") - 0.01) < 0.001);
  assertEquals([deviation("transformer.ln_f.weight"), deviation("transformer.h.0.mlp.c_fc.bias")], [1, 0]);
});
