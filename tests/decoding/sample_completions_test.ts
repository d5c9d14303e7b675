import { assert, assertEquals, assertRejects } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import { sampleCompletions } from "../../lib/decoding/sample_completions.ts";
import type { SampledCompletion, SampleOptions, SamplePrompt } from "../../lib/decoding/sample_options.ts";
import { ROW_UNIT } from "../../lib/decoding/slot_tier.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { gpt2 } from "../../lib/models/gpt2.ts";
import { llama } from "../../lib/models/llama.ts";
import type { Model } from "../../lib/models/model.ts";
import { NotFiniteError } from "../../lib/models/not_finite.ts";
import { newModel } from "../../lib/models/new_model.ts";
import { FIXTURES, readFixture, readFixtureFolder } from "../models/fixtures.ts";
import { openTinyTokenizer } from "../evaluation/tiny_model.ts";
import { createNormal } from "../tensors.ts";
import { logitsOf, plainSample } from "./plain_samples.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const SAMPLING = { temperature: 0.8, topP: 0.95, seed: 42 };
const tokenizer = await openTinyTokenizer();
const decode = (ids: readonly number[]) => tokenizer.decode(ids);

/** New models of the tokenizer's vocabulary, with learned positions and with rotary ones. */
const MODELS = {
  "learned positions": () => {
    const sizes = { vocab_size: 320, n_positions: 160, n_embd: 16, n_head: 2, n_layer: 2 };
    const normal = createNormal(3);
    return newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 20 * normal());
  },
  "rotary positions": () => {
    const heads = { num_attention_heads: 6, num_key_value_heads: 2, num_hidden_layers: 2 };
    const sizes = {
      vocab_size: 320,
      max_position_embeddings: 160,
      hidden_size: 24,
      intermediate_size: 20,
      ...heads,
    };
    const normal = createNormal(4);
    return newModel(llama, llama.readConfig(sizes, "config.json"), () => 20 * normal());
  },
};

async function sample(model: Model, prompts: readonly SamplePrompt[], options: SampleOptions) {
  return byName(await Array.fromAsync(sampleCompletions(model, prompts, options)));
}

function byName(samples: readonly SampledCompletion[]): Map<string, SampledCompletion> {
  const map = new Map(samples.map((entry) => [`${entry.task} ${entry.sample}`, entry] as const));
  assertEquals(map.size, samples.length, "a sample came twice");
  return new Map([...map].sort(([a], [b]) => a < b ? -1 : 1));
}

/** Prompts of random tokens. */
function promptsOf(lengths: readonly number[]): SamplePrompt[] {
  return lengths.map((length, task) => ({
    task: `T/${task}`,
    tokens: Array.from({ length }, (_, i) => 1 + (i * 37 + task * 101 + i * i * 7) % 319),
  }));
}

