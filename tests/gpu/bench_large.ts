/**
 * A model of 7 billion parameters in bfloat16 on a card: a forward, MA of texts, and its loading from several files.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { Tensor } from "@tensorflow/tfjs-core";
import { join } from "node:path";
import { compile } from "../../lib/engine/compile.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { llama } from "../../lib/models/llama.ts";
import { nextTokenLosses } from "../../lib/training/next_token_loss.ts";
import { median } from "../bench/bench_table.ts";
import { OptionalPeer, type RowContext } from "./bench_context.ts";
import { digits, type Result, timesFaster } from "./bench_result.ts";
import { timeCalls, timeRuns } from "./bench_time.ts";
import { hostMemory, restartPeak } from "./card_memory.ts";
import { randomIds, randomModel, type Shape } from "./random_model.ts";
import { writeZeros } from "./zero_checkpoint.ts";

/** Files of the checkpoint. */
const SHARDS = 3;

const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** The least part of the card's memory: what fits. */
function fits(context: RowContext): Result["goals"] {
  if (!context.card) return [];
  return [{ what: "of 80 GB in use", value: context.card.usedBytes() / 80e9, atMost: 1 }];
}

/** A forward and MA of 8 x 512 tokens. */
export async function benchLarge(context: RowContext): Promise<void> {
  const { tiny, card, shapes: { large: shape } } = context;
  const [rows, length] = tiny ? [2, 32] : [8, 512];
  await using peer = new OptionalPeer(context, "cuda_scores.py", "bfloat16");
  const before = card?.usedBytes() ?? 0;
  using _engine = await context.open();
  const opened = hostMemory();
  const start = performance.now();
  using model = await randomModel(shape, { products: "bfloat16" });
  const making = (performance.now() - start) / 1000;
  const texts = randomIds(rows, length, shape.json.vocab_size);
  const memory = () => {
    const { peak } = hostMemory();
    return `on the card ${card ? gb(card.usedBytes() - before) : "?"}, on the host ${gb(peak)} at its peak, ${
      gb(opened.resident)
    } of it TensorFlow's libraries and device`;
  };
  const new_ = (name: string, unit: string): Result => ({
    name,
    unit,
    ours: null,
    peers: {},
    goals: [],
    notes: [],
  });
  const forward = new_(`${shape.name}, forward, ${rows} x ${length}, bfloat16`, "ms");
  using input = {
    ids: tf.tensor2d(Int32Array.from(texts.flatMap((row) => [...row])), [rows, length], "int32"),
    [Symbol.dispose]() {
      this.ids.dispose();
    },
  };
  const times: number[] = [];
  {
    using step = compile((ids: Tensor) => ({ loss: tf.mean(nextTokenLosses(model, ids)) }), {
      name: "forward",
      products: "bfloat16",
      xla: true,
    });
    const first = timeCalls(1, () => step(input.ids));
    timeCalls(2, () => step(input.ids));
    for (let i = 0; i < (tiny ? 2 : 7); i++) times.push(timeCalls(3, () => step(input.ids)));
    forward.ours = median(times);
    forward.notes.push(
      `made in ${digits(making)} s, first call ${digits(first / 1000)} s; ${
        digits(rows * length / forward.ours)
      }k tokens/s; ${memory()}`,
    );
    forward.goals = fits(context);
    context.emit(forward);
  }
  const ma = new_(`${shape.name}, MA of ${rows} texts of ${length} tokens, bfloat16`, "s");
  using scorer = new Scorer(model);
  const score = () => scorer.texts(texts, { el: false });
  const warm = await timeRuns({ times: 3, seconds: 20 }, score);
  const values = await timeRuns({ times: 3, seconds: 10 }, score);
  ma.ours = median(values);
  ma.goals = fits(context);
  ma.notes.push(
    `seconds: warm-up ${warm.map(digits).join(", ")}, then ${values.map(digits).join(", ")}; ${memory()}`,
  );
  context.emit(ma);
  await peer.ask("load", { config: shape.json });
  await peer.ask("set_rows", { rows: texts.map((row) => [...row]) });
  const step = await peer.ask<{ ms: number; peak: number | null }>("forward", { calls: 3, times: 5 });
  forward.peers = { eager: step?.ms ?? null };
  if (step?.peak) forward.notes.push(`PyTorch's peak of tensors ${step.peak.toFixed(1)} GB`);
  context.emit(forward, { final: true });
  const theirs = await peer.ask<{ seconds: number }>("texts", { calls: 3 });
  ma.peers = { eager: theirs?.seconds ?? null };
  ma.notes.push(...peer.failures.map((reason) => `peer: ${reason}`));
  context.emit(ma, { final: true });
}

