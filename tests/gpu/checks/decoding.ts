/**
 * Decoding with a KV cache: the same tokens as without one on the device, and as on the CPU; and sampling with a seed. Prompts
 * of different lengths share a batch. Ids are exact: the two best logits of these models differ by more than 1e-4.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { Generator } from "../../../lib/decoding/generator.ts";
import { loadModel } from "../../../lib/checkpoints/load.ts";
import { MODELS } from "../../../lib/models/models.ts";
import type { Model } from "../../../lib/models/model.ts";
import { readFixtureFolder } from "../../models/fixtures.ts";
import type { Check, CheckContext, Comparison } from "../check_types.ts";
import { EMBEDDED, embeddedTexts } from "./embedded_texts.ts";

interface Case {
  name: string;
  folder: string;
  prompts: number[][];
  maxTokens: number;
  /** Whether XLA compiles the steps too, and tokens are drawn. */
  isWhole: boolean;
}

const FAMILIES = Object.keys(MODELS).filter((name) => name !== "gpt2");
const CASES = ["gpt2", "embedded", ...FAMILIES];
const SAMPLING = { temperature: 0.8, topP: 0.95 };

async function caseOf(name: string): Promise<Case> {
  if (name === "embedded") {
    const texts = await embeddedTexts(5, 48);
    const prompts = texts.map((ids, i) => ids.slice(0, 4 + 10 * i));
    return { name, folder: EMBEDDED, prompts, maxTokens: 16, isWhole: true };
  }
  if (name === "gpt2") {
    const { folder, texts } = await readFixtureFolder("gpt2/trained");
    return {
      name,
      folder,
      prompts: texts.map((ids, i) => ids.slice(0, 1 + 6 * i)),
      maxTokens: 20,
      isWhole: true,
    };
  }
  const { folder, ids } = await readFixtureFolder(`families/${name}/plain`);
  const prompts = [1, 2, 5, 14].map((length, i) => ids[i % 2]!.slice(0, length));
  return { name, folder, prompts, maxTokens: 8, isWhole: false };
}

/** Greedy tokens by one forward of the whole sequence each. */
function decodePlainly(model: Model, prompt: readonly number[], maxTokens: number): number[] {
  const ids = [...prompt];
  const last = () =>
    tf.tidy(() => {
      const logits = model.logits(tf.tensor2d([ids], undefined, "int32")); // [1, T, V]
      return tf.argMax(tf.slice(logits, [0, ids.length - 1, 0], [1, 1, -1]), -1).dataSync()[0]!;
    });
  while (ids.length < prompt.length + maxTokens && ids.length < model.config.maxPositions) ids.push(last());
  return ids.slice(prompt.length);
}

async function runCase(
  context: CheckContext,
  { name, folder, prompts, maxTokens, isWhole }: Case,
): Promise<void> {
  using loaded = await loadModel(folder);
  const { model } = loaded;
  const put = (part: string, tokens: readonly ArrayLike<number>[]) =>
    context.put(`${name}.${part}`, Object.fromEntries(tokens.map((ids, i) => [`prompt ${i}`, ids])));
  const generate = async (part: string, xla: boolean, sampling?: typeof SAMPLING) => {
    await context.part(`${name}.${part}`, async () => {
      using generator = new Generator(model, { xla });
      await put(
        part,
        await generator.generate(prompts, { maxTokens, seed: 42, ...(sampling && { sampling }) }),
      );
    });
  };
  await context.part(
    `${name}.plain`,
    () => put("plain", prompts.map((ids) => decodePlainly(model, ids, maxTokens))),
  );
  if (!context.isReference) await generate("cached", false);
  if (isWhole && !context.isReference && !context.quick) await generate("XLA", true);
  if (isWhole) await generate("sampled", false, SAMPLING);
}

const casesOf = (quick: boolean) => quick ? ["gpt2"] : CASES;

/** The check. */
export const DECODING: Check = {
  name: "decoding",
  seconds: 60,
  async run(context) {
    for (const name of casesOf(context.quick)) await runCase(context, await caseOf(name));
  },
  rows({ quick }) {
    const cases = casesOf(quick);
    const whole = cases.filter((name) => !FAMILIES.includes(name));
    const cached = (name: string) =>
      whole.includes(name) && !quick ? [`${name}.cached`, `${name}.XLA`] : [`${name}.cached`];
    const models = `${cases.length} ${cases.length > 1 ? "models" : "model"}`;
    const pairs = (parts: (name: string) => string[], of: readonly string[]) =>
      of.flatMap((name) => parts(name).map((part) => ({ part, reference: `${name}.plain` })));
    const common = { rule: "exact", bound: 0 } as const;
    return [
      {
        ...common,
        row: "decoding, no cache",
        what: `greedy tokens of ${models}`,
        pairs: pairs((name) => [`${name}.plain`], cases),
      },
      {
        ...common,
        row: "decoding, KV cache",
        what: `greedy tokens of ${models}${quick ? "" : ", XLA too"}`,
        pairs: pairs(cached, cases),
      },
      {
        ...common,
        row: "decoding, KV cache or not",
        what: "greedy tokens on the device itself",
        pairs: pairs(cached, cases),
        referenceOf: "device",
      },
      {
        ...common,
        row: "decoding, sampled",
        what: "tokens drawn with seed 42",
        pairs: whole.map((name) => ({ part: `${name}.sampled`, reference: `${name}.sampled` })),
      },
    ] satisfies Comparison[];
  },
};
