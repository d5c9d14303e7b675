/**
 * The rows of `deno task bench:gpu` in the order of importance.
 *
 * @module
 */
import type { RowContext } from "./bench_context.ts";
import { benchLarge, benchLoading } from "./bench_large.ts";
import { benchSecrets, benchTexts } from "./bench_scores.ts";
import { benchSteps } from "./bench_steps.ts";
import { benchUnlearn } from "./bench_unlearn.ts";

/** A row's measurements. */
export type Row = (context: RowContext) => Promise<void>;

const repetitionsOf = ({ tiny }: RowContext, calls: number) =>
  tiny ? { calls: 2, times: 2 } : { calls, times: 7 };

/** By name. */
export const ROWS: Readonly<Record<string, Row>> = {
  gpt2: (context) =>
    benchSteps({
      shape: context.shapes.gpt2,
      rows: context.tiny ? 2 : 32,
      length: context.tiny ? 32 : 512,
      products: "bfloat16",
      goals: { eager: 1.5, compile: 1 },
      isChecked: true,
      byLayer: false,
      repetitions: repetitionsOf(context, 5),
    }, context),
  llama: (context) =>
    benchSteps({
      shape: context.shapes.llama,
      rows: context.tiny ? 2 : 8,
      length: context.tiny ? 32 : 512,
      products: "bfloat16",
      goals: { eager: 1.2, peak: 0.45 },
      isChecked: false,
      byLayer: true,
      repetitions: repetitionsOf(context, 3),
    }, context),
  secrets: benchSecrets,
  scores: benchTexts,
  unlearn: (context) => benchUnlearn({ products: "bfloat16", microBatch: 8 }, context), // the command's default
  large: benchLarge,
  load: benchLoading,
  unlearn_memory: (context) => benchUnlearn({ products: "bfloat16", microBatch: 2 }, context),
  unlearn_tf32: (context) => benchUnlearn({ products: "float32", microBatch: 8 }, context),
  gpt2_tf32: (context) =>
    benchSteps({
      shape: context.shapes.gpt2,
      rows: context.tiny ? 2 : 32,
      length: context.tiny ? 32 : 512,
      products: "float32",
      goals: {},
      isChecked: true,
      byLayer: false,
      repetitions: repetitionsOf(context, 3),
    }, context),
};
