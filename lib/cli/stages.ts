/**
 * The stages of `demo` and `scrub`: the commands that a user runs, with what one measured remembered for the next.
 *
 * @module
 */
import { basename, dirname, join } from "node:path";
import { ScoreMemo } from "../metrics/score_memo.ts";
import type { Command, CommandResult, Context, OptionSpecs } from "./command.ts";
import { resolveOptions } from "./options.ts";
import { contentOf } from "./run_content.ts";
import { fileRecord, finishedFile } from "./run_files.ts";
import { finishedFolder, readRunRecord } from "./run_folder.ts";
import type { RunRecord } from "./run_record.ts";
import { MODEL_CARD } from "./write_model_card.ts";

/** Options of {@linkcode Stages}. */
export interface StagesOptions {
  /**
   * Go on where an earlier process was: what is finished is left as it is, and what was under way is continued. Else all
   * is made anew.
   */
  goesOn?: boolean;
  /** All stages in order, so that each says which of how many it is. */
  names?: readonly string[];
}

/**
 * Runs commands in order and times them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 *
 * const lines: string[] = [];
 * const stages = new Stages({
 *   progress: createProgress(),
 *   signal: new AbortController().signal,
 *   breathe: () => Promise.resolve(),
 *   log: (line) => void lines.push(line),
 *   cwd: ".",
 *   seed: 1,
 *   force: false,
 *   settings: {},
 * }, "out", { names: ["corpus", "probe"] });
 * assertEquals(await stages.time("corpus", () => Promise.resolve(7)), 7);
 * assertEquals([lines, Object.keys(stages.seconds)], [["Stage 1 of 2: corpus"], ["corpus"]]);
 * ```
 */
export class Stages {
  /** Where they write. */
  readonly out: string;
  /** What each took. */
  readonly seconds: Record<string, number> = {};
  readonly #context: Context;
  /** Later stages ask for scores that earlier ones have measured. */
  readonly #memo = new ScoreMemo();
  readonly #goesOn: boolean;
  readonly #names: readonly string[];

  /** @param out what they share: a folder */
  constructor(context: Context, out: string, { goesOn = false, names = [] }: StagesOptions = {}) {
    this.#context = context;
    this.out = out;
    this.#goesOn = goesOn;
    this.#names = names;
  }

  /** The path of one of their outputs. */
  path(name: string): string {
    return join(this.out, name);
  }

  /** Times any work as a stage. */
  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.#context.breathe();
    const number = this.#names.indexOf(name) + 1;
    if (number > 0) this.#context.log(`Stage ${number} of ${this.#names.length}: ${name}`);
    const startedAt = performance.now();
    const result = await work();
    this.seconds[name] = roundedSeconds(startedAt);
    return result;
  }

  /**
   * A command as the command line would run it, with these values and its defaults for the others.
   *
   * @param noted what its record of settings says besides
   * @throws {Error} where what an earlier process had finished is no longer as it was
   */
  async run<A extends OptionSpecs, O extends OptionSpecs>(
    name: string,
    command: Command<A, O>,
    flags: Record<string, unknown>,
    noted: Context["settings"] = {},
  ): Promise<CommandResult> {
    return await this.time(name, async () => {
      const values = await resolveOptions({ ...command.args, ...command.options }, {
        flags,
        cwd: this.#context.cwd,
      });
      const { out, ...own } = values;
      const settings = { ...own, ...noted, seed: this.#context.seed };
      const before = this.#goesOn ? await finishedRecord(String(out)) : undefined;
      if (before) {
        const stage = this.#context.progress.start(name[0]!.toUpperCase() + name.slice(1), 1, "stage");
        stage.skip(1);
        stage.done("of an earlier run");
        return { summary: before.summary ?? {} };
      }
      const context = { ...this.#context, memo: this.#memo, force: !this.#goesOn, settings };
      const result = await command.run(values as Parameters<typeof command.run>[0], context);
      return this.#goesOn
        ? { ...result, summary: await recordedSummary(String(out)) ?? result.summary }
        : result;
    });
  }
}

/** What the record of a run says that it found: the same, whichever process found it. */
async function recordedSummary(out: string): Promise<CommandResult["summary"] | undefined> {
  return (await readRunRecord(out) ?? await fileRecord(out))?.summary;
}

/** The record of what is finished; undefined where there is none, or it is under way. */
async function finishedRecord(out: string): Promise<RunRecord | undefined> {
  const own = await finishedFolder(out);
  const record = own ?? await finishedFile(out);
  if (record === undefined) return undefined;
  for (const [output, content] of Object.entries(record.outputs)) {
    const path = own ? join(out, output) : join(dirname(out), output);
    if (own && output === MODEL_CARD) continue; // a later stage writes it again
    if (await contentOf(path).catch(() => null) === content) continue;
    throw new Error(
      `Cannot go on with "${out}": "${basename(path)}" is not as a run wrote it: give --force to begin anew`,
    );
  }
  return record;
}

/**
 * Seconds since a reading of `performance.now()`, to a tenth.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(roundedSeconds(performance.now() - 1230), 1.2);
 * ```
 */
export function roundedSeconds(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 100) / 10;
}
