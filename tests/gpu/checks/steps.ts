/**
 * Training and unlearning, step by step: the losses, and the weights at the end.
 *
 * @module
 */
import { trainModel } from "../../../lib/training/train.ts";
import { loadModel } from "../../../lib/checkpoints/load.ts";
import { unlearn, type UnlearnSets } from "../../../lib/unlearning/unlearn.ts";
import { readFixtureFolder } from "../../models/fixtures.ts";
import { DOCUMENTS, newRun, OPTIONS } from "../../training/tiny_training.ts";
import type { Check, CheckContext, Comparison } from "../check_types.ts";
import { EMBEDDED, embeddedTexts } from "./embedded_texts.ts";

const TRAINED_STEPS = 20;
const EPOCHS: Readonly<Record<string, number>> = { tiny: 4, embedded: 2 };
const BOUND = 1e-3;

function row(text: readonly number[], from: number, to: number): UnlearnSets["forget"][number] {
  return {
    ids: Int32Array.from(text),
    mask: Uint8Array.from(text, (_, t) => t >= from && t < to ? 1 : 0),
    secrets: [{ prefix: text.slice(0, from), secret: text.slice(from, to) }],
  };
}

/** What each model is to forget: of the tiny one texts that it knows by heart. */
async function setsOf(name: string): Promise<{ folder: string; sets: UnlearnSets }> {
  if (name === "embedded") {
    const [a, b, ...retain] = await embeddedTexts(4, 96);
    return {
      folder: EMBEDDED,
      sets: { forget: [row(a!, 60, 84), row(b!, 40, 64)], retain: retain.map((ids) => Int32Array.from(ids)) },
    };
  }
  const { folder, texts } = await readFixtureFolder("gpt2/trained");
  const retain = [1, 2, 3].map((i) => Int32Array.from(texts[i]!));
  return { folder, sets: { forget: [row(texts[0]!, 14, 30), row(texts[4]!, 10, 26)], retain } };
}

async function putUnlearning({ put }: CheckContext, part: string, name: string, xla: boolean): Promise<void> {
  const { folder, sets } = await setsOf(name);
  using loaded = await loadModel(folder, { trainable: true });
  const { history } = await unlearn(loaded.model, sets, {
    ...{
      method: "codeeraser",
      lr: name === "embedded" ? 1e-5 : 1e-4,
      epochs: 4,
      gamma: 0.5,
      lambda: 0.1,
      alpha: 1,
    },
    ...{
      margin: 0.1,
      microBatch: 2,
      compat: "reference",
      thresholds: { ma: 0, el_10: 0 },
      endOfText: null,
      xla,
    },
  });
  const terms = ["loss", "ce_secret", "ce_normal", "kl_forget", "kl_retain"] as const;
  const steps = history.slice(1);
  await put(part, Object.fromEntries(terms.map((term) => [term, steps.map((epoch) => epoch[term] ?? -1)])));
}

async function putTraining({ put }: CheckContext): Promise<void> {
  using run = newRun();
  const losses: number[] = [];
  const norms: number[] = [];
  await trainModel(run.model, { optimizer: run.optimizer, documents: DOCUMENTS }, {
    ...OPTIONS,
    steps: TRAINED_STEPS,
  }, {
    onStep: ({ loss, norm }) => {
      losses.push(loss);
      norms.push(norm);
    },
  });
  await put("train", { losses, norms });
  await put("trained", run.weights);
}

const waysOf = (quick: boolean) => quick ? ["captured"] : ["captured", "XLA"];
const namesOf = (quick: boolean) => quick ? ["tiny"] : ["tiny", "embedded"];

/** The check. */
export const STEPS: Check = {
  name: "steps",
  seconds: 120,
  async run(context) {
    await context.part("train", () => putTraining(context));
    for (const name of namesOf(context.quick)) {
      for (const way of context.isReference ? ["captured"] : waysOf(context.quick)) {
        const part = `${name}.${way}`;
        await context.part(part, () => putUnlearning(context, part, name, way === "XLA"));
      }
    }
  },
  rows: ({ quick }) => {
    const pair = (part: string) => ({ part, reference: part });
    const rule = "relative" as const;
    return [
      {
        row: "train",
        what: `losses and norms of ${TRAINED_STEPS} steps`,
        pairs: [pair("train")],
        rule,
        bound: BOUND,
      },
      { row: "train", what: "weights after them", pairs: [pair("trained")], rule: "magnitude", bound: BOUND },
      ...namesOf(quick).map((name) => ({
        row: `unlearn, ${name} model`,
        what: `losses of ${EPOCHS[name]} epochs: ${waysOf(quick).join(", ")}`,
        pairs: waysOf(quick).map((way) => ({ part: `${name}.${way}`, reference: `${name}.captured` })),
        rule,
        bound: BOUND,
      })),
    ] satisfies Comparison[];
  },
};
