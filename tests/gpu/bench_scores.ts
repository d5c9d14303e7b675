/**
 * Memorization on a card: MA of secrets, as `probe` computes it, beside one batched forward of transformers; MA and EL of texts, as
 * `measure` does, beside `generate` with its cache.
 *
 * @module
 */
import { join } from "node:path";
import { EL_ORDERS } from "../../lib/datasets/metrics.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { saveModel } from "../../lib/checkpoints/save.ts";
import { median } from "../bench/bench_table.ts";
import { OptionalPeer, type RowContext } from "./bench_context.ts";
import { digits, type Result, timesFaster } from "./bench_result.ts";
import { timeRuns } from "./bench_time.ts";
import { randomIds, randomModel } from "./random_model.ts";

/** Secrets a second that the paper's probing reaches with its smallest model, estimated from its six hours. */
const PAPER_RATE = 22;

/** MA of secrets under a CodeGen-like model. */
export async function benchSecrets(context: RowContext): Promise<void> {
  const { tiny, shapes: { codegen: shape } } = context;
  const [count, prefix, secret] = tiny ? [16, 12, 4] : [2048, 128, 32];
  await using peer = new OptionalPeer(context, "cuda_scores.py", "bfloat16");
  const result: Result = {
    name: `MA of ${count} secrets, prefix ${prefix}, secret ${secret}, ${shape.name}, bfloat16`,
    unit: "secrets/s",
    ours: null,
    peers: {},
    goals: [],
    notes: [],
  };
  using _engine = await context.open();
  const loaded = peer.ask("load", { config: shape.json });
  const rows = randomIds(count, prefix + secret, shape.json.vocab_size);
  const secrets = rows.map((ids) => ({ prefix: ids.subarray(0, prefix), secret: ids.subarray(prefix) }));
  using model = await randomModel(shape, { products: "bfloat16" });
  using scorer = new Scorer(model);
  const score = () => scorer.secrets(secrets, { el: false });
  const warm = await timeRuns({ times: 3, seconds: 30 }, score); // XLA compiles when it has seen enough
  await loaded;
  const values = await timeRuns({ times: 5, seconds: 10 }, score);
  result.ours = count / median(values);
  const overPaper = result.ours / PAPER_RATE;
  const goals = (peerRate: number | null) => [
    { what: "x transformers batched", value: peerRate && result.ours! / peerRate, atLeast: 3 },
    { what: `x the paper's ${PAPER_RATE} a second`, value: overPaper, atLeast: 20 },
  ];
  result.goals = goals(null);
  result.notes.push(`seconds: warm-up ${warm.map(digits).join(", ")}, then ${values.map(digits).join(", ")}`);
  context.emit(result);
  await peer.ask("set_rows", { rows: rows.map((row) => [...row]) });
  const rates: Record<string, number> = {};
  for (const batch of tiny ? [8] : [64, 256]) {
    const answer = await peer.ask<{ seconds: number; peak: number | null }>("secrets", { prefix, batch });
    if (!answer) continue;
    rates[batch] = count / answer.seconds;
    if (answer.peak) {
      result.notes.push(`PyTorch's peak of tensors at a batch of ${batch}: ${answer.peak.toFixed(1)} GB`);
    }
  }
  const some = tiny ? 8 : 32;
  const slow = await peer.ask<{ seconds: number }>("reference_secrets", { prefix, batch: 8, count: some });
  const best = Object.values(rates).length > 0 ? Math.max(...Object.values(rates)) : null;
  result.peers = { batched: best, "reference's way": slow && some / slow.seconds };
  result.goals = goals(best);
  result.notes.push(
    `transformers ${peer.versions.transformers}, torch ${peer.versions.torch}, one teacher-forced forward a batch: ` +
      Object.entries(rates).map(([batch, rate]) => `${digits(rate)} a second in batches of ${batch}`).join(
        ", ",
      ) +
      "; the reference's way is a forward for each token, 8 secrets at once",
    ...peer.failures.map((reason) => `peer: ${reason}`),
  );
  context.emit(result, { final: true });
}