async function writeOwn(folder: string, { json }: Shape): Promise<{ largest: number; total: number }> {
  const sizes = await writeZeros(folder, { json, shards: SHARDS });
  return { largest: Math.max(...sizes), total: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Loading from files: seconds until a forward can run, and what the host holds meanwhile. */
export async function benchLoading(context: RowContext): Promise<void> {
  const { card, shapes: { large: shape } } = context;
  await using peer = new OptionalPeer(context, "cuda_load.py", "bfloat16");
  const folder = join(context.folder, "large");
  const tensors = llama.shapes(llama.readConfig(shape.json, "the bench"));
  const byPeer = await peer.ask<{ largest: number; total: number }>("write", {
    folder,
    config: shape.json,
    tensors,
    shards: SHARDS,
  });
  const written = byPeer ?? await writeOwn(folder, shape);
  const result: Result = {
    name: `${shape.name}, loaded from ${SHARDS} files, ${gb(written.total)}`,
    unit: "s",
    ours: null,
    peers: {},
    goals: [],
    notes: byPeer ? [] : ["the files are zeros with holes, as there is no peer to write others"],
  };
  const before = card?.usedBytes() ?? 0;
  using _engine = await context.open();
  tf.tidy(() => tf.add(tf.scalar(1), 1).dataSync()); // the device is ready
  restartPeak();
  const { resident } = hostMemory();
  const start = performance.now();
  using loaded = await loadModel(folder, { products: "bfloat16" });
  const reading = (performance.now() - start) / 1000;
  const ids = tf.tensor2d([[1, 2, 3, 4, 5, 6, 7, 8]], [1, 8], "int32");
  {
    using step = compile((ids: Tensor) => loaded.model.logits(ids), { products: "bfloat16" });
    const logits = step(ids);
    const [first] = tf.tidy(() => tf.slice(logits, [0, 0, 0], [1, 1, 1]).dataSync());
    if (!Number.isFinite(first)) throw new Error(`Cannot run the loaded model: a logit is ${first}`);
    tf.dispose([logits, ids]);
  }
  result.ours = reading;
  const { peak } = hostMemory();
  result.notes.push(
    `the host holds ${gb(peak - resident)} more at its peak than the ${
      gb(resident)
    } before; the largest file has ${gb(written.largest)}; on the card ${
      card ? gb(card.usedBytes() - before) : "?"
    }; with a first forward ${digits((performance.now() - start) / 1000)} s; ${
      digits(written.total / 1e9 / reading)
    } GB/s`,
  );
  result.goals = [
    { what: "x the largest file on the host", value: (peak - resident) / written.largest, atMost: 1.2 },
    ...fits(context),
  ];
  context.emit(result);
  const theirs = await peer.ask<{ seconds: number }>("load", { folder });
  result.peers = { transformers: theirs?.seconds ?? null };
  result.goals.push({
    what: "x transformers' loading",
    value: timesFaster(theirs?.seconds, reading),
    atLeast: 1,
  });
  result.notes.push(...peer.failures.map((reason) => `peer: ${reason}`));
  context.emit(result, { final: true });
}