for (const [name, build] of Object.entries(MODELS)) {
  Deno.test(`sampleCompletions() of ${name} is one row at a time with full forwards`, async () => {
    const before = engine.memory();
    {
      using model = build();
      using logits = logitsOf(model);
      const isPlain = async (prompts: readonly SamplePrompt[], options: SampleOptions) => {
        const found = await sample(model, prompts, options);
        assertEquals(found.size, prompts.length * options.n);
        for (const entry of found.values()) {
          const prompt = prompts.find(({ task }) => task === entry.task)!;
          assertEquals(entry, await plainSample({ logits, model }, prompt, entry.sample, options));
        }
        return Map.groupBy(found.values(), ({ ended }) => ended);
      };
      const stop = { strings: ["ab", "é", "\n\n", "zz", "1"], decode };
      const options = { n: 8, ...SAMPLING, maxTokens: 150, endOfText: [0, 7], stop };
      const ends = await isPlain(promptsOf([3, 60, 126]), options);
      for (const end of ["stop", "end-of-text", "length"] as const) assert(ends.get(end)!.length > 1, end);
      // more rows than fit outgrow the short cache: some wait
      const long = await isPlain(promptsOf([100, 118, 124]), {
        n: 18,
        ...SAMPLING,
        maxTokens: 140,
        batch: ROW_UNIT,
      });
      assertEquals([...long.keys()], ["length"]);
    }
    assertEquals(engine.memory(), before);
  });

  Deno.test(`sampleCompletions() of ${name} gives the same in any order, batch and company`, async () => {
    using model = build();
    const prompts = promptsOf([95, 110, 30, 120, 126, 64, 65, 1]);
    const options = { n: 5, ...SAMPLING, maxTokens: 140, endOfText: 0 };
    const wanted = await sample(model, prompts, options);
    for (const batch of [1, 30]) {
      const shuffled = prompts.map((prompt, i) => ({ prompt, key: (i * 5 + batch) % 8 }))
        .sort((a, b) => a.key - b.key).map(({ prompt }) => prompt);
      assertEquals(await sample(model, shuffled, { ...options, batch }), wanted);
    }
    const shards = [0, 1, 2].map((shard) => prompts.filter((_, i) => i % 3 === shard));
    const parts = [];
    for (const shard of shards) parts.push(...await sample(model, shard, options));
    assertEquals(new Map(parts.sort(([a], [b]) => a < b ? -1 : 1)), wanted);
    const isDone = (task: string, sample: number) =>
      wanted.has(`${task} ${sample}`) && (sample === 1 || task === "T/3");
    const rest = await sample(model, prompts, { ...options, isDone });
    assertEquals(rest, new Map([...wanted].filter(([, { task, sample }]) => !isDone(task, sample))));
    const other = await sample(model, prompts, { ...options, seed: 43 });
    assertEquals(
      String([...other.values()].map(({ tokens }) => tokens)) ===
        String([...wanted.values()].map(({ tokens }) => tokens)),
      false,
    );
  });
}

Deno.test("sampleCompletions() leaves the first samples as they were when there are more", async () => {
  const { folder, texts } = await readFixture("trained");
  using loaded = await loadModel(folder);
  const prompts = texts.slice(0, 4).map((text, i) => ({
    task: `HumanEval/${i}`,
    tokens: text.slice(0, 2 + i),
  }));
  const two = await sample(loaded.model, prompts, { n: 2, ...SAMPLING, maxTokens: 30 });
  const five = await sample(loaded.model, prompts, { n: 5, ...SAMPLING, maxTokens: 30 });
  assertEquals([two.size, five.size], [8, 20]);
  for (const [key, entry] of two) assertEquals(five.get(key), entry);
});

for (
  const name of [...FIXTURES.map((name) => `gpt2/${name}`), "families/llama/smol", "families/codegen/plain"]
) {
  Deno.test(`sampleCompletions() at temperature 0 continues "${name}" as transformers and Generator do`, async () => {
    const { folder, ids, continuations } = await readFixtureFolder(name);
    using loaded = await loadModel(folder);
    using generator = new Generator(loaded.model);
    const prompts = continuations.map(({ row, prefix }, i) => ({
      task: `${i}`,
      tokens: ids[row]!.slice(0, prefix),
    }));
    const maxTokens = Math.max(...continuations.map(({ prefix, ids }) => prefix + ids.length));
    const found = await sample(loaded.model, prompts, { n: 2, temperature: 0, maxTokens });
    const greedy = await generator.generate(prompts.map(({ tokens }) => tokens), { maxTokens });
    continuations.forEach((wanted, i) => {
      const tokens = found.get(`${i} 1`)!.tokens;
      assertEquals([...tokens.subarray(0, wanted.ids.length)], wanted.ids);
      assertEquals(tokens, greedy[i]!.subarray(0, tokens.length));
    });
  });
}

