/**
 * The demo's stages: the commands that a user runs, with what one measured remembered for the next.
 *
 * @module
 */
import { ScoreMemo } from "../metrics/score_memo.ts";
import type { Command, CommandResult, Context, OptionSpecs } from "./command.ts";
import { resolveOptions } from "./options.ts";

/**
 * Runs commands in order and times them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 *
 * const stages = new Stages({
 *   progress: createProgress(),
 *   signal: new AbortController().signal,
 *   breathe: () => Promise.resolve(),
 *   log: () => {},
 *   cwd: ".",
 *   seed: 1,
 *   force: false,
 *   settings: {},
 * }, "out");
 * assertEquals(await stages.time("corpus", () => Promise.resolve(7)), 7);
 * assertEquals(Object.keys(stages.seconds), ["corpus"]);
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

  /** @param out what they share: a folder */
  constructor(context: Context, out: string) {
    this.#context = context;
    this.out = out;
  }

  /** Times any work as a stage. */
  async time<T>(name: string, work: () => Promise<T>): Promise<T> {
    await this.#context.breathe();
    const startedAt = performance.now();
    const result = await work();
    this.seconds[name] = roundedSeconds(startedAt);
    return result;
  }

  /** A command as the command line would run it, with these values and its defaults for the others. */
  async run<A extends OptionSpecs, O extends OptionSpecs>(
    name: string,
    command: Command<A, O>,
    flags: Record<string, unknown>,
  ): Promise<CommandResult> {
    return await this.time(name, async () => {
      const values = await resolveOptions({ ...command.args, ...command.options }, {
        flags,
        cwd: this.#context.cwd,
      });
      const { out: _, ...settings } = values;
      const context = {
        ...this.#context,
        memo: this.#memo,
        force: true,
        settings: { ...settings, seed: this.#context.seed },
      };
      return await command.run(values as Parameters<typeof command.run>[0], context);
    });
  }
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
