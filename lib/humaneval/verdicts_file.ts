/**
 * What became of samples, as it is known: a line each, appended, so that a run that was killed judges none again. Each
 * has a digest of itself, of the program that was run and of what ran it, so that a verdict that was edited, or is of
 * other tests or another sandbox, is known.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readRegularFile } from "../files/read_file.ts";
import { canonicalJson, type Settings } from "../files/settings.ts";
import { closeAppended, openAppended } from "../files/append_file.ts";
import { writeAll, writeFileAtomic } from "../files/write_file.ts";
import type { SampleResult } from "./results.ts";
import { sampleKey } from "./samples.ts";

/** A sample's verdict. */
export type SampleVerdict = Pick<SampleResult, "task_id" | "sample" | "passed" | "reason" | "detail">;

/** What verdicts are of. */
export interface VerdictsFileOptions {
  /** What runs the programs: which sandbox, and its limits. */
  judge: Settings;
  /** A sample's whole program; undefined where there is no such sample: its verdict is dropped. */
  programOf: (taskId: string, sample: number) => string | undefined;
}

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
 * const options = { judge: { sandbox: "pyodide" }, programOf: () => "x" };
 * {
 *   using file = await VerdictsFile.open(path, options);
 *   await file.append({ task_id: "T/0", sample: 0, passed: false, reason: "failed", detail: "NameError" });
 * }
 * using file = await VerdictsFile.open(path, options);
 * assertEquals([file.get("T/0", 0)?.detail, file.get("T/0", 1)], ["NameError", undefined]);
 * ```
 */
export class VerdictsFile implements Disposable {
  readonly #path: string;
  readonly #options: VerdictsFileOptions;
  #file: Deno.FsFile | undefined;
  readonly #verdicts: Map<string, SampleVerdict>;
  #last = Promise.resolve();

  private constructor(
    path: string,
    { file, verdicts, ...options }: VerdictsFileOptions & {
      file: Deno.FsFile;
      verdicts: Map<string, SampleVerdict>;
    },
  ) {
    this.#path = path;
    this.#options = options;
    this.#file = file;
    this.#verdicts = verdicts;
  }

  /**
   * Opens a file, made where there is none; a torn last line goes.
   *
   * @throws {SyntaxError} when a line is no verdict, was edited, or is of another program or sandbox; {Error} when it
   * cannot be read or written
   */
  static async open(path: string, options: VerdictsFileOptions): Promise<VerdictsFile> {
    const { rows, wholeBytes } = existsSync(path) ? await readRows(path) : { rows: [], wholeBytes: 0 };
    const verdicts = new Map<string, SampleVerdict>();
    rows.forEach(({ digest, ...verdict }, i) => {
      const program = options.programOf(verdict.task_id, verdict.sample);
      if (program === undefined) return;
      if (digest !== digestOf(verdict, { program, judge: options.judge })) {
        refuse(path, i, "was edited, or judged by other tests or another sandbox");
      }
      verdicts.set(sampleKey(verdict), verdict);
    });
    return new VerdictsFile(path, { ...options, verdicts, file: await openAppended(path, wholeBytes) });
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
    const line = new TextEncoder().encode(this.#lineOf(verdict));
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
    await writeFileAtomic(this.#path, verdicts.map((verdict) => this.#lineOf(verdict)).join(""));
  }

  #lineOf(verdict: SampleVerdict): string {
    const { judge, programOf } = this.#options;
    const program = programOf(verdict.task_id, verdict.sample);
    if (program === undefined) {
      throw new RangeError(
        `Cannot write "${this.#path}": there is no sample ${verdict.sample} of "${verdict.task_id}"`,
      );
    }
    return verdictLine({ ...verdict, digest: digestOf(verdict, { program, judge }) });
  }

  /** A file without a row goes: there is nothing to go on from. */
  [Symbol.dispose](): void {
    closeAppended(this.#file, this.#path);
    this.#file = undefined;
  }
}

/** A verdict as it stands in a file. */
export type VerdictRow = SampleVerdict & { digest: string };

/**
 * A verdict's line, with its line break.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { verdictLine } from "./verdicts_file.ts";
 *
 * const verdict = { task_id: "T/0", sample: 0, passed: true, reason: "passed", detail: null, digest: "00" };
 * assertEquals(verdictLine(verdict), JSON.stringify(verdict) + "\n");
 * ```
 */
export function verdictLine({ task_id, sample, passed, reason, detail, digest }: VerdictRow): string {
  return JSON.stringify({ task_id, sample, passed, reason, detail, digest }) + "\n";
}

/**
 * The verdicts of a file as they stand in it, whatever they are of: whether its run wrote them so, its record tells.
 *
 * @throws {SyntaxError} when a line is no verdict; {Error} when it cannot be read
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readVerdicts, verdictLine } from "./verdicts_file.ts";
 *
 * const verdict = { task_id: "T/0", sample: 0, passed: true, reason: "passed", detail: null, digest: "00" };
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, verdictLine(verdict));
 * assertEquals(await readVerdicts(path), [verdict]);
 * ```
 */
export async function readVerdicts(path: string): Promise<VerdictRow[]> {
  return (await readRows(path)).rows;
}

/** The whole lines of a file, and how many bytes they have. */
async function readRows(path: string): Promise<{ rows: VerdictRow[]; wholeBytes: number }> {
  const bytes = await readRegularFile(path, { what: "verdicts", maxBytes: MAX_BYTES });
  const wholeBytes = bytes.lastIndexOf(10) + 1;
  const lines = new TextDecoder().decode(bytes.subarray(0, wholeBytes)).split("\n").slice(0, -1);
  return { rows: lines.map((line, i) => parseVerdict(line) ?? refuse(path, i, "is none")), wholeBytes };
}

function refuse(path: string, row: number, what: string): never {
  throw new SyntaxError(
    `Cannot read verdicts "${path}": row ${row + 1} ${what}: remove the file to judge anew`,
  );
}

function digestOf(
  { task_id, sample, passed, reason, detail }: SampleVerdict,
  { program, judge }: { program: string; judge: Settings },
): string {
  const row = JSON.stringify([task_id, sample, passed, reason, detail]);
  return createHash("sha256").update(`${canonicalJson(judge)}\n${row}\n${program}`).digest("hex").slice(
    0,
    16,
  );
}

function parseVerdict(line: string): VerdictRow | undefined {
  try {
    const row = JSON.parse(line);
    const isText = (value: unknown) => typeof value === "string";
    const isVerdict = isText(row.task_id) && Number.isSafeInteger(row.sample) && isText(row.digest) &&
      typeof row.passed === "boolean" && isText(row.reason) && (row.detail === null || isText(row.detail));
    return isVerdict ? row : undefined;
  } catch { // the parser's message quotes the line, and null has no members
    return undefined;
  }
}
