/**
 * Forward, and forward with backward, of a model as one compiled step, beside PyTorch eager and torch.compile, both in
 * bfloat16: its weights are in it where ours of a trained model are float32 and only products are not. The forward ends in the
 * mean loss, so that no side reads gigabytes of logits.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { join } from "node:path";
import { compile, type CompiledStep, type Products } from "../../lib/engine/compile.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import type { Model } from "../../lib/models/model.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { interleave, median } from "../bench/bench_table.ts";
import { OptionalPeer, type RowContext } from "./bench_context.ts";
import { type Goal, type Result, timesFaster } from "./bench_result.ts";
import { type Repetitions, timeCalls } from "./bench_time.ts";
import { peakOf } from "./card_memory.ts";
import { randomIds, randomModel, type Shape } from "./random_model.ts";

/** What is compared. */
export interface StepsBench {
  /** The model. */
  shape: Shape;
  /** Rows of a batch. */
  rows: number;
  /** Tokens of a row. */
  length: number;
  /** Of both sides. */
  products: Products;
  /** Least ratios; the share of the card's peak. */
  goals: { eager?: number; compile?: number; peak?: number };
  /** Whether both sides load one checkpoint, so that numbers can be compared. */
  isChecked: boolean;
  /** torch.compile of a layer at a time: of large models in a fraction of the time. */
  byLayer: boolean;
  /** How often. */
  repetitions: Repetitions;
}

type Kind = "forward" | "backward";
type Step = CompiledStep<[Tensor], Record<string, Tensor>>;
type Timed = { ms: number; peak: number | null };

/** Both kinds of steps of a model. */
export async function benchSteps(bench: StepsBench, context: RowContext): Promise<void> {
  const { shape, rows, length, products, isChecked, byLayer } = bench;
  await using peer = new OptionalPeer(context, "cuda_steps.py", products);
  using _engine = await context.open();
  const folder = isChecked ? await writeCheckpoint(shape, context) : null;
  const ids = randomIds(rows, length, shape.json.vocab_size);
  const load = { ids: ids.map((row) => [...row]), by_layer: byLayer };
  const loaded = peer.ask("load", { ...load, ...(folder ? { folder } : { config: shape.json }) });
  const input = tf.tensor2d(Int32Array.from(ids.flatMap((row) => [...row])), [rows, length], "int32");
  for (const kind of ["forward", "backward"] as const) {
    const options = { products, trainable: kind === "backward" };
    using model = folder ? (await loadModel(folder, options)).model : await randomModel(shape, options);
    await benchKind(kind, { bench, context, peer, model, input, loaded });
  }
  input.dispose();
}

/** A folder with random weights, in bfloat16 so that both sides have the very same. */
async function writeCheckpoint(shape: Shape, { folder }: RowContext): Promise<string> {
  const path = join(folder, "model");
  using model = await randomModel(shape);
  await saveModel(model, path, { configJson: shape.json, dtype: "BF16", tokenizerFolder: path });
  return path;
}

interface Sides {
  bench: StepsBench;
  context: RowContext;
  peer: OptionalPeer;
  model: Model;
  input: Tensor;
  loaded: Promise<unknown>;
}