/** MA and EL of texts under GPT-2. */
export async function benchTexts(context: RowContext): Promise<void> {
  const { tiny, shapes: { gpt2: shape } } = context;
  const [count, length] = tiny ? [4, 24] : [64, 128];
  await using peer = new OptionalPeer(context, "cuda_scores.py", "bfloat16");
  const result: Result = {
    name: `MA + EL_3, 5, 10 of ${count} texts of ${length} tokens, ${shape.name}, bfloat16`,
    unit: "s",
    ours: null,
    peers: {},
    goals: [],
    notes: [],
  };
  using _engine = await context.open();
  const folder = join(context.folder, "model");
  {
    using model = await randomModel(shape);
    await saveModel(model, folder, { configJson: shape.json, dtype: "BF16", tokenizerFolder: folder });
  }
  const loading = peer.ask("load", { folder });
  const texts = randomIds(count, length, shape.json.vocab_size);
  using loaded = await loadModel(folder, { products: "bfloat16" });
  using scorer = new Scorer(loaded.model);
  let scores: Awaited<ReturnType<Scorer["texts"]>> = [];
  const score = async () => scores = await scorer.texts(texts);
  const warm = await timeRuns({ times: 2, seconds: 40 }, score);
  await loading;
  const values = await timeRuns({ times: 3, seconds: 20 }, score);
  result.ours = median(values);
  result.goals = [{ what: "x generate", value: null, atLeast: 10 }];
  result.notes.push(`seconds: warm-up ${warm.map(digits).join(", ")}, then ${values.map(digits).join(", ")}`);
  context.emit(result);
  await peer.ask("set_rows", { rows: texts.map((row) => [...row]) });
  const plain = await peer.ask<{ seconds: number; loss: number; ma: number[] }>("texts", { calls: 3 });
  const last = length - EL_ORDERS[0];
  const prefixes = [1, 0.25, 0.5, 0.75, 1].map((share, i) => i === 0 ? 1 : Math.round(share * last));
  const decoded = await peer.ask<{ seconds: number[] }>("generate", { prefixes });
  const whole = plain && decoded && plain.seconds + addUp(prefixes, decoded.seconds);
  result.peers = { generate: whole };
  result.goals = [{ what: "x generate", value: timesFaster(whole, result.ours), atLeast: 10 }];
  if (plain) {
    const mean = (of: readonly (number | null)[]) =>
      of.reduce<number>((sum, value) => sum + value!, 0) / of.length;
    const nll = mean(scores.map(({ nll }) => nll));
    const difference = Math.abs(nll / plain.loss - 1);
    result.notes.push(
      `mean loss ${nll.toFixed(4)}, PyTorch's ${plain.loss.toFixed(4)}: ${
        difference <= 0.01 ? "equal" : "NOT EQUAL"
      } within ` +
        `1 %; mean MA ${mean(scores.map(({ ma }) => ma)).toFixed(5)}, PyTorch's ${mean(plain.ma).toFixed(5)}`,
    );
  }
  result.notes.push(
    `generate: a decode of all texts from each prefix length, once for all n, no time for counting n-grams; estimated from ` +
      `${prefixes.join(", ")}: ${decoded?.seconds.map(digits).join(", ")} s, linear between`,
    ...peer.failures.map((reason) => `peer: ${reason}`),
  );
  context.emit(result, { final: true });
}

/** The seconds of all prefix lengths from 1 to the last of some: linear between the measured ones. */
function addUp(prefixes: readonly number[], seconds: readonly number[]): number {
  let total = 0;
  for (let prefix = 1; prefix <= prefixes.at(-1)!; prefix++) {
    const next = Math.max(1, prefixes.findIndex((known) => known >= prefix));
    const [from, to] = [prefixes[next - 1]!, prefixes[next]!];
    const share = (prefix - from) / Math.max(1, to - from);
    total += seconds[next - 1]! * (1 - share) + seconds[next]! * share;
  }
  return total;
}
