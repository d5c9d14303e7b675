import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel, readConfig } from "../../lib/checkpoints/load.ts";
import { architectureOf } from "../../lib/models/models.ts";
import { encodeHeader } from "../../lib/checkpoints/safetensors.ts";
import { copyFixture, type FIXTURES, readFixture } from "../models/fixtures.ts";
import { edited } from "./edited_weights.ts";
import type { TensorToStore } from "./safetensors_bytes.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

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
  [{ model_type: "gpt3" }, 'Unknown model type "gpt3": expected "'],
  [{ model_type: undefined }, "Unknown model type undefined: expected "],
  [{ model_type: "toString" }, 'Unknown model type "toString": expected '],
  [{ model_type: 2 }, "Unknown model type 2: expected "],
  [{ n_head: 3 }, 'Cannot load "F/config.json": n_head is 3: expected a divisor of n_embd = 8'],
  [{ n_embd: -8 }, 'Cannot load "F/config.json": n_embd is -8: expected a whole number of at least 1'],
  [{ n_layer: 1.5 }, "n_layer is 1.5: expected a whole number of at least 1"],
  [{ n_layer: 0 }, "n_layer is 0: expected a whole number of at least 1"],
  [{ n_layer: 1e9 }, "n_layer is 1000000000: expected at most 4096"],
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
    `Cannot load model "${folder}": it has none of model.safetensors, model.safetensors.index.json, `,
  );
  await Deno.mkdir(`${folder}/model.safetensors`);
  await assertRejects(() => loadModel(folder), Error, `"${folder}/model.safetensors": it is a folder`);
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
    /^Cannot load "F\/model\.safetensors": "transformer\.\S+" is stored as I32, expected F32, F16 or BF16$/,
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

Deno.test("loadModel() refuses output weights beside the embedding that are not it, if they are tied", async () => {
  const withOutput = (change: (output: TensorToStore) => TensorToStore) =>
    loadError({
      weights: edited((tensors) => {
        const { shape, dtype, values } = tensors.find(({ name }) => name === "transformer.wte.weight")!;
        return [...tensors, change({ name: "lm_head.weight", shape, dtype, values: values.slice() })];
      }),
    });
  const other = await withOutput((output) => {
    output.values[9]! += 1;
    return output;
  });
  assertEquals(
    [other instanceof TypeError, other.message],
    [
      true,
      'Cannot load "F/model.safetensors": "lm_head.weight" at element 9 is not "transformer.wte.weight", ' +
      "but tie_word_embeddings is true",
    ],
  );
  const { message } = await withOutput((output) => ({ ...output, shape: [8, 40] }));
  assertMatch(message, /"lm_head\.weight" of F32 \[8,40\] is not "transformer\.wte\.weight", but /);
});

Deno.test("loadModel() refuses weights that memory cannot hold before it allocates them", async () => {
  const folder = await Deno.makeTempDir();
  const shape = [2 ** 31 - 1, 8]; // of a sparse file, 64 GiB
  const config = {
    model_type: "gpt2",
    vocab_size: shape[0],
    n_positions: 1,
    n_embd: 8,
    n_layer: 1,
    n_head: 1,
  };
  const sizes = architectureOf("gpt2").shapes(architectureOf("gpt2").readConfig(config, "config.json"));
  const head = encodeHeader(
    Object.entries(sizes).map(([name, shape]) => ({ name, shape, dtype: "F32" as const })),
  );
  const elements = Object.values(sizes).reduce((sum, shape) => sum + shape.reduce((a, b) => a * b), 0);
  await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify(config));
  await Deno.writeFile(`${folder}/model.safetensors`, head);
  await Deno.truncate(`${folder}/model.safetensors`, head.length + 4 * elements);
  const needed = `its weights need ${Math.ceil(4 * elements / 1e6)} MB of memory as float32, `;
  await assertRejects(() => loadModel(folder), RangeError, needed);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("loadModel() reads a Hub cache's links", async () => {
  const { folder } = await readFixture("plain");
  const cache = await Deno.makeTempDir();
  await Deno.mkdir(`${cache}/snapshots/rev`, { recursive: true });
  await Deno.mkdir(`${cache}/blobs`);
  for (const [i, name] of ["config.json", "model.safetensors"].entries()) {
    await Deno.copyFile(`${folder}/${name}`, `${cache}/blobs/${i}`);
    await Deno.symlink(`../../blobs/${i}`, `${cache}/snapshots/rev/${name}`);
  }
  (await loadModel(`${cache}/snapshots/rev`))[Symbol.dispose]();
  await Deno.remove(`${cache}/blobs/1`);
  await assertRejects(() => loadModel(`${cache}/snapshots/rev`), Error, 'model.safetensors": no such file');
  await Deno.remove(cache, { recursive: true });
});
