/**
 * The names of a run's files, as `demo` writes them, and what makes each part of the report: a run that was stopped in
 * the middle, or made by single commands, has some of them only.
 *
 * @module
 */

/** Names of a run's files. */
export const RUN_FILES = {
  secrets: "secrets.parquet",
  thresholds: "thresholds.parquet",
  probe: "probe.parquet",
  twins: "twins.parquet",
  duplication: "duplication.parquet",
  retain: "retain.parquet",
  sets: "sets",
  evaluation: "evaluation.parquet",
  secretScores: "evaluation.secrets.parquet",
  utility: "evaluation.utility.parquet",
  reliability: "evaluation.reliability.parquet",
  attacks: "attacks/attacks.parquet",
  passes: "humaneval/problems.parquet",
  sweep: "runs.parquet",
  sweepMeans: "means.parquet",
  summary: "summary.json",
  record: "run.json",
} as const;

/** Names in a sweep's folder, and in that of one of its runs. */
export const SWEEP_RUN_FILES = {
  before: "before",
  model: "model",
  evaluation: RUN_FILES.evaluation,
  humaneval: "humaneval",
  attacks: "attacks",
  history: "history.parquet",
  result: "result.json",
} as const;

/** A part of the report: what it is and where it comes from. */
export interface RunPart {
  /** What the part is, as it is said within a sentence. */
  readonly what: string;
  /** The command that writes it. */
  readonly command: string;
  /** Where the report looks for it in the run's folder. */
  readonly file: string;
}

/** What makes each table of the report. */
export const RUN_PARTS = {
  thresholds: { what: "the thresholds of unseen text", command: "thresholds", file: RUN_FILES.thresholds },
  documents: { what: "the scores of documents", command: "probe", file: RUN_FILES.probe },
  twins: {
    what: "the scores of twins, secrets that the model never trained on",
    command: "demo",
    file: RUN_FILES.twins,
  },
  duplication: {
    what: "the planted secrets' scores by number of copies",
    command: "demo",
    file: RUN_FILES.duplication,
  },
  history: { what: "the history of unlearning", command: "unlearn", file: "METHOD/history.parquet" },
  results: { what: "the results per set and model", command: "evaluate", file: RUN_FILES.evaluation },
  secrets: { what: "the scores of single secrets", command: "probe", file: RUN_FILES.probe },
  erased: {
    what: "the secrets' scores before and after",
    command: "evaluate",
    file: RUN_FILES.secretScores,
  },
  utility: {
    what: "how well code is predicted",
    command: "evaluate --utility",
    file: RUN_FILES.utility,
  },
  reliability: {
    what: "how far certainty can be trusted",
    command: "evaluate --utility",
    file: RUN_FILES.reliability,
  },
  attacks: { what: "the attacks on the model", command: "attack", file: RUN_FILES.attacks },
  passes: { what: "whether the model still writes code", command: "humaneval", file: RUN_FILES.passes },
  config: { what: "the configuration", command: "unlearn", file: `METHOD/${RUN_FILES.record}` },
  versions: { what: "the versions", command: "unlearn", file: `METHOD/${RUN_FILES.record}` },
  seconds: { what: "the times of the stages", command: "demo", file: RUN_FILES.summary },
} as const satisfies Record<string, RunPart>;

/** A key of {@linkcode RUN_PARTS}. */
export type RunPartName = keyof typeof RUN_PARTS;

/**
 * What to do where a part is missing, in one line.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeMissing } from "./run_files.ts";
 *
 * const line = "Not in this run: the scores of documents; `codescrub probe` makes probe.parquet.";
 * assertEquals(describeMissing("documents"), line);
 * ```
 */
export function describeMissing(name: RunPartName): string {
  const { what, command, file }: RunPart = RUN_PARTS[name];
  return `Not in this run: ${what}; \`codescrub ${command}\` makes ${file}.`;
}