Deno.test("sampleCompletions() fills the window, and refuses prompts that leave no room by their tasks' names", async () => {
  const { folder, texts } = await readFixture("trained");
  using loaded = await loadModel(folder);
  const { maxPositions } = loaded.model.config;
  const options = { n: 1, temperature: 0, maxTokens: 1000 };
  const prompt = { task: "long", tokens: texts[0]!.slice(0, 3) };
  const found = await sample(loaded.model, [prompt], options);
  assertEquals([found.get("long 0")!.tokens.length, found.get("long 0")!.ended], [
    maxPositions - 3,
    "length",
  ]);
  const last = { task: "last", tokens: Array(maxPositions - 1).fill(5) };
  assertEquals((await sample(loaded.model, [last], options)).get("last 0")!.tokens.length, 1);
  assertEquals((await sample(loaded.model, [], options)).size, 0);
  const refuses = (prompts: SamplePrompt[], changes: Partial<SampleOptions>, message: string) =>
    assertRejects(() => sample(loaded.model, prompts, { ...options, ...changes }), RangeError, message);
  const full = { task: "HumanEval/7", tokens: Array(maxPositions).fill(5) };
  await refuses(
    [prompt, full],
    {},
    `Cannot sample completions of "HumanEval/7" as prompt and completion may have ${maxPositions} tokens together: ` +
      `the prompt has ${maxPositions}`,
  );
  await refuses(
    [{ task: "A", tokens: [1, 2, 3] }],
    { maxTokens: 3 },
    "may have 3 tokens together: the prompt has 3",
  );
  await refuses([{ task: "A", tokens: [] }], {}, 'Cannot sample completions of "A" as');
  await refuses([prompt, prompt], {}, 'Cannot sample completions of "long": two prompts have this name');
  await refuses(
    [{ task: "A", tokens: [1e6] }],
    {},
    'Cannot sample completions of "A": token 1000000 is beyond',
  );
  await refuses([prompt], { n: 0 }, "Cannot sample with n 0: expected a whole number of at least 1");
  await refuses([prompt], { maxTokens: 1.5 }, "Cannot sample with maxTokens 1.5");
  await refuses([prompt], { batch: 0 }, "Cannot sample with batch 0");
  await refuses([prompt], { seed: -1 }, "Cannot sample with seed -1");
  await refuses([prompt], { temperature: -1 }, "Cannot sample with temperature -1");
  await refuses([prompt], { topP: 0 }, "Cannot sample with temperature 1 and top-p 0");
  await refuses(
    [prompt],
    { stop: { strings: ["a", ""], decode } },
    "Cannot sample with an empty stop string",
  );
});

Deno.test("sampleCompletions() tells how many tokens each step draws", async () => {
  using model = MODELS["rotary positions"]();
  const counts: number[] = [];
  const onTokens = (count: number) => counts.push(count);
  const samples = await sample(model, promptsOf([5, 9]), { ...SAMPLING, n: 3, maxTokens: 20, onTokens });
  const tokens = [...samples.values()].reduce((sum, { tokens }) => sum + tokens.length, 0);
  assertEquals(counts.reduce((sum, count) => sum + count, 0), tokens);
  assertEquals(Math.max(...counts), 6);
});

Deno.test("sampleCompletions() ends between two steps when it is told to, and frees what it holds", async () => {
  const { folder, texts } = await readFixture("trained");
  using loaded = await loadModel(folder);
  const before = engine.memory();
  const prompts = texts.slice(0, 4).map((text, i) => ({ task: `${i}`, tokens: text.slice(0, 2) }));
  const abort = new AbortController();
  let steps = 0;
  const stop = {
    strings: ["x"],
    decode: () => {
      if (++steps === 40) abort.abort(new Error("told so"));
      return "";
    },
  };
  const options = { n: 3, ...SAMPLING, maxTokens: 60, stop, signal: abort.signal };
  await assertRejects(() => sample(loaded.model, prompts, options), Error, "told so");
  assert(steps < 100, `${steps} tokens came after`);
  for await (const _ of sampleCompletions(loaded.model, prompts, { n: 3, ...SAMPLING, maxTokens: 9 })) break;
  assertEquals(engine.memory(), before);
});

Deno.test("sampleCompletions() says whose logits are not finite", async () => {
  const sizes = { vocab_size: 8, n_positions: 8, n_embd: 4, n_head: 1, n_layer: 1 };
  using model = newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => NaN);
  for (const temperature of [0, 1]) {
    const run = () => sample(model, [{ task: "A", tokens: [1] }], { n: 1, temperature, maxTokens: 4 });
    await assertRejects(run, NotFiniteError, 'Cannot sample completions of "A" with model "new model"');
  }
});
