/**
 * An epoch of CodeEraser on a processor, beside the reference's step in PyTorch: time and memory, of a model of the embedded
 * one's size and of GPT-2 110M, and an adapter's epoch beside one of all weights. Our epoch is the whole one, both updates
 * and the MA of all secrets and retain rows; the peer's is its two updates alone. Both sides start from random weights.
 *
 * @module
 */
import { Peer } from "./peer.ts";
import type { BenchContext } from "./models.ts";
import type { BenchRow } from "./bench_table.ts";
import { hostMemory, restartPeak } from "../gpu/card_memory.ts";
import { peerInput, setsOf, sizesOfSets, timeEpochs } from "../gpu/bench_unlearn.ts";
import { randomModel, type Shape, shapesOf } from "../gpu/random_model.ts";
import type { UnlearnSets } from "../../lib/unlearning/unlearn.ts";

/** The embedded model's. */
const EMBEDDED: Shape = {
  name: "4 x 256",
  json: {
    ...shapesOf({ tiny: false }).gpt2.json,
    ...{ n_layer: 4, n_embd: 256, n_head: 4, vocab_size: 4096 },
  },
};
const GPT2 = shapesOf({ tiny: false }).gpt2;
/** The reference's. */
const LORA = { rank: 32, alpha: 32, dropout: 0, targets: "all", seed: 42 } as const;
const MICRO_BATCH = 2;

/** What an epoch took. */
interface Taken {
  /** Seconds of each epoch, but for those before the graph was captured. */
  values: number[];
  /** Resident at most, bytes. */
  peak: number;
}

/** The rows of the embedded model's size. */
export async function benchUnlearnEmbedded(context: BenchContext): Promise<BenchRow[]> {
  const sets = setsOf(sizesOfSets(false), EMBEDDED.json.vocab_size);
  return await benchEpochs(EMBEDDED, sets, { epochs: 5, peerEpochs: 3 }, context);
}

/** Those of GPT-2 110M, minutes an epoch, and an adapter's epoch beside one of all weights. */
export async function benchUnlearnGpt2(context: BenchContext): Promise<BenchRow[]> {
  const sets = setsOf(sizesOfSets(false), GPT2.json.vocab_size);
  const rows = await benchEpochs(GPT2, sets, { epochs: 1, peerEpochs: 1 }, context);
  const adapter = await ourEpochs(GPT2, sets, { epochs: 1, lora: LORA }, context);
  const name = `an adapter's CodeEraser epoch, rank ${LORA.rank}, k = ${sets.forget.length}, ${GPT2.name}`;
  const whole = { name: "all weights, ours too", values: rows[0]!.ours.values };
  return [
    ...rows,
    {
      ...{ name, unit: "s", goal: { ratio: 1.4 }, notes: [] },
      ...{ ours: { name: "an adapter", values: adapter.values }, peer: whole },
    },
    memoryRow(name, adapter.peak, { name: whole.name, bytes: 1e9 * rows[1]!.ours.values[0]! }, 1),
  ];
}

async function benchEpochs(
  shape: Shape,
  sets: UnlearnSets,
  { epochs, peerEpochs }: { epochs: number; peerEpochs: number },
  context: BenchContext,
): Promise<BenchRow[]> {
  const ours = await ourEpochs(shape, sets, { epochs }, context);
  const peer = await peerEpochsOf(shape, sets, peerEpochs, context);
  const name = `CodeEraser epoch, k = ${sets.forget.length}, ${shape.name}, float32`;
  const theirs = { name: `the reference's step in PyTorch ${peer.torch} eager`, values: peer.values };
  return [
    {
      ...{ name, unit: "s", goal: { ratio: 6 } },
      ours: { name: "ours with MA of all secrets and retain rows", values: ours.values },
      peer: theirs,
      notes: [`micro-batches of ${MICRO_BATCH} rows on both sides; the peer's epochs without MA`],
    },
    memoryRow(name, ours.peak, { name: theirs.name, bytes: peer.peak }, 2),
  ];
}

function memoryRow(
  name: string,
  bytes: number,
  peer: { name: string; bytes: number },
  ratio: number,
): BenchRow {
  return {
    ...{ name: `the same: ${name}, resident at most`, unit: "GB", goal: { ratio }, notes: [] },
    ours: { name: "VmHWM", values: [bytes / 1e9] },
    peer: { name: peer.name, values: [peer.bytes / 1e9] },
  };
}

/** Our epochs; the first one captures the step, and does not count. */
async function ourEpochs(
  shape: Shape,
  sets: UnlearnSets,
  { epochs, lora }: { epochs: number; lora?: typeof LORA },
  context: BenchContext,
): Promise<Taken> {
  context.log(`our epochs of ${shape.name}${lora ? ", an adapter" : ""}`);
  restartPeak();
  using model = await randomModel(shape, lora ? { lora } : { trainable: true });
  const result = { name: "", unit: "s", ours: null, peers: {}, goals: [], notes: [] };
  const timed = await timeEpochs(sets, { epochs: epochs + 1, microBatch: MICRO_BATCH }, { model, result });
  return { values: timed.epochs.slice(1), peak: hostMemory().peak };
}

async function peerEpochsOf(
  shape: Shape,
  sets: UnlearnSets,
  epochs: number,
  context: BenchContext,
): Promise<Taken & { torch: string }> {
  context.log(`the peer's epochs of ${shape.name}`);
  await using peer = await Peer.start(await context.python(), "cuda_unlearn.py", ["cpu", "float32"]);
  await peer.ask("load", { ...peerInput(shape, sets), threads: context.threads });
  const { all, resident } = await peer.ask<{ all: number[]; resident: number }>("epoch", {
    ...{ forwards: 2, times: epochs, warm: epochs === 1 },
  });
  return { values: all, peak: resident, torch: peer.versions.torch! };
}
