/**
 * What became of samples, as it is known: a line each, appended, so that a run that was killed judges none again.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { readRegularFile } from "../files/read_file.ts";
import { openAppended } from "../files/append_file.ts";
import { writeAll, writeFileAtomic } from "../files/write_file.ts";
import type { SampleResult } from "./results.ts";
import { sampleKey } from "./samples.ts";

/** A sample's verdict. */
export type SampleVerdict = Pick<SampleResult, "task_id" | "sample" | "passed" | "reason" | "detail">;

const MAX_BYTES = 2 ** 28;

/**
 * Verdicts in a file. It is one process' own.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { VerdictsFile } from "./verdicts_file.ts";
 *
 * const path = `${await Deno.makeTempDir()}/verdicts.jsonl`;
 * {
 *   using file = await VerdictsFile.open(path);
 *   await file.append({ task_id: "T/0", sample: 0, passed: false, reason: "failed", detail: "NameError" });
 * }
 * using file = await VerdictsFile.open(path);
 * assertEquals([file.get("T/0", 0)?.detail, file.get("T/0", 1)], ["NameError", undefined]);
 * ```
 */
export class VerdictsFile implements Disposable {
  readonly #path: string;
  #file: Deno.FsFile | undefined;
  readonly #verdicts: Map<string, SampleVerdict>;
  #last = Promise.resolve();

  private constructor(path: string, file: Deno.FsFile, verdicts: Map<string, SampleVerdict>) {
    this.#path = path;
    this.#file = file;
    this.#verdicts = verdicts;
  }

  /**
   * Opens a file, made where there is none; a torn last line goes.
   *
   * @throws {SyntaxError} when a line is no verdict; {Error} when it cannot be read or written
   */
  static async open(path: string): Promise<VerdictsFile> {
    const bytes = existsSync(path)
      ? await readRegularFile(path, { what: "verdicts", maxBytes: MAX_BYTES })
      : new Uint8Array();
    const wholeBytes = bytes.lastIndexOf(10) + 1;
    const lines = new TextDecoder().decode(bytes.subarray(0, wholeBytes)).split("\n").slice(0, -1);
    const verdicts = lines.map((line, i) => {
      const verdict = parseVerdict(line);
      if (verdict) return [sampleKey(verdict), verdict] as const;
      throw new SyntaxError(
        `Cannot read verdicts "${path}": row ${i + 1} is none: remove the file to judge anew`,
      );
    });
    return new VerdictsFile(path, await openAppended(path, wholeBytes), new Map(verdicts));
  }

  /** A sample's verdict; undefined where it was not judged yet. */
  get(taskId: string, sample: number): SampleVerdict | undefined {
    return this.#verdicts.get(sampleKey({ task_id: taskId, sample }));
  }

  /**
   * Adds a verdict; several may be added at once.
   *
   * @throws {Error} when it cannot be written
   */
  append(verdict: SampleVerdict): Promise<void> {
    const line = new TextEncoder().encode(verdictLines([verdict]));
    this.#last = this.#last.then(async () => {
      if (!this.#file) throw new TypeError(`Cannot write "${this.#path}": it is closed`);
      await writeAll(this.#file, line, this.#path);
      this.#verdicts.set(sampleKey(verdict), verdict);
    });
    return this.#last;
  }

  /**
   * Puts the verdicts in the order of their samples, in one step, and closes the file: the same bytes in whatever order
   * they were found.
   *
   * @throws {RangeError} when one is missing; {Error} when it cannot be written
   */
  async finish(samples: Iterable<Pick<SampleVerdict, "task_id" | "sample">>): Promise<void> {
    const verdicts = Array.from(samples, ({ task_id, sample }) => {
      const verdict = this.get(task_id, sample);
      if (verdict) return verdict;
      throw new RangeError(`Cannot finish "${this.#path}": sample ${sample} of "${task_id}" was not judged`);
    });
    this[Symbol.dispose]();
    await writeFileAtomic(this.#path, verdictLines(verdicts));
  }

  [Symbol.dispose](): void {
    this.#file?.close();
    this.#file = undefined;
  }
}

/**
 * The lines of a file of verdicts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { verdictLines } from "./verdicts_file.ts";
 *
 * const verdict = { task_id: "T/0", sample: 0, passed: true, reason: "passed", detail: null };
 * assertEquals(verdictLines([verdict]), JSON.stringify(verdict) + "\n");
 * ```
 */
export function verdictLines(verdicts: readonly SampleVerdict[]): string {
  return verdicts.map(({ task_id, sample, passed, reason, detail }) => {
    return JSON.stringify({ task_id, sample, passed, reason, detail }) + "\n";
  }).join("");
}

function parseVerdict(line: string): SampleVerdict | undefined {
  try {
    const row = JSON.parse(line);
    const isText = (value: unknown) => typeof value === "string";
    const isVerdict = isText(row.task_id) && Number.isSafeInteger(row.sample) &&
      typeof row.passed === "boolean" && isText(row.reason) && (row.detail === null || isText(row.detail));
    return isVerdict ? row : undefined;
  } catch { // the parser's message quotes the line, and null has no members
    return undefined;
  }
}
