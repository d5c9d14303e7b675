/**
 * An epoch of CodeEraser on a card, as `unlearn` runs it, beside the reference's step in PyTorch. Our epoch is the whole one:
 * both updates and the MA of all secrets and retain rows; the peer's is its two updates alone.
 *
 * @module
 */
import type { Products } from "../../lib/engine/compile.ts";
import { unlearn, type UnlearnSets } from "../../lib/unlearning/unlearn.ts";
import { median } from "../bench/bench_table.ts";
import { OptionalPeer, type RowContext } from "./bench_context.ts";
import { digits, type Result, timesFaster } from "./bench_result.ts";
import { randomIds, randomModel, type Shape } from "./random_model.ts";

/** CodeEraser's. */
export const WEIGHTS = { gamma: 0.5, lambda: 0.1, alpha: 1 };

/** Sizes of the sets. */
export interface Sizes {
  rows: number;
  length: number;
  retainLength: number;
  prefix: number;
  secret: number;
}

/** What is compared. */
export interface UnlearnBench {
  /** PyTorch's weights are float32 as ours, its forwards run under autocast with "bfloat16". */
  products: Products;
  /** Rows of our micro-batches, on which the result does not depend; the peer's have 2 as the reference's. */
  microBatch: number;
}

/** Our epochs, then the peer's. */
export async function benchUnlearn(
  { products, microBatch }: UnlearnBench,
  context: RowContext,
): Promise<void> {
  const { tiny, card, shapes: { codegen: shape } } = context;
  const sizes = sizesOfSets(tiny);
  const name =
    `CodeEraser epoch, k = ${sizes.rows}, ${shape.name}, ${products}, micro-batches of ${microBatch}`;
  const result: Result = { name, unit: "s", ours: null, peers: {}, goals: [], notes: [] };
  const before = card?.usedBytes() ?? 0;
  await using peer = new OptionalPeer(context, "cuda_unlearn.py", products); // it touches no card before it loads
  using _engine = await context.open();
  using model = await randomModel(shape, { products, trainable: true });
  const sets = setsOf(sizes, shape.json.vocab_size);
  const { epochs, steps } = await timeEpochs(sets, { epochs: tiny ? 3 : 5, microBatch }, { model, result });
  result.ours = median(epochs.slice(Math.floor(epochs.length / 2)));
  result.notes.push(
    `our epochs: ${epochs.map(digits).join(", ")} s; of the last ${
      digits(steps.at(-1)!)
    } s are gradients, the rest ` +
      "updates and MA",
  );
  const ourBytes = card && card.usedBytes() - before;
  result.goals = goalsOf(result, { ourBytes, peerBytes: null });
  context.emit(result);
  await comparePeer(sets, { products, ourBytes }, { context, peer, result });
}

async function comparePeer(
  sets: UnlearnSets,
  { products, ourBytes }: { products: Products; ourBytes: number | null },
  { context, peer, result }: { context: RowContext; peer: OptionalPeer; result: Result },
): Promise<void> {
  const { tiny, card, shapes: { codegen: shape } } = context;
  const before = card?.usedBytes() ?? 0;
  await peer.ask("load", peerInput(shape, sets));
  type Answer = { seconds: number; peak: number | null };
  const times = tiny ? 1 : 2;
  const reference = await peer.ask<Answer>("epoch", { forwards: 2, times });
  const peerBytes = card && reference ? card.usedBytes() - before : null;
  const single = await peer.ask<Answer>("epoch", { forwards: 1, times });
  const gigabytes = (bytes: number | null) => bytes === null ? "?" : (bytes / 1e9).toFixed(1);
  result.peers = { reference: reference?.seconds ?? null, "one forward less": single?.seconds ?? null };
  result.goals = goalsOf(result, { ourBytes, peerBytes });
  result.notes.push(
    `memory in use on the card: ours ${
      gigabytes(ourBytes)
    } GB (its allocator grows in steps and keeps), PyTorch's ${gigabytes(peerBytes)} GB, of which tensors ${
      reference?.peak?.toFixed(1) ?? "?"
    } GB at most`,
    `the reference in PyTorch ${peer.versions.torch} eager: micro-batches of 2, two forwards of the model and one of its copy; ` +
      `without MA; weights float32, ${products === "tf32" ? "products in TF32" : "bfloat16 autocast"}`,
    ...peer.failures.map((reason) => `peer: ${reason}`),
  );
  context.emit(result, { final: true });
}

/** What the peer loads. */
export function peerInput({ json }: Shape, { forget, retain }: UnlearnSets) {
  const { gamma, lambda, alpha } = WEIGHTS;
  return {
    config: json,
    forget: forget.map(({ ids }) => [...ids]),
    masks: forget.map(({ mask }) => [...mask!]),
    retain: retain.map((ids) => [...ids]),
    ...{ gamma, reg: lambda, alpha },
  };
}

function goalsOf(
  { ours, peers }: Result,
  { ourBytes, peerBytes }: { ourBytes: number | null; peerBytes: number | null },
): Result["goals"] {
  return [
    { what: "x the reference's step", value: timesFaster(peers.reference, ours), atLeast: 4 },
    { what: "x its memory", value: ourBytes && peerBytes ? ourBytes / peerBytes : null, atMost: 0.5 },
  ];
}

/** Of the paper's, k = 32; or a few short rows. */
export function sizesOfSets(tiny: boolean): Sizes {
  return tiny
    ? { rows: 4, length: 32, retainLength: 16, prefix: 12, secret: 4 }
    : { rows: 32, length: 512, retainLength: 128, prefix: 128, secret: 32 };
}

/** Random rows, each with one secret. */
export function setsOf(
  { rows, length, retainLength, prefix, secret }: Sizes,
  vocabulary: number,
): UnlearnSets {
  const forget = randomIds(rows, length, vocabulary).map((ids) => ({
    ids,
    mask: Uint8Array.from(ids, (_, t) => t >= prefix && t < prefix + secret ? 1 : 0),
    secrets: [{ prefix: ids.subarray(0, prefix), secret: ids.subarray(prefix, prefix + secret) }],
  }));
  return { forget, retain: randomIds(2 * rows, retainLength, vocabulary).slice(rows) };
}

/** Seconds of each epoch, and of them those until the last micro-batch's gradients were there. */
export async function timeEpochs(
  sets: UnlearnSets,
  { epochs: count, microBatch }: { epochs: number; microBatch: number },
  { model, result }: { model: Awaited<ReturnType<typeof randomModel>>; result: Result },
): Promise<{ epochs: number[]; steps: number[] }> {
  const epochs: number[] = [];
  const steps: number[] = [];
  let start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  const options = {
    ...WEIGHTS,
    method: "codeeraser",
    lr: 3e-6,
    epochs: count,
    margin: 0,
    microBatch,
    compat: "paper", // "sound" ends at once where nothing is known
    thresholds: { ma: -1, el_10: -1 }, // never reached, so that every epoch runs; EL is not measured
    endOfText: null,
  } as const;
  const { status } = await unlearn(model, sets, options, {
    onEpoch: ({ epoch }) => {
      if (epoch > 0) epochs.push(seconds());
      else result.notes.push(`what comes before the first epoch: ${digits(seconds())} s`);
      start = performance.now();
    },
    onBatch: (done, total) => {
      if (done === total) steps.push(seconds());
    },
  });
  if (status !== "not-converged") throw new Error(`Cannot time epochs: the run ended as "${status}"`);
  return { epochs, steps };
}
