/**
 * SmolLM2-135M, as `deno task fetch smollm2` gets it, against transformers in the same minutes: greedy decoding with a KV
 * cache, of many rows and of one, and a forward. Tokens and logits are compared first.
 *
 * @module
 */
import { assert } from "@std/assert";
import { existsSync } from "node:fs";
import * as tf from "@tensorflow/tfjs-core";
import { join } from "node:path";
import { buildEmbeddedCorpus } from "../../lib/embedded/embedded_corpus.ts";
import { compile, type Products } from "../../lib/engine/compile.ts";
import { multipliesInBfloat16 } from "../../lib/engine/cpu_features.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import type { Model } from "../../lib/models/model.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { fetchedModel } from "../../lib/setup/fetched_models.ts";
import { type BenchContext, writeIds } from "./models.ts";
import { Peer } from "./peer.ts";
import { type BenchRow, interleave, median, seconds } from "./bench_table.ts";
import { assertTensorClose, readTensors } from "../tensors.ts";

const ROWS = 32;
const PROMPT = 64;
const NEW_TOKENS = 128;
const FORWARD = { rows: 2, length: 512 };
/** Two engines' argmax may differ where transformers' two best logits are closer than this. */
const CLOSE: Readonly<Record<Products, number>> = { float32: 1e-3, tf32: 5e-3, bfloat16: 0.5 };

interface Generated extends Record<string, unknown> {
  tokens: number[][];
  margins: number[][];
}

/** Greedy decoding of 32 rows, float32. */
export async function benchSmollm2(context: BenchContext): Promise<BenchRow[]> {
  return [await benchDecode(ROWS, { goal: 3, products: "float32" }, context)];
}

/**
 * Greedy decoding of one row, float32 and bfloat16. Without bfloat16 instructions PyTorch takes minutes for what float32
 * does in seconds, so its float32 is the peer of both there.
 */
export async function benchSmollm2Row(context: BenchContext): Promise<BenchRow[]> {
  return [
    await benchDecode(1, { goal: 1.4, products: "float32" }, context),
    await benchDecode(1, { goal: 2, products: "bfloat16" }, context),
  ];
}

/** A forward of 2 x 512 tokens, float32. */
export async function benchSmollm2Forward(context: BenchContext): Promise<BenchRow[]> {
  const folder = await writeFolder(context);
  const all = Int32Array.from((await codeOf(folder)).flatMap((ids) => [...ids]));
  const whole = Array.from(
    { length: FORWARD.rows },
    (_, row) => all.slice(row * FORWARD.length, (row + 1) * FORWARD.length),
  );
  using loaded = await loadModel(folder);
  await using peer = await startPeer(folder, whole, "float32", context);
  return [await compareForward(loaded.model, whole, { goal: 2, peer, context })];
}

async function benchDecode(
  count: number,
  { goal, products }: { goal: number; products: Products },
  context: BenchContext,
): Promise<BenchRow> {
  const folder = await writeFolder(context);
  const prompts = (await codeOf(folder)).slice(0, count).map((ids) => ids.slice(0, PROMPT));
  using loaded = await loadModel(folder, { products });
  const theirs = multipliesInBfloat16() ? products : "float32";
  await using peer = await startPeer(folder, prompts, theirs, context);
  return await compareDecode(loaded.model, prompts, { goal, peer, theirs, context });
}

async function startPeer(
  folder: string,
  rows: readonly Int32Array[],
  products: Products,
  context: BenchContext,
): Promise<Peer> {
  const args = [await writeIds(rows, context), String(rows.length), String(context.threads), products];
  return await Peer.start(await context.python(), "causal_peer.py", [folder, ...args]);
}

interface Comparison {
  goal: number;
  peer: Peer;
  context: BenchContext;
}

