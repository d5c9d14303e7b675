/**
 * The table of results, written row by row, and the JSON file, whole after each row: a run that is stopped leaves what it
 * has.
 *
 * @module
 */
import { join } from "node:path";
import type { DeviceName } from "./check_types.ts";
import type { Difference, Rule } from "./compare.ts";

/** What became of a row. */
export type Verdict = "pass" | "fail" | "information" | "not offered" | "skipped";

/** A row. */
export interface Row {
  /** The check that it belongs to. */
  check: string;
  row: string;
  what: string;
  verdict: Verdict;
  /** The largest difference, by the rule, and where it is. */
  difference?: Difference & { part: string };
  rule?: Rule;
  bound?: number;
  /** Why it failed, or what there is to know. */
  reason?: string;
}

/** What the file says beside the rows. */
export interface Heading {
  device: DeviceName;
  card: string | null;
  tensorflow: string | null;
  quick: boolean;
  /** What each check took on the device. */
  secondsOf: Record<string, number>;
}

const WIDTHS = [30, 52, 13, 9];

/** The table of one run. */
export class Table {
  readonly rows: Row[] = [];
  readonly #folder: string;
  readonly #start = performance.now();
  #heading: Heading;

  /** @param folder where check_gpu.json is written */
  constructor(folder: string, heading: Heading) {
    this.#folder = folder;
    this.#heading = heading;
    console.log(line(["check", "compared", "largest diff.", "bound"], "verdict"));
  }

  /** Learns what the device's process has opened. */
  describe(heading: Partial<Heading>): void {
    this.#heading = { ...this.#heading, ...heading };
  }

  /** Adds a row. */
  add(row: Row): void {
    this.rows.push(row);
    const { difference, bound } = row;
    const gap = difference === undefined
      ? "-"
      : row.rule === "exact"
      ? `${difference.value} of ${difference.numbers}`
      : difference.value.toExponential(1);
    const limit = bound === undefined ? "-" : row.rule === "exact" ? String(bound) : bound.toExponential(0);
    // a row that is copied elsewhere must not look like a GPU's
    const verdict = row.verdict === "pass" && this.#heading.device === "cpu" ? "pass (CPU)" : row.verdict;
    console.log(line([row.row, row.what, gap, limit], verdict));
    if (row.reason) console.log(`    ${row.reason.slice(0, 200)}`);
    this.#write();
  }

  /** Says how it went; whether nothing failed. */
  close(): boolean {
    const count = (verdict: Verdict) => this.rows.filter((row) => row.verdict === verdict).length;
    const seconds = ((performance.now() - this.#start) / 1000).toFixed(0);
    const { device, card } = this.#heading;
    const where = device === "gpu"
      ? `on ${card ?? "a GPU"}`
      : "on a CPU, beside a CPU: this says nothing about a GPU";
    const others = `${count("information")} information, ${count("not offered")} not offered, ${
      count("skipped")
    } skipped`;
    console.log(`${count("pass")} passed, ${count("fail")} failed (${others}) in ${seconds} s ${where}`);
    this.#write();
    return count("fail") === 0 && count("pass") > 0;
  }

  #write(): void {
    const seconds = Math.round((performance.now() - this.#start) / 100) / 10;
    const json = { ...this.#heading, isGpu: this.#heading.device === "gpu", seconds, rows: this.rows };
    Deno.writeTextFileSync(join(this.#folder, "check_gpu.json"), JSON.stringify(json, null, 1) + "\n");
  }
}

function line(cells: readonly string[], last: string): string {
  return [...cells.map((cell, i) => cell.length > WIDTHS[i]! ? cell : cell.padEnd(WIDTHS[i]!)), last].join(
    " ",
  );
}
