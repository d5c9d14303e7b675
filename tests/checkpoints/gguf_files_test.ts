/** GGUF models in several files, the only one of a folder, and Llama 3's scaling of positions in a tensor. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openGguf } from "../../lib/checkpoints/gguf.ts";
import { ggufConfig } from "../../lib/checkpoints/gguf_config.ts";
import { ggufParts, modelPath } from "../../lib/checkpoints/gguf_files.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { modelFolder, modelInput } from "../../lib/cli/model_folder.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import expected from "../fixtures/gguf/llama3.json" with { type: "json" };
import { assertTensorClose } from "../tensors.ts";

const FOLDER = "tests/fixtures/gguf/llama3";
const FIRST = `${FOLDER}/tiny-00001-of-00003.gguf`;

/** The last four positions' logits. */
async function logitsOf(path: string) {
  using loaded = await loadModel(path);
  const ids = tf.tensor2d([expected.ids], undefined, "int32");
  const logits = tf.tidy(() =>
    tf.slice(loaded.model.logits(ids), [0, expected.ids.length - 4, 0], [1, 4, 258])
  );
  const result = { shape: logits.shape, values: logits.dataSync() as Float32Array };
  tf.dispose([ids, logits]);
  return result;
}

Deno.test("loadModel() of a folder with one GGUF model in three files computes what was written, saved too", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  const values = new Float32Array(Uint8Array.fromBase64(expected.logits).buffer);
  const wanted = { shape: [1, 4, 258], values };
  const found = await logitsOf(FOLDER);
  assertTensorClose(found, wanted, { atol: 3e-5, rtol: 1e-5 });
  assertEquals(await logitsOf(`${FOLDER}/tiny-00003-of-00003.gguf`), found); // any of its files means it
  using folder = temporaryFolder();
  {
    using loaded = await loadModel(FOLDER);
    assertEquals(loaded.folder, FIRST);
    assertEquals(loaded.configJson.rope_scaling, expected.scaling);
    await saveModel(loaded.model, folder.path, { ...loaded, dtype: "F32", tokenizerFolder: loaded.folder });
  }
  assertTensorClose(await logitsOf(folder.path), found);
  const config = JSON.parse(await Deno.readTextFile(join(folder.path, "config.json")));
  await Deno.writeTextFile(
    join(folder.path, "config.json"),
    JSON.stringify({ ...config, rope_scaling: null }),
  );
  const unscaled = await logitsOf(folder.path);
  assert(
    unscaled.values.some((value, i) => Math.abs(value - values[i]!) > 1e-3),
    "the scaling changes the logits",
  );
  const tokenizers = await Promise.all([FOLDER, folder.path].map(openModelTokenizer));
  for (const tokenizer of tokenizers) {
    assertEquals([tokenizer.endOfText, await tokenizer.leadingToken()], [256, 256]);
  }
});

Deno.test("openGguf() says which of a model's files is missing or is another's", async () => {
  using folder = temporaryFolder();
  const name = (part: number, count = 3) => join(folder.path, `tiny-0000${part}-of-0000${count}.gguf`);
  for (const part of [1, 2, 3]) await Deno.copyFile(`${FOLDER}/tiny-0000${part}-of-00003.gguf`, name(part));
  openGguf(name(1)).source[Symbol.dispose]();
  await Deno.rename(name(2), name(4));
  assertThrows(() => openGguf(name(1)), Error, `Cannot load "${name(2)}": no such file`);
  await Deno.copyFile(name(3), name(2));
  assertThrows(
    () => openGguf(name(1)),
    SyntaxError,
    `Cannot load "${name(1)}": its file 2 says that it is 3 of 3`,
  );
  const alone = join(folder.path, "alone.gguf");
  await Deno.copyFile(name(1), alone);
  assertThrows(
    () => openGguf(alone),
    SyntaxError,
    `Cannot load "${alone}": it is one of 3 files, and they are named`,
  );
  await Deno.copyFile("tests/fixtures/gguf/llama.gguf", name(1, 1));
  openGguf(name(1, 1)).source[Symbol.dispose](); // one of one
});

Deno.test("modelPath() takes a folder's only GGUF model, and no other", async () => {
  using folder = temporaryFolder();
  const { path } = folder;
  const context = { cwd: "/", progress: createProgress(), signal: new AbortController().signal };
  const put = (name: string) => Deno.writeTextFile(join(path, name), "");
  await put("m-00002-of-00002.gguf");
  assertEquals(modelPath(path), join(path, "m-00001-of-00002.gguf"));
  assertEquals(await modelFolder(path, context), join(path, "m-00001-of-00002.gguf"));
  assertEquals((await modelInput(path, context)).path, path); // a run depends on all of them
  await put("other.gguf");
  assertEquals(modelPath(path), path);
  const two = "it holds 2 GGUF models: give one of them, such as ";
  await assertRejects(() => modelFolder(path, context), Error, two);
  await put("config.json");
  assertEquals(modelPath(path), path);
  assertEquals([modelPath("embedded").endsWith("data/model"), modelPath("/nowhere")], [true, "/nowhere"]);
  const odd = ["m-00000-of-00002.gguf", "m-00003-of-00002.gguf", "m-1-of-2.gguf", "m-00001-of-00000.gguf"];
  assertEquals(odd.map(ggufParts), odd.map((name) => [name]));
});

Deno.test("ggufConfig() refuses factors of positions that are not Llama 3's", () => {
  const { source } = openGguf(FIRST);
  source[Symbol.dispose]();
  const metadata = new Map<string, string | number>([
    ["general.architecture", "llama"],
    ...Object.entries({
      context_length: 64,
      embedding_length: 32,
      block_count: 1,
      feed_forward_length: 24,
      "attention.head_count": 2,
      "attention.layer_norm_rms_epsilon": 1e-5,
      "rope.freq_base": 500000,
    }).map(([key, value]) => [`llama.${key}`, value] as const),
  ]);
  const embedding = { name: "token_embd.weight", shape: [4, 32] };
  const header = { metadata, tensors: new Map([["token_embd.weight", embedding]]) } as never;
  const config = (factors: number[], more: readonly (readonly [string, string | number])[] = []) => {
    for (const [key, value] of more) metadata.set(key, value);
    return ggufConfig(header, "m.gguf", Float32Array.from(factors));
  };
  const good = [1, 1, 1, 1, 3.292262, 32, 32, 32];
  assertEquals(config(good).rope_scaling, expected.scaling);
  const refused: [number[], string][] = [
    [[1, 1, 1, 1, 2, 4, 4, 4], "is not of Llama 3's scaling of positions, which alone is supported"],
    [[1, 2], "has 2 values, expected 8"],
    [Array(8).fill(NaN), "is not of Llama 3's scaling"],
  ];
  for (const [factors, message] of refused) {
    assertThrows(() => config(factors), RangeError, `Cannot load "m.gguf": rope_freqs.weight ${message}`);
  }
  const linear = [["llama.rope.scaling.type", "linear"], ["llama.rope.scaling.factor", 2]] as const;
  assertThrows(() => config(good, linear), RangeError, "is beside another scaling of positions");
});
