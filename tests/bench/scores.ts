/**
 * MA, EL_3, EL_5 and EL_10 of 64 unseen texts of 128 tokens under the embedded model: the scorer against the plain
 * definition on the same engine, and against PyTorch with a KV cache. Scores are compared first.
 *
 * @module
 */
import { assert } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildEmbeddedCorpus } from "../../lib/embedded/embedded_corpus.ts";
import { EL_ORDERS } from "../../lib/datasets/metrics.ts";
import { Scorer, type Scores } from "../../lib/metrics/scorer.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { type BenchContext, SIZES, writeIds, writeModel } from "./models.ts";
import { Peer } from "./peer.ts";
import { PlainScorer } from "./plain.ts";
import { type BenchRow, interleave, median, seconds } from "./bench_table.ts";

const TOKENS = 128;
/** Texts on which the plain definition runs whole. */
const CHECKED_TEXTS = 2;
/** Two engines' argmax may differ where two logits are equal but for rounding: the mean scores may be this far apart. */
const TOLERANCE = 1e-3;

type Kind = "unseen" | "training";

interface Material {
  folder: string;
  texts: Int32Array[];
  what: string;
}

/** Ours against the plain definition. */
export async function benchPlain(context: BenchContext): Promise<BenchRow[]> {
  const { folder, texts, what } = await openMaterial(context);
  using loaded = await loadModel(folder);
  using scorer = new Scorer(loaded.model);
  using plain = new PlainScorer(loaded.model);
  const scores = await scorer.texts(texts);
  context.log(`the plain definition on ${CHECKED_TEXTS} texts`);
  for (let i = 0; i < CHECKED_TEXTS; i++) assertScores(scores[i]!, plain.score(texts[i]!), 1e-9, `text ${i}`);
  context.log("timing");
  plain.estimate(texts);
  const times = await interleave(Math.min(5, context.repetitions), {
    ours: () => seconds(() => scorer.texts(texts)),
    plain: () => plain.estimate(texts, EL_ORDERS),
    shared: () => plain.estimate(texts),
  });
  const shared = median(times.shared!);
  return [{
    name: `MA + EL of ${texts.length} unseen texts, against the plain definition`,
    unit: "s",
    ours: { name: `the scorer, ${what}`, values: times.ours! },
    peer: {
      name: "a captured XLA forward for every token, decodes for each n, estimated",
      values: times.plain!,
    },
    goal: { ratio: 100 },
    notes: [
      `estimate: a forward of all ${texts.length} texts timed at each length (multiples of 8), times the forwards of that ` +
      `length; each n has decodes of its own and a forward gives all positions' logits, as in the reference`,
      `with one set of decodes for all n the definition takes ${shared.toFixed(0)} s: ` +
      `${(shared / median(times.ours!)).toFixed(0)} x`,
      `MA and EL equal on ${CHECKED_TEXTS} texts on which the definition ran whole`,
    ],
  }];
}

/** How PyTorch decodes, by the peer's commands. */
const TORCH_PEERS = {
  generate: "transformers' generate with its KV cache, a decode a prefix, batched over the texts",
  score: "plain PyTorch at its best: one cache for all prefixes, nothing copied, fused operations",
} as const;

/**
 * Ours against PyTorch with a KV cache as one writes it with transformers, on unseen texts, of which the model predicts
 * little, so that nearly every position starts a decode.
 */
export async function benchTransformers(context: BenchContext): Promise<BenchRow[]> {
  return [await compareTorch("unseen", "generate", context)];
}

/** Ours against PyTorch as fast as it can be made by hand, on unseen texts and on texts that the model was trained on. */
export async function benchTorch(context: BenchContext): Promise<BenchRow[]> {
  return [await compareTorch("unseen", "score", context), await compareTorch("training", "score", context)];
}

