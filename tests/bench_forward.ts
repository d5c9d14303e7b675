/**
 * Forward, and forward with backward, of a GPT-2 as one captured step, plain and through XLA, against PyTorch eager in
 * float32 with the same threads: the faster of transformers' model and a plain PyTorch one. Logits and gradients are
 * compared first.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { join } from "node:path";
import { compile } from "../lib/engine/compile.ts";
import { loadModel } from "../lib/models/load.ts";
import type { Model } from "../lib/models/model.ts";
import { nextTokenLosses, valueAndGradients } from "../lib/training/next_token_loss.ts";
import { type BenchContext, type BenchSize, randomRows, writeIds, writeModel } from "./bench_models.ts";
import { Peer } from "./bench_peer.ts";
import { type BenchRow, interleave, median, seconds } from "./bench_table.ts";
import { assertTensorClose, readTensors } from "./tensors.ts";

/** Both sides' numbers may be this far apart: logits absolutely, gradients relative to their tensor's largest. */
const TOLERANCE = 1e-3;
const PEERS = ["transformers", "plain"] as const;

type Step = (ids: Tensor) => Record<string, Tensor>;

/** The rows of one size: forward, and forward with backward. */
export async function benchForward(
  size: BenchSize,
  goals: { forward: number; backward: number },
  context: BenchContext,
): Promise<BenchRow[]> {
  const python = await context.python();
  const folder = await writeModel(size, context);
  using loaded = await loadModel(folder);
  const rows = randomRows(size);
  const idsFile = await writeIds(rows, context);
  using input = {
    ids: tf.tensor2d(Int32Array.from(rows.flatMap((row) => [...row])), [size.batch, size.length], "int32"),
    [Symbol.dispose]() {
      this.ids.dispose();
    },
  };
  await using peer = await Peer.start(python, "forward_peer.py", [
    folder,
    idsFile,
    String(size.batch),
    String(context.threads),
  ]);
  const { model } = loaded;
  const measure = (run: "forward" | "backward", step: Step, goal: number) =>
    compareStep(
      { name: `${size.name}, ${run === "forward" ? run : "forward + backward"}`, run, goal },
      step,
      {
        ids: input.ids,
        peer,
        context,
      },
    );
  return [
    await measure("forward", (ids) => ({ logits: model.logits(ids) }), goals.forward),
    await measure("backward", (ids) => lossAndGradients(model, ids), goals.backward),
  ];
}

function lossAndGradients(model: Model, ids: Tensor): Record<string, Tensor> {
  const loss = () => tf.mean(nextTokenLosses(model, ids));
  const { loss: value, gradients } = valueAndGradients(model.weights, loss);
  return { loss: value, ...gradients };
}

async function compareStep(
  { name, run, goal }: { name: string; run: "forward" | "backward"; goal: number },
  step: Step,
  { ids, peer, context }: { ids: Tensor; peer: Peer; context: BenchContext },
): Promise<BenchRow> {
  context.log(name);
  using graph = compile(step, { name: run });
  using xla = compile(step, { name: run, xla: true });
  const compiling = await seconds(() => tf.dispose(xla(ids)));
  let largest = 0;
  for (const which of PEERS) {
    const file = join(context.folder, `${run}.safetensors`);
    await peer.ask(run, { which, write: file });
    for (const ours of [graph, xla]) largest = Math.max(largest, await assertEqual(ours(ids), file));
    await Deno.remove(file);
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
    peer: { name: `PyTorch ${peer.versions.torch} eager float32 (${best})`, values: times[best]! },
    goal: { ratio: goal },
    notes: [
      `medians: ${all.join(", ")}; XLA's first call ${compiling.toFixed(1)} s`,
      `largest difference ${largest.toExponential(1)} (${
        run === "forward" ? "logits" : "gradients, relative"
      })`,
    ],
  };
}

/** Compares results with the peer's file and disposes them; the largest difference. */
async function assertEqual(results: Record<string, Tensor>, file: string): Promise<number> {
  const expected = await readTensors(file);
  let largest = 0;
  for (const [name, wanted] of expected) {
    const found = results[name]!.dataSync();
    let [scale, difference] = [1, 0];
    if (name !== "logits") scale = wanted.values[0] === undefined ? 1 : maximum(wanted.values);
    assertTensorClose({ shape: results[name]!.shape, values: found }, wanted, { atol: TOLERANCE * scale });
    for (let i = 0; i < found.length; i++) {
      difference = Math.max(difference, Math.abs(found[i]! - wanted.values[i]!));
    }
    largest = Math.max(largest, difference / scale);
  }
  tf.dispose(results);
  return largest;
}

function maximum(values: ArrayLike<number>): number {
  let largest = Number.MIN_VALUE;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}
