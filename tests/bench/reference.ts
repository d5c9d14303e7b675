/**
 * MA, EL_3, EL_5 and EL_10 of 16 texts of 128 tokens under a GPT-2 of 110 million parameters: the scorer against the
 * reference's way in PyTorch, a full forward for every token and decodes of their own for each n. That way takes half a
 * day, so it runs whole on two short texts, where the scores must be equal; its time over all texts is added up from the
 * forwards of a few lengths.
 *
 * @module
 */
import { EL_ORDERS } from "../../lib/datasets/metrics.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import type { Model } from "../../lib/models/model.ts";
import { type BenchContext, randomRows, SIZES, writeIds, writeModel } from "./models.ts";
import { Peer } from "./peer.ts";
import { assertScores } from "./scores.ts";
import { type BenchRow, interleave, median, seconds } from "./bench_table.ts";

const SIZE = { ...SIZES.small, batch: 16, length: 128 };
/** Texts on which the reference's way runs whole. */
const CHECKED = { texts: 2, tokens: 32 };
/** Lengths whose forward is timed; between them time is taken as linear. */
export const LENGTHS = [1, 32, 64, 96, SIZE.length - 1];

/** Ours against the reference's way, estimated, on random texts and on texts that the model knows in part. */
export async function benchReference(context: BenchContext): Promise<BenchRow[]> {
  const python = await context.python();
  const folder = await writeModel(SIZE, context);
  const texts = randomRows(SIZE);
  using loaded = await loadModel(folder);
  using scorer = new Scorer(loaded.model);
  const args = [folder, await writeIds(texts, context), String(texts.length), String(context.threads)];
  await using peer = await Peer.start(python, "reference_peer.py", args);
  const known = await partlyKnown(loaded.model, texts);
  const checked = known.slice(0, CHECKED.texts).map((ids) => ids.slice(0, CHECKED.tokens));
  context.log(`the reference's way on ${CHECKED.texts} texts of ${CHECKED.tokens} tokens`);
  const { scores } = await peer.ask<{ scores: number[][] }>("score", { rows: checked });
  (await scorer.texts(checked)).forEach((found, i) => assertScores(found, scores[i]!, 1e-6, `text ${i}`));
  context.log("timing, minutes");
  const shared: number[] = []; // with one set of decodes for all n
  const mas: number[] = [];
  const times = await interleave(Math.min(3, context.repetitions), {
    random: () => seconds(() => scorer.texts(texts)),
    known: () =>
      seconds(async () => {
        mas.push(...(await scorer.texts(known)).map(({ ma }) => ma!));
      }),
    reference: async () => {
      const { seconds } = await peer.ask<{ seconds: number[] }>("time", { lengths: LENGTHS });
      shared.push(addUp(seconds, [EL_ORDERS[0]]));
      return addUp(seconds, EL_ORDERS);
    },
  }, { warmUp: false });
  const row = (kind: string, values: number[]): BenchRow => ({
    name: `MA + EL of ${texts.length} ${kind} texts, GPT-2 110M, against the reference's way`,
    unit: "s",
    ours: { name: "the scorer; of random texts nearly every position is decoded from", values },
    peer: {
      name:
        `a full forward for every token, decodes for each n, PyTorch ${peer.versions.torch} eager float32, estimated; ` +
        "it takes as long whatever the model knows",
      values: times.reference!,
    },
    goal: { ratio: 200 },
    notes: [
      `estimate: a forward of all ${texts.length} texts timed at ${
        LENGTHS.join(", ")
      } tokens, linear between, times ` +
      `the forwards of each length`,
      `with one set of decodes for all n the reference's way takes ${median(shared).toFixed(0)} s: ` +
      `${(median(shared) / median(values)).toFixed(0)} x`,
      `MA and EL equal on ${CHECKED.texts} texts of ${CHECKED.tokens} tokens on which it ran whole: ${
        scores.map((values) => values.map((value) => value.toFixed(3)).join(" ")).join(", ")
      }`,
    ],
  });
  return [
    row("random", times.random!),
    row(`partly known (median MA ${median(mas).toFixed(2)})`, times.known!),
  ];
}

/** Texts of which the model knows a part: what it generates itself after four tokens, but for each seventh token. */
async function partlyKnown(model: Model, texts: readonly Int32Array[]): Promise<number[][]> {
  using generator = new Generator(model);
  const prompts = texts.map((ids) => ids.slice(0, 4));
  const generated = await generator.generate(prompts, { maxTokens: SIZE.length - 4 });
  return texts.map((ids, i) =>
    [...prompts[i]!, ...generated[i]!].map((token, t) => t % 7 === 6 ? ids[t]! : token)
  );
}

/**
 * Seconds of all forwards: one at each length for MA, and at length t one for each prefix up to t that EL decodes from.
 *
 * @param measured of `LENGTHS`
 */
export function addUp(measured: readonly number[], orders: readonly number[]): number {
  const T = SIZE.length;
  let total = 0;
  for (let t = 1; t < T; t++) {
    const next = Math.max(1, LENGTHS.findIndex((length) => length >= t));
    const [from, to] = [LENGTHS[next - 1]!, LENGTHS[next]!];
    const share = (t - from) / (to - from);
    const seconds = measured[next - 1]! * (1 - share) + measured[next]! * share;
    total += seconds * (1 + orders.reduce((sum, n) => sum + Math.min(t, T - n), 0));
  }
  return total;
}
