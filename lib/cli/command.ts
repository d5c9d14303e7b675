/**
 * What a command is: its arguments and options as typed tables, and one function that does the work. `main.ts` makes
 * commander's options, the help, the checks and the merge with a `--config` file from these tables; a command only sees
 * values of the right type, paths already absolute.
 *
 * Every command also takes `--seed` and `--json`; one that `writes` takes `--force`, one with `config` takes `--config`.
 *
 * @module
 */
import type { Json } from "../files/settings.ts";
import type { ScoreMemo } from "../metrics/score_memo.ts";
import type { Progress } from "./progress.ts";

interface Common {
  /** One line of help. */
  describe: string;
  /** What stands for the value in the help, as `F` in `--out F`; the kind gives one else. */
  metavar?: string;
}

/** One argument or option: its kind decides the type of its value. */
export type OptionSpec =
  | Common & { kind: "flag" }
  | Common & { kind: "list"; required?: true }
  | Common & { kind: "string"; required?: true; default?: string }
  | Common & { kind: "path"; required?: true; default?: string; orInput?: true; orWord?: string }
  | Common & { kind: "int" | "float"; required?: true; default?: number; min?: number; max?: number }
  | Common & { kind: "choice"; required?: true; default?: string; choices: readonly string[] };

/** Options by name: `microBatch` is `--micro-batch`. */
export type OptionSpecs = { readonly [name: string]: OptionSpec };

type Kind<S extends OptionSpec> = S extends { kind: "flag" } ? boolean
  : S extends { kind: "list" } ? string[]
  : S extends { kind: "int" | "float" } ? number
  : S extends { kind: "choice"; choices: readonly (infer C)[] } ? C
  : string;

type Given<S extends OptionSpec> = S extends { kind: "flag" | "list" } | { required: true } | {
  default: string | number;
} ? Kind<S>
  : Kind<S> | undefined;

/** The values of a table of options. */
export type OptionValues<O extends OptionSpecs> = { -readonly [N in keyof O]: Given<O[N]> };

/** The value of an option that was given or has a default. */
export type OptionValue = string | number | boolean | string[];

export type { Json };

/** What a command is given beside its values. */
export interface Context {
  /** Shows stages. */
  progress: Progress;
  /** Aborted by Ctrl-C or SIGTERM: stop after the step at hand, keep what is finished. */
  signal: AbortSignal;
  /** Lets signals and timers in (at most every 50 ms), and throws once the run was interrupted: for loops that compute. */
  breathe(): Promise<void>;
  /** Writes one line to stderr, above the bar. */
  log(line: string): void;
  /** Where the user stands. */
  cwd: string;
  seed: number;
  /** `--force`: replace a finished output. */
  force: boolean;
  /** What earlier commands of the same process measured: the demo's. */
  memo?: ScoreMemo;
  /** All that decides the output: every value but `out`, and the seed; for run.json. */
  settings: { [name: string]: OptionValue };
}

/** What a command gives back. */
export interface CommandResult {
  /** What a person reads on stdout; may have many lines. */
  text?: string;
  /** What `--json` prints as the last line. */
  summary: { [key: string]: Json };
  /** Why the command failed although it has something to show: one line on stderr, exit 1. */
  failure?: string;
}

/** A command of the command line. */
export interface Command<A extends OptionSpecs = OptionSpecs, O extends OptionSpecs = OptionSpecs> {
  /** Positional arguments, in order. */
  args: A;
  options: O;
  /** Takes `--force`. */
  writes?: boolean;
  /** Takes `--config FILE`. */
  config?: boolean;
  run(values: OptionValues<A & O>, context: Context): Promise<CommandResult>;
}

/**
 * Names a command's types: the tables are read as literals, so that `run` sees each value with its own type.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Context, defineCommand } from "./command.ts";
 *
 * const command = defineCommand({
 *   args: { corpus: { kind: "path", describe: "the corpus", required: true } },
 *   options: { k: { kind: "int", describe: "rows", default: 32, min: 1 } },
 *   run: ({ corpus, k }) => Promise.resolve({ summary: { corpus, next: k + 1 } }),
 * });
 * const result = await command.run({ corpus: "/c", k: 32 }, {} as Context);
 * assertEquals(result.summary, { corpus: "/c", next: 33 });
 * ```
 */
export function defineCommand<const A extends OptionSpecs, const O extends OptionSpecs>(
  command: Command<A, O>,
): Command<A, O> {
  return command;
}

/**
 * Bad usage: exit 2.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { UsageError } from "./command.ts";
 *
 * assert(new UsageError("Cannot read --k") instanceof Error);
 * ```
 */
export class UsageError extends Error {
  override name = "UsageError";
}
