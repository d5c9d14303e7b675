/**
 * The options of `unlearn`.
 *
 * @module
 */
import { CONTROL_SETS } from "../attacks/control_rows.ts";
import { MARGINS } from "../unlearning/early_stop.ts";
import { METHODS } from "../unlearning/objectives.ts";
import { TRAINED_MODEL_OPTIONS } from "./adapter_options.ts";
import { CHUNK_OPTIONS } from "./chunk_options.ts";
import type { OptionSpecs } from "./command.ts";
import { CORPUS_OPTIONS } from "./corpus_options.ts";
import { TENSORBOARD_OPTION } from "./event_log.ts";
import { DEVICES_OPTIONS } from "./devices_option.ts";
import { DTYPE_OPTION, SAVE_DTYPE_OPTION } from "./dtype_options.ts";
import { LASTING_OPTIONS } from "./lasting_options.ts";
import {
  CHECKPOINT_LAYERS_OPTION,
  MEMORY_OPTION,
  MEMORY_PLAN_OPTION,
  OPTIMIZER_OPTION,
} from "./memory_options.ts";
import { ALONE, inWords, METHOD_HELP, METHOD_OPTIONS } from "./method_options.ts";
import { REFERENCE_MODEL_OPTION } from "./reference_model.ts";
import { REFERENCE_OPTIONS } from "./reference_options.ts";
import { RISK_OPTIONS } from "./secret_risks.ts";
import { MATCHED } from "./unlearn_thresholds.ts";

/** The options by name. */
export const UNLEARN_OPTIONS = {
  ...TRAINED_MODEL_OPTIONS,
  dtype: DTYPE_OPTION,
  corpus: { kind: "path", describe: "the corpus", metavar: "C", required: true },
  ...CORPUS_OPTIONS,
  forget: { kind: "path", describe: "forget set that select wrote", metavar: "F", required: true },
  retain: {
    kind: "path",
    describe: `retain set that retain wrote; ${inWords(ALONE, "and")} do without`,
    metavar: "F",
  },
  method: { kind: "choice", describe: METHOD_HELP, choices: METHODS, required: true },
  thresholds: {
    kind: "path",
    describe: 'table that thresholds wrote, or "matched": what made-up secrets score in each one\'s place',
    metavar: "F",
    orWord: MATCHED,
  },
  ma: { kind: "float", describe: "MA to fall below, instead of --thresholds", min: 0, max: 1 },
  el10: { kind: "float", describe: "EL_10 to fall below, instead of --thresholds", min: 0, max: 1 },
  stop: {
    kind: "choice",
    describe: "judge each secret, or the group's means as the paper does; --compat paper and reference do",
    choices: ["secret", "group"],
    default: "secret",
  },
  lr: { kind: "float", describe: "Adam's learning rate", default: 3e-6, min: 0 },
  epochs: { kind: "int", describe: "epochs, at most", default: 100, min: 1 },
  margin: {
    kind: "float",
    describe:
      `EL_10 is measured from MA's threshold plus this on: ${MARGINS.sound}, ${MARGINS.reference} with ` +
      "--compat reference",
    min: 0,
  },
  microBatch: {
    kind: "int",
    describe: "rows at once, or as many as fit into memory: the same result, up to rounding",
    default: 8,
    min: 1,
  },
  checkpointLayers: CHECKPOINT_LAYERS_OPTION,
  optimizer: OPTIMIZER_OPTION,
  memory: MEMORY_OPTION,
  compat: {
    kind: "choice",
    describe: "whose means and stop",
    choices: ["sound", "paper", "reference"],
    default: "sound",
  },
  keepShort: REFERENCE_OPTIONS.keepShort,
  ...REFERENCE_MODEL_OPTION,
  held: {
    kind: "int",
    describe: "with --thresholds matched: sets of made-up values in the secrets' places, held where they are",
    default: CONTROL_SETS,
    min: 0,
  },
  ...RISK_OPTIONS,
  ...METHOD_OPTIONS,
  ...LASTING_OPTIONS,
  ...CHUNK_OPTIONS,
  saveDtype: SAVE_DTYPE_OPTION,
  ...DEVICES_OPTIONS,
  tensorboard: TENSORBOARD_OPTION,
  plan: {
    ...MEMORY_PLAN_OPTION,
    describe:
      "say how much memory the run will take, before anything is loaded, and end; with --chunk-rows also how long, for which the model is loaded where it fits, and two epochs run on random tokens",
  },
  out: { kind: "path", describe: "folder of the checkpoint", metavar: "DIR", required: true },
} as const satisfies OptionSpecs;
