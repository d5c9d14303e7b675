/**
 * The rows of `deno task bench:gpu` in the order of importance.
 *
 * @module
 */
import type { RowContext } from "./bench_context.ts";
import { benchDemo } from "./bench_demo.ts";
import { benchLarge, benchLoading } from "./bench_large.ts";
import { benchLora } from "./bench_lora.ts";
import { benchSecrets, benchTexts } from "./bench_scores.ts";
import { benchSteps } from "./bench_steps.ts";
import { benchUnlearn } from "./bench_unlearn.ts";

/** A row's measurements. */
export type Row = (context: RowContext) => Promise<void>;

/** Steps of a model on texts of 512 tokens, 7 times so many calls. */
function stepsRow(
  { model, rows, calls, ...row }:
    & Pick<Parameters<typeof benchSteps>[0], "products" | "goals" | "isChecked" | "byLayer">
    & { model: "gpt2" | "llama"; rows: number; calls: number },
): Row {
  return (context) =>
    benchSteps({
      ...row,
      shape: context.shapes[model],
      ...(context.tiny ? { rows: 2, length: 32 } : { rows, length: 512 }),
      repetitions: context.tiny ? { calls: 2, times: 2 } : { calls, times: 7 },
    }, context);
}

const GPT2 = { model: "gpt2", rows: 32, isChecked: true, byLayer: false } as const;
const LLAMA = { model: "llama", rows: 8, isChecked: false, byLayer: true } as const;

/** Seconds that a row may take where it is not told otherwise: 150, but for what is long. */
export const ROW_SECONDS: Readonly<Record<string, number>> = { lora: 300, demo: 400 };

/** By name. */
export const ROWS: Readonly<Record<string, Row>> = {
  gpt2: stepsRow({ ...GPT2, products: "bfloat16", goals: { eager: 1.5, compile: 1 }, calls: 5 }),
  llama: stepsRow({ ...LLAMA, products: "bfloat16", goals: { eager: 1.2, peak: 0.45 }, calls: 3 }),
  secrets: benchSecrets,
  scores: benchTexts,
  unlearn: (context) => benchUnlearn({ products: "bfloat16", microBatch: 8 }, context), // the command's default
  lora: benchLora,
  large: benchLarge,
  load: benchLoading,
  demo: benchDemo,
  unlearn_memory: (context) => benchUnlearn({ products: "bfloat16", microBatch: 2 }, context),
  unlearn_tf32: (context) => benchUnlearn({ products: "tf32", microBatch: 8 }, context),
  gpt2_tf32: stepsRow({ ...GPT2, products: "tf32", goals: {}, calls: 3 }),
};
