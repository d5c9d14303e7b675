/**
 * Forward, and forward with backward, of a GPT-2 as one captured step, plain and through XLA, against PyTorch eager in
 * the same type with the same threads: the faster of transformers' model and a plain PyTorch one. Logits and gradients
 * are compared with PyTorch's in float32 first, in bfloat16 too: there PyTorch's weights and norms are in it as well, and
 * its own gradients are up to a third off. Our weights are where nothing is trained.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { join } from "node:path";
import { compile, type Products } from "../../lib/engine/compile.ts";
import { multipliesInBfloat16 } from "../../lib/engine/cpu_features.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import type { Model } from "../../lib/models/model.ts";
import { nextTokenLosses, valueAndGradients } from "../../lib/training/next_token_loss.ts";
import { type BenchContext, type BenchSize, randomRows, SIZES, writeIds, writeModel } from "./models.ts";
import { Peer } from "./peer.ts";
import { type BenchRow, interleave, median, seconds } from "./bench_table.ts";
import { assertTensorClose, type PlainTensor, readTensors } from "../tensors.ts";

/** Both sides' numbers may be this far apart: float32's logits absolutely, all else relative to its tensor's largest. */
const TOLERANCE: Readonly<Record<Products, number>> = { float32: 1e-3, tf32: 5e-3, bfloat16: 0.05 };
const PEERS = ["transformers", "plain"] as const;

type Step = (ids: Tensor) => Record<string, Tensor>;

/**
 * The rows in bfloat16 of GPT-2 small. Without bfloat16 instructions PyTorch takes plain loops for its products, eight
 * minutes for 2 x 512 tokens: 1 x 32 it is then.
 */
export async function benchNarrow(context: BenchContext): Promise<BenchRow[]> {
  const size = multipliesInBfloat16()
    ? SIZES.small
    : { ...SIZES.small, name: "GPT-2 110M, 1 x 32", batch: 1, length: 32 };
  return await benchForward(size, { forward: 1.1, backward: 1.2, products: "bfloat16" }, context);
}

/** The rows of one size: forward, and forward with backward. */
export async function benchForward(
  size: BenchSize,
  { products = "float32", ...goals }: { forward: number; backward: number; products?: Products },
  context: BenchContext,
): Promise<BenchRow[]> {
  const python = await context.python();
  const folder = await writeModel(size, context);
  const rows = randomRows(size);
  const idsFile = await writeIds(rows, context);
  using input = {
    ids: tf.tensor2d(Int32Array.from(rows.flatMap((row) => [...row])), [size.batch, size.length], "int32"),
    [Symbol.dispose]() {
      this.ids.dispose();
    },
  };
  const start = (dtype: Products) => {
    const args = [folder, idsFile, String(size.batch), String(context.threads), dtype];
    return Peer.start(python, "forward_peer.py", args);
  };
  await using peer = await start(products);
  await using exact = products === "float32" ? null : await start("float32");
  const measure = async (run: "forward" | "backward", stepOf: (model: Model) => Step) => {
    using loaded = await loadModel(folder, { products, trainable: run === "backward" });
    const what = run === "forward" ? run : "forward + backward";
    const name = `${size.name}, ${what}${products === "float32" ? "" : `, ${products}`}`;
    const step = { name, run, goal: goals[run], products };
    return await compareStep(step, stepOf(loaded.model), { ids: input.ids, peer, exact, context });
  };
  return [
    await measure("forward", (model) => (ids) => ({ logits: model.logits(ids) })),
    await measure("backward", (model) => (ids) => lossAndGradients(model, ids)),
  ];
}

function lossAndGradients(model: Model, ids: Tensor): Record<string, Tensor> {
  const loss = () => tf.mean(nextTokenLosses(model, ids));
  const { loss: value, gradients } = valueAndGradients(model.weights, loss);
  return { loss: value, ...gradients };
}

async function compareStep(
  { name, run, goal, products }: {
    name: string;
    run: "forward" | "backward";
    goal: number;
    products: Products;
  },
  step: Step,
  { ids, peer, exact, context }: { ids: Tensor; peer: Peer; exact: Peer | null; context: BenchContext },
): Promise<BenchRow> {
  context.log(name);
  using graph = compile(step, { name: run, products });
  using xla = compile(step, { name: run, products, xla: true });
  const compiling = await seconds(() => tf.dispose(xla(ids)));
  let largest = 0;
  let peersLargest = 0;
  for (const which of PEERS) {
    const results = async (from: Peer) => {
      const write = join(context.folder, `${run}.safetensors`);
      await from.ask(run, { which, write });
      const tensors = await readTensors(write);
      await Deno.remove(write);
      return tensors;
    };
    const expected = await results(exact ?? peer);
    if (exact) {
      peersLargest = Math.max(peersLargest, largestDifference(await results(peer), expected, products));
    }
    for (const ours of [graph, xla]) {
      const made = ours(ids);
      const found = plainTensors(made);
      tf.dispose(made);
      for (const [name, wanted] of expected) {
        const atol = TOLERANCE[products] * scaleOf(name, wanted, products);
        assertTensorClose(found.get(name)!, wanted, { atol });
      }
      largest = Math.max(largest, largestDifference(found, expected, products));
    }
  }
  const own = (compiled: Step) => () => seconds(() => tf.dispose(compiled(ids)));
  const theirs = (which: string) => async () => (await peer.ask<{ seconds: number }>(run, { which })).seconds;
  const times = await interleave(context.repetitions, {
    graph: own(graph),
    transformers: theirs("transformers"),
    xla: own(xla),
    plain: theirs("plain"),
  });
  const faster = (a: string, b: string) => median(times[a]!) <= median(times[b]!) ? a : b;
  const [ours, best] = [faster("graph", "xla"), faster("transformers", "plain")];
  const all = Object.entries(times).map(([side, values]) => `${side} ${median(values).toPrecision(3)} s`);
  return {
    name,
    unit: "s",
    ours: { name: ours === "xla" ? "captured, XLA" : "captured", values: times[ours]! },
    peer: { name: `PyTorch ${peer.versions.torch} eager ${products} (${best})`, values: times[best]! },
    goal: { ratio: goal },
    notes: [
      `medians: ${all.join(", ")}; XLA's first call ${compiling.toFixed(1)} s`,
      `largest difference ${largest.toExponential(1)} (${
        run === "backward" ? "gradients, relative" : products === "float32" ? "logits" : "logits, relative"
      })${exact ? ` from PyTorch's float32; PyTorch's ${products}: ${peersLargest.toExponential(1)}` : ""}`,
    ],
  };
}

type PlainTensors = ReadonlyMap<string, PlainTensor>;

function plainTensors(results: Record<string, Tensor>): PlainTensors {
  return new Map(
    Object.entries(results).map((
      [name, tensor],
    ) => [name, { shape: tensor.shape, values: tensor.dataSync() }]),
  );
}

/** Of all expected tensors, in units of `scaleOf`. */
function largestDifference(found: PlainTensors, expected: PlainTensors, products: Products): number {
  let largest = 0;
  for (const [name, wanted] of expected) {
    const { values } = found.get(name)!;
    const scale = scaleOf(name, wanted, products);
    for (let i = 0; i < values.length; i++) {
      largest = Math.max(largest, Math.abs(values[i]! - wanted.values[i]!) / scale);
    }
  }
  return largest;
}

/** What `TOLERANCE` is relative to. */
function scaleOf(name: string, { values }: PlainTensor, products: Products): number {
  return name === "logits" && products === "float32" ? 1 : maximum(values);
}

function maximum(values: ArrayLike<number>): number {
  let largest = Number.MIN_VALUE;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}
