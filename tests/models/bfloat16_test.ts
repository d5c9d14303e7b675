import { assert, assertEquals, assertRejects } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { join } from "node:path";
import { EMBEDDED_MODEL } from "../../lib/cli/model_folder.ts";
import { buildEmbeddedCorpus } from "../../lib/embedded/embedded_corpus.ts";
import { compile, type Products } from "../../lib/engine/compile.ts";
import { DTYPE } from "../../lib/engine/dtypes.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Graph } from "../../lib/engine/graph.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { Decoder } from "../../lib/decoding/decoder.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import { loadModel, type LoadOptions } from "../../lib/checkpoints/load.ts";
import { parseHeader } from "../../lib/checkpoints/safetensors.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { readFixture } from "./fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

for (const name of ["plain", "codeparrot", "untied", "trained"] as const) {
  Deno.test(`loadModel() of "${name}" in bfloat16 gives nearly the logits of float32, and frees all`, async () => {
    const before = engine.memory();
    const { folder, ids } = await readFixture(name);
    const logits: number[][] = [];
    for (
      const options of [{}, { products: "bfloat16" }, { products: "bfloat16", trainable: true }] as const
    ) {
      using loaded = await loadModel(folder, options);
      const { model } = loaded;
      using step = compile((ids: tf.Tensor) => model.logits(ids), { products: model.products });
      const input = tf.tensor2d([...ids[0]!], [1, ids[0]!.length], "int32");
      const result = step(input);
      logits.push([...result.dataSync()]);
      tf.dispose([input, result]);
    }
    const [wanted, kept, cast] = logits as [number[], number[], number[]];
    const scale = Math.max(...wanted.map(Math.abs));
    for (const found of [kept, cast]) {
      const difference = Math.max(...found.map((value, i) => Math.abs(value - wanted[i]!)));
      assert(difference > 0 && difference < 0.05 * scale, `${difference} of ${scale}`);
    }
    assertEquals(engine.memory(), before);
  });
}

Deno.test("Scorer scores a bfloat16 model as float32's on texts that it knows", async () => {
  const { folder, texts } = await readFixture("trained");
  const means: number[] = [];
  for (const products of ["float32", "bfloat16"] as const) {
    using loaded = await loadModel(folder, { products });
    using scorer = new Scorer(loaded.model, { batch: 8 });
    const scores = await scorer.texts(texts);
    means.push(scores.reduce((sum, { ma }) => sum + ma!, 0) / scores.length);
  }
  assert(means[0]! > 0.8 && Math.abs(means[0]! - means[1]!) < 0.02, means.join());
});

Deno.test("Scorer gives MA and EL of the embedded model within 0.005 of float32's on average", async () => {
  const tokenizer = await openTokenizer(EMBEDDED_MODEL);
  const json = await Deno.readTextFile(`${EMBEDDED_MODEL}/tokenizer.json`);
  const { unseen } = await buildEmbeddedCorpus({ tokenizer: json });
  const encoded = await tokenizer.encodeBatch(unseen.slice(0, 12).map(({ text }) => text));
  const texts = encoded.map(({ ids }) => ids.slice(0, 64));
  const score = async (products: Products) => {
    using loaded = await loadModel(EMBEDDED_MODEL, { products });
    using scorer = new Scorer(loaded.model);
    return await scorer.texts(texts);
  };
  const [wanted, found] = [await score("float32"), await score("bfloat16")];
  for (const key of ["ma", "el_3", "el_5", "el_10"] as const) {
    const away = wanted.reduce((sum, scores, i) => sum + Math.abs(scores[key]! - found[i]![key]!), 0);
    assert(away / texts.length < 0.005, `${key}: ${away / texts.length}`);
  }
});