async function benchKind(kind: Kind, { bench, context, peer, model, input, loaded }: Sides): Promise<void> {
  const { shape, rows, length, products, goals, repetitions } = bench;
  const what = kind === "forward" ? kind : "forward + backward";
  const result: Result = {
    name: `${shape.name}, ${what}, ${rows} x ${length}, ${products}`,
    unit: "ms",
    ours: null,
    peers: {},
    goals: [],
    notes: [],
  };
  const prepared = loaded.then(() =>
    peer.ask<{ seconds: Record<string, number>; failed: Record<string, string> }>("prepare", { kind })
  );
  const step = (ids: Tensor) =>
    kind === "forward" ? { loss: lossOf(model, ids) } : lossAndGradients(model, ids);
  const compileFor = (xla: boolean) => compile(step, { name: kind, products, xla });
  using xla = compileFor(true);
  using captured = compileFor(false);
  const best = warmUp("XLA", xla, { input, result }) ? xla : captured;
  if (best === captured && !warmUp("captured", captured, { input, result })) {
    throw new Error(`Cannot run ${result.name}: ${result.notes.join("; ")}`);
  }
  const run = (calls: number, way = best) => timeCalls(calls, () => way(input));
  result.ours = run(repetitions.calls); // while the peer may be compiling on the same card: what is known if it never ends
  context.emit(result);
  const ready = await prepared;
  const { times, peaks } = await timeSides(Object.keys(ready?.seconds ?? {}), {
    peer,
    repetitions,
    ours: run,
  });
  const medians = Object.fromEntries(Object.entries(times).map(([name, values]) => [name, median(values)]));
  result.ours = medians.ours!;
  const eager = Math.min(...["plain", "transformers"].flatMap((name) => medians[name] || []));
  result.peers = { eager: Number.isFinite(eager) ? eager : null, compile: medians.compile || null };
  const share = shareOfPeak(kind, { bench, context, model, ms: result.ours });
  result.goals = goalsOf(result, goals, share);
  const all = Object.entries(times).map(([name, values]) =>
    `${name} ${median(values).toFixed(2)} (${Math.min(...values).toFixed(2)}..${
      Math.max(...values).toFixed(2)
    })`
  );
  result.notes.push(`ms, medians: ${all.join(", ")}; ours is ${best === xla ? "XLA" : "captured"}`);
  const single = median(Array.from({ length: 5 }, () => run(1)));
  result.notes.push(
    `one call and its read ${single.toFixed(2)} ms; ${Math.round(rows * length / result.ours)}k tokens/s, ${
      share === null ? "?" : (100 * share).toFixed(0)
    } % of the card's peak`,
  );
  if (peaks.size > 0) result.notes.push(`PyTorch's peak of tensors: ${[...peaks].join(", ")}`);
  if (ready) {
    const { seconds, failed } = ready;
    result.notes.push(
      `torch ${peer.versions.torch}; seconds of two first calls ${JSON.stringify(roundAll(seconds))}`,
    );
    for (const [name, reason] of Object.entries(failed)) result.notes.push(`${name} failed: ${reason}`);
    if (bench.isChecked) await check(kind, { result, peer, model, input, run: best });
  }
  result.notes.push(...peer.failures.splice(0).map((reason) => `peer: ${reason}`));
  context.emit(result);
  // last: without XLA a step takes far more memory, and what TensorFlow has taken PyTorch cannot have
  if (best === xla && !bench.byLayer && warmUp("captured", captured, { input, result })) {
    const values = Array.from({ length: 3 }, () => run(repetitions.calls, captured));
    result.notes.push(`captured, not through XLA: ${median(values).toFixed(2)} ms`);
  }
  context.emit(result, { final: true });
}

/** Milliseconds of all sides in turns, and the peer's peaks of memory. */
async function timeSides(
  names: readonly string[],
  { peer, repetitions: { calls, times: count }, ours }: {
    peer: OptionalPeer;
    repetitions: Repetitions;
    ours: (calls: number) => number;
  },
): Promise<{ times: Record<string, number[]>; peaks: Set<string> }> {
  const peaks = new Set<string>();
  const sides: Record<string, () => number | Promise<number>> = { ours: () => ours(calls) };
  for (const which of names) {
    sides[which] = async () => {
      const timed = await peer.ask<Timed>("time", { which, calls });
      if (timed?.peak) peaks.add(`${which} ${timed.peak.toFixed(1)} GB`);
      return timed?.ms ?? NaN;
    };
  }
  return { times: await interleave(count, sides), peaks };
}

/** Calls a step three times: how long the first call takes is a note, or why the step does not run. */
function warmUp(
  name: string,
  step: Step,
  { input, result }: { input: Tensor; result: Result },
): boolean {
  try {
    const first = timeCalls(1, () => step(input));
    timeCalls(2, () => step(input));
    result.notes.push(`${name}: first call ${(first / 1000).toFixed(1)} s`);
    return true;
  } catch (error) {
    result.notes.push(`${name} failed: ${(error as Error).message.slice(0, 300)}`);
    return false;
  }
}

