import { assertEquals, assertRejects } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { predictWith } from "../metrics/plain_definitions.ts";
import { FIXTURES, readFixture } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const SAMPLING = { temperature: 0.8, topP: 0.95 };

for (const name of FIXTURES) {
  Deno.test(`Generator continues "${name}" greedily as transformers does`, async () => {
    const before = engine.memory();
    const { folder, ids, continuations } = await readFixture(name);
    {
      using loaded = await loadModel(folder);
      for (const options of [{ rows: 1 }, { rows: 4, xla: true }, { rows: 256 }]) {
        using generator = new Generator(loaded.model, options);
        const prompts = continuations.map(({ row, prefix }) => ids[row]!.slice(0, prefix));
        const maxTokens = Math.max(...continuations.map(({ ids }) => ids.length));
        const found = await generator.generate(prompts, { maxTokens });
        continuations.forEach((wanted, i) =>
          assertEquals([...found[i]!.subarray(0, wanted.ids.length)], wanted.ids)
        );
      }
    }
    assertEquals(engine.memory(), before);
  });
}

Deno.test("Generator is a plain loop of full forwards, however long the prompts and whenever rows end", async () => {
  const { folder, texts } = await readFixture("trained");
  using loaded = await loadModel(folder);
  using predict = predictWith(loaded.model);
  using generator = new Generator(loaded.model);
  const prompts = texts.slice(0, 5).map((text, i) => text.slice(0, 3 + 9 * i));
  const ends = [1, 30, 7, 2, 40];
  const found = await generator.generate(prompts, {
    maxTokens: 40,
    isFinished: (prompt, tokens) => tokens.length >= ends[prompt]!,
  });
  for (const [i, prompt] of prompts.entries()) {
    const sequence = [...prompt];
    for (let t = 0; t < found[i]!.length; t++) sequence.push(predict(sequence));
    assertEquals([...found[i]!], sequence.slice(prompt.length));
    const room = loaded.model.config.maxPositions - prompt.length;
    assertEquals(found[i]!.length, Math.min(ends[i]!, room));
  }
});

Deno.test("Generator draws the same tokens alone, in any batch and in any order", async () => {
  const { folder, texts } = await readFixture("trained");
  using loaded = await loadModel(folder);
  const prompts = Array.from({ length: 12 }, (_, i) => texts[i % texts.length]!.slice(0, 2 + i % 5));
  const draws = prompts.map((_, i) => [i % 3, Math.floor(i / 3)]);
  const options = { maxTokens: 12, sampling: SAMPLING, seed: 42 };
  using together = new Generator(loaded.model);
  using alone = new Generator(loaded.model, { rows: 1 });
  const wanted = await together.generate(prompts, { ...options, draws });
  assertEquals(await alone.generate(prompts, { ...options, draws }), wanted);
  const reversed = await together.generate(prompts.toReversed(), { ...options, draws: draws.toReversed() });
  assertEquals(reversed.toReversed(), wanted);
  const other = await together.generate(prompts, { ...options, draws, seed: 43 });
  assertEquals(other.every((tokens, i) => String(tokens) === String(wanted[i])), false);
});

Deno.test("Generator ends a row at the end-of-text token, which it keeps, and at the last position", async () => {
  const { folder, texts } = await readFixture("trained");
  using loaded = await loadModel(folder);
  using generator = new Generator(loaded.model);
  const prompt = texts[0]!.slice(0, 3);
  const [free] = await generator.generate([prompt], { maxTokens: 5 });
  const endOfText = free![2]!;
  const [ended] = await generator.generate([prompt], { maxTokens: 5, endOfText });
  assertEquals([...ended!], [...free!].slice(0, free!.indexOf(endOfText) + 1));
  const [long] = await generator.generate([prompt], { maxTokens: 10_000 });
  assertEquals(long!.length, loaded.model.config.maxPositions - prompt.length);
  const done: number[] = [];
  await generator.generate([prompt, prompt], { maxTokens: 1, onProgress: (count) => void done.push(count) });
  assertEquals([done, await generator.generate([], { maxTokens: 1 })], [[2], []]);
});

Deno.test("Generator refuses empty and unknown prompts and options out of range", async () => {
  const { folder } = await readFixture("plain");
  using loaded = await loadModel(folder);
  using generator = new Generator(loaded.model);
  const refuses = (prompt: number[], options: object, text: string) =>
    assertRejects(() => generator.generate([prompt], { maxTokens: 1, ...options }), RangeError, text);
  await refuses([], {}, "Cannot continue prompt 0 of 0 tokens");
  await refuses([1e6], {}, "Cannot continue prompt 0: token 1000000 is beyond");
  await refuses([1], { maxTokens: 0 }, "Cannot generate 0 tokens");
  await refuses([1], { sampling: { temperature: 0, topP: 1 } }, "Cannot sample with temperature 0");
  await refuses([1], { draws: [] }, "Cannot name the draws of 1 prompts: 0 names were given");
});
