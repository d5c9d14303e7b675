/**
 * An epoch of CodeEraser by an adapter of a model of 7 billion parameters, whose weights are kept in bfloat16: what it takes of
 * the card beside what was reckoned before, and how long.
 *
 * @module
 */
import { fittingValue } from "../../lib/cli/memory.ts";
import { gpuMemory } from "../../lib/engine/cpu_features.ts";
import { compilesUnlearning } from "../../lib/engine/xla_policy.ts";
import type { Model } from "../../lib/models/model.ts";
import { objectiveOf } from "../../lib/unlearning/objectives.ts";
import { unlearningBytes } from "../../lib/unlearning/run_memory.ts";
import type { UnlearnSets } from "../../lib/unlearning/unlearn.ts";
import type { RowContext } from "./bench_context.ts";
import { digits, type Result } from "./bench_result.ts";
import { setsOf, sizesOfSets, timeEpochs, WEIGHTS } from "./bench_unlearn.ts";
import { hostMemory, restartPeak } from "./card_memory.ts";
import { randomModel } from "./random_model.ts";

const LORA = { rank: 16, alpha: 32, dropout: 0, targets: "all", seed: 42 } as const;
/** The command's default. */
const MICRO_BATCH = 8;

const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

/** One epoch, with as many rows at once as fit by the plan, or half as many each time where that was wrong. */
export async function benchLora(context: RowContext): Promise<void> {
  const { tiny, card, shapes: { large: shape } } = context;
  const sizes = sizesOfSets(tiny);
  const before = card?.usedBytes() ?? 0;
  using _engine = await context.open();
  using model = await randomModel(shape, { products: "bfloat16", lora: LORA });
  const sets = setsOf(sizes, shape.json.vocab_size);
  const bytesWith = (microBatch: number) => reckon(model, sets, microBatch);
  const memory = gpuMemory();
  let microBatch = memory === null
    ? MICRO_BATCH
    : fittingValue({ value: MICRO_BATCH, bytesWith }, memory) ?? 1;
  const result: Result = {
    name: `CodeEraser epoch, k = ${sizes.rows}, ${shape.name} in bfloat16, adapter of rank ${LORA.rank}`,
    unit: "s",
    ours: null,
    peers: {},
    goals: [],
    notes: [],
  };
  restartPeak();
  for (;;) {
    result.notes.push(`micro-batches of ${microBatch}: ${gb(bytesWith(microBatch))} reckoned`);
    context.emit(result);
    try {
      const { epochs } = await timeEpochs(sets, { epochs: 2, microBatch }, { model, result });
      result.ours = epochs.at(-1)!;
      result.notes.push(`epochs: ${epochs.map(digits).join(", ")} s, the first with its compiling`);
      break;
    } catch (error) {
      const isFull = /RESOURCE_EXHAUSTED|out of memory/i.test(String((error as Error).message));
      if (!isFull || microBatch === 1) throw error;
      result.notes.push("the card has too little memory for that");
      microBatch = Math.floor(microBatch / 2);
    }
  }
  const used = card && card.usedBytes() - before;
  result.notes.push(
    `${
      card ? `in use on the card ${gb(used!)} (its allocator grows in steps and keeps)` : "no card"
    }; the host's peak ${gb(hostMemory().peak)}`,
  );
  result.goals = card ? [{ what: "of 80 GB in use", value: card.usedBytes() / 80e9, atMost: 1 }] : [];
  context.emit(result, { final: true });
}

/** As the command reckons it. */
function reckon(
  { parameterCount, trainableCount, config, products }: Model,
  sets: UnlearnSets,
  microBatch: number,
) {
  const tokensOf = (rows: readonly { length: number }[]) => Math.max(...rows.map(({ length }) => length));
  return unlearningBytes({ parameters: parameterCount, trained: trainableCount, weightBytes: 2, config }, {
    objective: objectiveOf("codeeraser", WEIGHTS),
    ...{ forgetRows: sets.forget.length, forgetTokens: tokensOf(sets.forget.map(({ ids }) => ids)) },
    maskTokens: sets.forget.reduce((sum, { mask }) => sum + mask!.reduce((a, b) => a + b, 0), 0),
    secrets: sets.forget.length,
    ...{ retainRows: sets.retain.length, retainTokens: tokensOf(sets.retain), isRetained: true },
    ...{ microBatch, xla: compilesUnlearning({ parameterCount, products }).gradients, gpu: gpuMemory() },
  });
}