function roundAll(values: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, Math.round(10 * value) / 10]));
}

function lossOf(model: Model, ids: Tensor): Tensor {
  return tf.mean(nextTokenLosses(model, ids));
}

function lossAndGradients(model: Model, ids: Tensor): Record<string, Tensor> {
  const { loss, gradients } = valueAndGradients(model.weights, () => lossOf(model, ids));
  return { loss, ...gradients };
}

function goalsOf({ ours, peers }: Result, goals: StepsBench["goals"], share: number | null): Goal[] {
  return [
    ...goals.eager ? [{ what: "x eager", value: timesFaster(peers.eager, ours), atLeast: goals.eager }] : [],
    ...goals.compile
      ? [{ what: "x compile", value: timesFaster(peers.compile, ours), atLeast: goals.compile }]
      : [],
    ...goals.peak ? [{ what: "of the card's peak", value: share, atLeast: goals.peak }] : [],
  ];
}

/**
 * Of the card's peak in dense bfloat16: 2 operations a weight and token for the forward, 4 for the backward, the
 * embedding not counted as it multiplies nothing (a tied one counts as output weights), and attention's two products.
 */
function shareOfPeak(
  kind: Kind,
  { bench, context, model, ms }: { bench: StepsBench; context: RowContext; model: Model; ms: number },
): number | null {
  const peak = context.card && peakOf(context.card.name);
  if (!peak) return null;
  const { vocabularySize, width, layers, tiedEmbeddings } = model.config;
  const weights = model.parameterCount - (tiedEmbeddings ? 0 : vocabularySize * width);
  const tokens = bench.rows * bench.length;
  const forward = tokens * (2 * weights + 4 * layers * width * bench.length);
  return forward * (kind === "forward" ? 1 : 3) / (ms / 1000) / peak;
}

/** Both sides compute the same: the loss, logits after the first row, the gradients' norm. */
async function check(
  kind: Kind,
  { result, peer, model, input, run }: {
    result: Result;
    peer: OptionalPeer;
    model: Model;
    input: Tensor;
    run: Step;
  },
): Promise<void> {
  const wanted = await peer.ask<{ loss: number; logits: number[]; norm: number | null }>("check", {
    which: "plain",
  });
  if (!wanted) return;
  const length = input.shape[1]!;
  const row = tf.tidy(() => tf.slice(input, [0, 0], [1, length]));
  using first = compile((ids: Tensor) => {
    const [, T, V] = [1, length, model.config.vocabularySize];
    return { loss: lossOf(model, ids), logits: tf.slice(model.logits(ids), [0, T - 1, 0], [1, 1, V]) };
  }, { products: model.products });
  const found = first(row);
  const loss = found.loss!.dataSync()[0]!;
  const logits = distance(found.logits!.dataSync(), wanted.logits);
  const differences: Record<string, number> = { loss: Math.abs(loss / wanted.loss - 1), logits };
  if (kind === "backward" && wanted.norm) {
    const all = run(input);
    const { loss: _, ...gradients } = all;
    const norm = Math.hypot(
      ...Object.values(gradients).map((gradient) => tf.tidy(() => tf.norm(gradient).dataSync()[0]!)),
    );
    differences["gradients' norm"] = Math.abs(norm / wanted.norm - 1);
    tf.dispose(all);
  }
  tf.dispose([row, found]);
  const shown = Object.entries(differences).map(([what, value]) => `${what} ${value.toExponential(1)}`).join(
    ", ",
  );
  const bad = Object.entries(differences).filter(([what, value]) =>
    !(value <= (what === "loss" ? 0.01 : 0.1))
  );
  result.notes.push(`${bad.length > 0 ? "NOT EQUAL" : "equal"} to PyTorch's but for (relative): ${shown}`);
  if (bad.length > 0) result.goals.push({ what: "different from PyTorch", value: 1, atMost: 0 });
}

/** |a - b| / |b| */
function distance(a: ArrayLike<number>, b: readonly number[]): number {
  return Math.hypot(...b.map((value, i) => value - a[i]!)) / Math.hypot(...b);
}