async function compareDecode(
  model: Model,
  prompts: readonly Int32Array[],
  { goal, peer, theirs, context }: Comparison & { theirs: Products },
): Promise<BenchRow> {
  const { products } = model;
  const name = `greedy decode, SmolLM2-135M, ${prompts.length} x (${PROMPT} + ${NEW_TOKENS}), ${products}`;
  context.log(name);
  using generator = new Generator(model);
  const ours = () => generator.generate(prompts, { maxTokens: NEW_TOKENS });
  const request = { rows: prompts.length, tokens: NEW_TOKENS };
  const wanted = await peer.ask<Generated>("generate", { ...request, check: true });
  const equal = countEqual(await ours(), wanted, CLOSE[products]);
  const times = await interleave(Math.min(5, context.repetitions), {
    ours: () => seconds(ours),
    torch: async () => (await peer.ask<{ seconds: number }>("generate", request)).seconds,
  });
  const rate = (values: number[]) => (prompts.length * NEW_TOKENS / median(values)).toFixed(0);
  return {
    name,
    unit: "s",
    ours: { name: "Generator", values: times.ours! },
    peer: {
      name: `transformers' generate, PyTorch ${peer.versions.torch} ${theirs}`,
      values: times.torch!,
    },
    goal: { ratio: goal },
    notes: [
      `${rate(times.ours!)} against ${rate(times.torch!)} tokens/s, the prompts' pass included`,
      `${equal} of ${
        prompts.length * NEW_TOKENS
      } tokens equal; where a row differs, transformers' two best logits are ` +
      `closer than ${CLOSE[products]}, and the rest of the row is not compared`,
    ],
  };
}

/** How many tokens are equal; a row may leave the other only where that is nearly a tie. */
function countEqual(
  found: readonly Int32Array[],
  { tokens, margins }: Generated,
  close: number,
): number {
  let count = 0;
  for (const [row, wanted] of tokens.entries()) {
    const different = wanted.findIndex((token, i) => token !== found[row]![i]);
    if (different >= 0) {
      const margin = margins[different]![row]!;
      assert(
        margin < close,
        `row ${row} differs at token ${different}, where the best logit leads by ${margin}`,
      );
    }
    count += different < 0 ? wanted.length : different;
  }
  return count;
}

async function compareForward(
  model: Model,
  texts: readonly Int32Array[],
  { goal, peer, context }: Comparison,
): Promise<BenchRow> {
  const name = `forward, SmolLM2-135M, ${texts.length} x ${texts[0]!.length}, float32`;
  context.log(name);
  const ids = tf.tensor2d(
    Int32Array.from(texts.flatMap((text) => [...text])),
    [texts.length, texts[0]!.length],
    "int32",
  );
  const step = (ids: tf.Tensor) => model.logits(ids);
  using graph = compile(step, { name: "forward" });
  using xla = compile(step, { name: "forward", xla: true });
  const file = join(context.folder, "logits.safetensors");
  await peer.ask("forward", { write: file });
  const wanted = (await readTensors(file)).get("logits")!;
  await Deno.remove(file);
  let largest = 0;
  for (const run of [graph, xla]) {
    const logits = run(ids);
    assertTensorClose(logits, wanted, { atol: CLOSE.float32 });
    const values = logits.dataSync();
    values.forEach((value, i) => largest = Math.max(largest, Math.abs(value - wanted.values[i]!)));
    logits.dispose();
  }
  const times = await interleave(context.repetitions, {
    graph: () => seconds(() => tf.dispose(graph(ids))),
    torch: async () => (await peer.ask<{ seconds: number }>("forward")).seconds,
    xla: () => seconds(() => tf.dispose(xla(ids))),
  });
  ids.dispose();
  const best = median(times.xla!) < median(times.graph!) ? "xla" : "graph";
  return {
    name,
    unit: "s",
    ours: { name: best === "xla" ? "captured, XLA" : "captured", values: times[best]! },
    peer: { name: `transformers, PyTorch ${peer.versions.torch} eager float32`, values: times.torch! },
    goal: { ratio: goal },
    notes: [
      `medians: captured ${median(times.graph!).toPrecision(3)} s, XLA ${
        median(times.xla!).toPrecision(3)
      } s`,
      `largest difference ${largest.toExponential(1)}`,
    ],
  };
}

/** The fetched model as a folder that both sides load; float32. */
export async function writeFolder({ folder }: BenchContext): Promise<string> {
  const path = join(folder, "smollm2");
  if (existsSync(path)) return path;
  const file = fetchedModel("smollm2");
  using loaded = await loadModel(file);
  await saveModel(loaded.model, path, { ...loaded, dtype: "F32", tokenizerFolder: file });
  return path;
}

/** Code that SmolLM2 reads, the longest documents first. */
export async function codeOf(folder: string): Promise<Int32Array[]> {
  const tokenizer = await openModelTokenizer(folder);
  const { unseen } = await buildEmbeddedCorpus();
  const texts = [...new Set(unseen.map(({ text }) => text))];
  const encoded = await tokenizer.encodeBatch(texts);
  return encoded.map(({ ids }) => ids).sort((a, b) => b.length - a.length);
}