for (const trainable of [false, true]) {
  Deno.test(`Generator and Decoder continue a ${trainable ? "trainable " : ""}bfloat16 model nearly as float32's`, async () => {
    const before = engine.memory();
    const { folder, texts } = await readFixture("trained");
    const prompts = texts.map((text) => text.slice(0, 3));
    const starts = texts.map((ids, text) => ({ text, position: 3, token: ids[3]!, until: 40 }));
    const continueAll = async (options: LoadOptions, xla: boolean) => {
      using loaded = await loadModel(folder, options);
      using generator = new Generator(loaded.model, { xla });
      using decoder = new Decoder(loaded.model, { xla });
      using filled = await decoder.prefill(texts, { length: 40, keepCache: true });
      const branches = await decoder.continueAll(filled, starts);
      return [...await generator.generate(prompts, { maxTokens: 30 }), ...branches].flatMap((
        ids,
      ) => [...ids]);
    };
    const wanted = await continueAll({}, false);
    assertEquals(wanted.length, texts.length * (30 + 37));
    for (const xla of [false, true]) {
      const found = await continueAll({ products: "bfloat16", trainable }, xla);
      const equal = found.filter((token, i) => token === wanted[i]).length;
      assert(equal >= 0.98 * wanted.length, `${equal} of ${wanted.length} tokens`);
    }
    assertEquals(engine.memory(), before);
  });
}

Deno.test("Generator and Decoder compute all products of a bfloat16 model in bfloat16", async () => {
  const { folder, texts } = await readFixture("trained");
  const types = new Set<unknown>();
  const { addOperation } = Graph.prototype;
  Graph.prototype.addOperation = function (name, attrs, ...rest) {
    if (/MatMul/.test(name)) types.add(attrs.find((attr) => attr.name === "T")!.value);
    return addOperation.call(this, name, attrs, ...rest);
  };
  try {
    for (const trainable of [false, true]) {
      using loaded = await loadModel(folder, { products: "bfloat16", trainable });
      using generator = new Generator(loaded.model);
      await generator.generate([texts[0]!.slice(0, 3)], { maxTokens: 3 });
      using decoder = new Decoder(loaded.model);
      using filled = await decoder.prefill([texts[0]!], { length: 40, keepCache: true });
      await decoder.continueAll(filled, [{ text: 0, position: 3, token: 5, until: 8 }]);
    }
  } finally {
    Graph.prototype.addOperation = addOperation;
  }
  assertEquals([...types], [DTYPE.bfloat16]);
});

Deno.test("loadModel() takes the halves of a bfloat16 file as they are, and names the first that is not finite", async () => {
  const { folder } = await readFixture("plain");
  const copy = await Deno.makeTempDir();
  try {
    using source = await loadModel(folder);
    const options = { configJson: source.configJson, dtype: "BF16" as const, tokenizerFolder: folder };
    await saveModel(source.model, join(copy, "model"), options);
    const file = join(copy, "model", "model.safetensors");
    const bytes = await Deno.readFile(file);
    const { tensors, dataStart } = parseHeader(bytes, bytes.length, file);
    const largest = tensors.filter(({ shape }) => shape.length > 1).sort((a, b) => b.end - a.end)[0]!;
    {
      using narrow = await loadModel(join(copy, "model"), { products: "bfloat16" });
      using wide = await loadModel(join(copy, "model"));
      for (const [name, weight] of Object.entries(narrow.model.weights)) {
        assertEquals(weight.dataSync(), wide.model.weights[name]!.dataSync(), name);
      }
    }
    const last = (largest.end - largest.begin) / 2 - 1;
    const cases = [[0, 0x7f80, "Infinity"], [7, 0xff80, "-Infinity"], [last, 0x7fc1, "NaN"]] as const;
    for (const [element, half, value] of cases) {
      const damaged = bytes.slice();
      new DataView(damaged.buffer).setUint16(dataStart + largest.begin + 2 * element, half, true);
      await Deno.writeFile(file, damaged);
      const load = loadModel(join(copy, "model"), { products: "bfloat16" });
      await assertRejects(() => load, TypeError, `"${largest.name}" holds ${value} at element ${element}`);
    }
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
});