async function compareTorch(
  kind: Kind,
  command: keyof typeof TORCH_PEERS,
  context: BenchContext,
): Promise<BenchRow> {
  const python = await context.python();
  const { folder, texts, what } = await openMaterial(context, kind);
  using loaded = await loadModel(folder);
  using scorer = new Scorer(loaded.model);
  const ids = await writeIds(texts, context);
  const args = [folder, ids, String(texts.length), String(context.threads)];
  await using peer = await Peer.start(python, "scores_peer.py", args);
  type Answer = { seconds: number; counting: number; scores: number[][] };
  context.log(`MA + EL of ${kind} texts by PyTorch, minutes`);
  const ours = await scorer.texts(texts);
  const first = await peer.ask<Answer>(command);
  const mean = (of: (i: number) => number) => texts.reduce((sum, _, i) => sum + of(i), 0) / texts.length;
  const keys = ["ma", "el_3", "el_5", "el_10"] as const;
  const means = keys.map((key, k) =>
    [mean((i) => ours[i]![key]!), mean((i) => first.scores[i]![k]!)] as const
  );
  means.forEach(([a, b], k) =>
    assert(Math.abs(a - b) <= TOLERANCE, `mean ${keys[k]} is ${a}, PyTorch's ${b}`)
  );
  let counting = 0;
  const times = await interleave(Math.min(3, context.repetitions), {
    ours: () => seconds(() => scorer.texts(texts)),
    torch: async () => {
      const answer = await peer.ask<Answer>(command);
      counting = answer.counting;
      return answer.seconds;
    },
  }, { warmUp: false });
  return {
    name: `MA + EL of ${texts.length} ${kind} texts, against ${
      command === "generate" ? "transformers" : "plain PyTorch"
    }`,
    unit: "s",
    ours: { name: `the scorer, ${what}`, values: times.ours! },
    peer: {
      name: `${TORCH_PEERS[command]}, PyTorch ${peer.versions.torch} eager float32`,
      values: times.torch!,
    },
    goal: { ratio: 5 },
    notes: [
      `means: ${
        keys.map((key, k) => `${key} ${means[k]!.map((value) => value.toFixed(4)).join(" / ")}`).join(", ")
      }`,
      `PyTorch's time holds ${counting.toFixed(1)} s of counting n-grams in Python`,
    ],
  };
}

/** Scores must be as wanted. */
export function assertScores(
  found: Scores,
  wanted: readonly number[],
  tolerance: number,
  what: string,
): void {
  const values = [found.ma, found.el_3, found.el_5, found.el_10];
  values.forEach((value, i) =>
    assert(
      Math.abs(value! - wanted[i]!) <= tolerance,
      `${what}: score ${i} is ${value}, expected ${wanted[i]}`,
    )
  );
}

/** The embedded model and texts of one kind, none twice; random weights of its size where the model is not there. */
async function openMaterial(context: BenchContext, kind: Kind = "unseen"): Promise<Material> {
  const embedded = fileURLToPath(new URL("../../data/model", import.meta.url));
  const trained = existsSync(join(embedded, "model.safetensors"));
  const folder = trained ? embedded : await writeModel(SIZES.embedded, context);
  const known = trained ? await Deno.readTextFile(join(folder, "tokenizer.json")) : undefined;
  const corpus = await buildEmbeddedCorpus(known === undefined ? {} : { tokenizer: known });
  if (!trained) await Deno.writeTextFile(join(folder, "tokenizer.json"), corpus.tokenizer);
  const tokenizer = await openTokenizer(folder);
  const documents = kind === "unseen" ? corpus.unseen : corpus.train;
  const encoded = await tokenizer.encodeBatch([...new Set(documents.map(({ text }) => text))]);
  const long = encoded.map(({ ids }) => ids).filter((ids) => ids.length >= TOKENS);
  const texts = Array.from(
    { length: context.texts },
    (_, i) => long[Math.floor(i * long.length / context.texts)]!,
  );
  return {
    folder,
    texts: texts.map((ids) => ids.slice(0, TOKENS)),
    what: trained ? "the embedded model" : "random weights of the embedded size",
  };
}
