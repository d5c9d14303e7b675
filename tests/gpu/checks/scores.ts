/**
 * MA, EL_n and losses of the embedded model over Python and over secrets in it, and what it predicts at every position.
 *
 * @module
 */
import { Decoder } from "../../../lib/decoding/decoder.ts";
import type { Model } from "../../../lib/models/model.ts";
import { Prefill } from "../../../lib/decoding/prefill.ts";
import { loadModel } from "../../../lib/checkpoints/load.ts";
import type { TokenizedSecret } from "../../../lib/datasets/secret_tokens.ts";
import { Scorer, type Scores } from "../../../lib/metrics/scorer.ts";
import type { Check, CheckContext, Comparison, MissingRow } from "../check_types.ts";
import { setTf32 } from "../switches.ts";
import { EMBEDDED, embeddedTexts } from "./embedded_texts.ts";

/**
 * What products are computed in; how far losses may be off, and which share of the predictions may differ: where the two
 * best tokens are nearly alike, rounding decides.
 */
const MODES = [
  { name: "float32", tf32: false, products: "float32", losses: 1e-4, share: 0, means: 1e-3 },
  { name: "TF32", tf32: true, products: "float32", losses: 5e-3, share: 0.01, means: 0.05 },
  { name: "bfloat16", tf32: false, products: "bfloat16", losses: 5e-2, share: 0.03, means: 0.1 },
] as const;
type Mode = typeof MODES[number];

const [TEXTS, QUICK_TEXTS, TOKENS, QUICK_TOKENS] = [16, 1, 128, 48];
const sizeOf = (quick: boolean) => quick ? [QUICK_TEXTS, QUICK_TOKENS] as const : [TEXTS, TOKENS] as const;
const METRICS = ["ma", "el_3", "el_5", "el_10", "nll"] as const;

const columns = (scores: readonly Scores[]): [string, number[]][] =>
  METRICS.map((name) => [name, scores.map((score) => score[name] ?? -1)]);

/** Mean MA and EL_n of texts. */
function meansOf(scores: readonly Scores[]): number[] {
  return METRICS.map((name) => scores.reduce((sum, score) => sum + (score[name] ?? 0), 0) / scores.length);
}

async function runMode({ put, quick }: CheckContext, { name, products }: Mode): Promise<void> {
  const [count, length] = sizeOf(quick);
  const texts = await embeddedTexts(count, length);
  const secrets = texts.map((ids) => ({ prefix: ids.slice(0, length - 32), secret: ids.slice(length - 32) }));
  using loaded = await loadModel(EMBEDDED, { products });
  using decoder = new Decoder(loaded.model);
  using filled = await decoder.prefill(texts, { length, keepCache: false });
  await put(
    `${name}.predictions`,
    Object.fromEntries(filled.predictions.map((ids, i) => [`text ${i}`, ids])),
  );
  await put(`${name}.losses`, Object.fromEntries(filled.losses.map((losses, i) => [`text ${i}`, losses])));
  using scorer = new Scorer(loaded.model);
  const el = name === "float32"; // in bfloat16 a CPU's decoding takes minutes
  const [ofTexts, ofSecrets] = [await scorer.texts(texts, { el }), await scorer.secrets(secrets)];
  await put(`${name}.texts`, Object.fromEntries(columns(ofTexts)));
  await put(`${name}.secrets`, Object.fromEntries(columns(ofSecrets)));
  if (el && !quick) await putXla(put, loaded.model, { texts, secrets, length });
  const [ma, , , , nll] = meansOf(ofTexts);
  await put(`${name}.means`, { texts: [ma!, nll!], secrets: meansOf(ofSecrets) });
}

/** The same, every step compiled by XLA. */
async function putXla(
  put: CheckContext["put"],
  model: Model,
  { texts, secrets, length }: { texts: number[][]; secrets: TokenizedSecret[]; length: number },
): Promise<void> {
  using pass = new Prefill(model, { xla: true });
  using filled = await pass.run(texts, { length, keepCache: false });
  await put("XLA.predictions", Object.fromEntries(filled.predictions.map((ids, i) => [`text ${i}`, ids])));
  await put("XLA.losses", Object.fromEntries(filled.losses.map((losses, i) => [`text ${i}`, losses])));
  using scorer = new Scorer(model, { xla: true });
  await put("XLA.secrets", Object.fromEntries(columns(await scorer.secrets(secrets))));
}

function rowsOf({ name, losses, share, means }: Mode, quick: boolean): Comparison[] {
  const [count, length] = sizeOf(quick);
  const ways = name === "float32" && !quick ? [name, "XLA"] : [name];
  const pairs = (part: string, of = ways) =>
    of.map((way) => ({ part: `${way}.${part}`, reference: `float32.${part}` }));
  const row = `embedded ${name}`;
  const all: Comparison[] = [
    {
      row,
      what: "predicted tokens, positions that differ",
      pairs: pairs("predictions"),
      rule: "exact",
      bound: Math.ceil(share * count * length),
    },
    { row, what: "losses of all positions", pairs: pairs("losses"), rule: "magnitude", bound: losses },
  ];
  const each = {
    row,
    what: "MA, EL_3, EL_5, EL_10 of each text and secret",
    pairs: [...pairs("texts", [name]), ...pairs("secrets")],
  };
  const mean = { row, what: "mean MA and loss of texts, EL_n of secrets too", pairs: pairs("means") };
  return [
    ...all,
    name === "float32"
      ? { ...each, rule: "relative", bound: means }
      : { ...mean, rule: "magnitude", bound: means },
  ];
}

/** The check. */
export const SCORES: Check = {
  name: "scores",
  seconds: 120,
  async run(context) {
    const isGpu = context.engine.device === "gpu";
    for (const mode of MODES.filter(({ tf32 }) => isGpu || !tf32)) {
      if (context.isReference && mode.name !== "float32") continue;
      await context.part(mode.name, async () => {
        if (isGpu) setTf32(mode.tf32);
        try {
          await runMode(context, mode);
        } finally {
          if (isGpu) setTf32(false);
        }
      });
    }
  },
  rows: ({ quick, device }) =>
    MODES.flatMap((mode): (Comparison | MissingRow)[] =>
      mode.tf32 && device === "cpu"
        ? [{
          row: `embedded ${mode.name}`,
          what: "predictions, losses, MA, EL_n",
          notOffered: "a CPU has no TF32",
        }]
        : rowsOf(mode, quick)
    ),
};
