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
  detect: {
    description: "find the secrets of a corpus",
    example: "detect src/ --out secrets.parquet",
    load: () => import("./detect.ts"),
  },
  analyze: {
    description: "the distribution of documents' memorization",
    example: "analyze --probe probe.parquet --threshold 0.46 --out distribution.csv",
    load: () => import("./analyze.ts"),
  },
  train: {
    description: "a small model from a corpus, resumable",
    example: "train --config data/model_recipe.json --out out/model",
    load: () => import("./train.ts"),
  },
  doctor: {
    description: "what is installed where, what is missing and how to get it",
    example: "doctor --setup",
    load: () => import("./doctor.ts"),
  },
} as const satisfies { [name: string]: CommandRow };
