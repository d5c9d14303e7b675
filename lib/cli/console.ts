/**
 * Writing to stdout and stderr so that a reader who left (`| head`) ends nothing: once a pipe is broken, what follows is
 * dropped quietly. Writes are whole and synchronous, so `Deno.exit` cuts none.
 *
 * @module
 */

interface Sink {
  writeSync(bytes: Uint8Array): number;
}

const broken = new WeakSet<Sink>();
const encoder = new TextEncoder();

/**
 * Writes `text` to `sink` (stdout when none is given); quietly nothing once its reader has gone.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { write } from "./console.ts";
 *
 * let calls = 0;
 * const gone = { writeSync: () => { calls++; throw new Deno.errors.BrokenPipe("gone"); } };
 * write("a", gone);
 * write("b", gone);
 * assertEquals(calls, 1);
 * ```
 */
export function write(text: string, sink: Sink = Deno.stdout): void {
  if (broken.has(sink)) return;
  let bytes = encoder.encode(text);
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(sink.writeSync(bytes));
    } catch (error) {
      if (error instanceof Deno.errors.WouldBlock) pause();
      else if (error instanceof Deno.errors.BrokenPipe) return void broken.add(sink);
      else throw error;
    }
  }
}

/** A reader that is slow on a pipe without blocking: wait a moment. */
function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

/**
 * A command as lines that a terminal has room for, cut before options so that a shell reads them as one.
 *
 * @param columns of the terminal; none where it is no terminal, which gets one line
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wrapCommand } from "./console.ts";
 *
 * assertEquals(wrapCommand("  detect src/ --out secrets.parquet", 24), "  detect src/ \\\n    --out secrets.parquet");
 * assertEquals(wrapCommand("  detect src/ --out s.csv"), "  detect src/ --out s.csv");
 * ```
 */
export function wrapCommand(command: string, columns = Infinity): string {
  const [first = "", ...options] = command.split(/ (?=--)/);
  const lines = [first];
  for (const option of options) {
    const longer = `${lines.at(-1)} ${option}`;
    if (longer.length <= columns - 2) lines[lines.length - 1] = longer; // two for what goes on
    else lines.push(`    ${option}`);
  }
  return lines.join(" \\\n");
}

/**
 * Rows as columns of text: numbers to the right, all else to the left; null is a dash, undefined an empty cell.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { formatTable } from "./console.ts";
 *
 * assertEquals(formatTable(["set", "ma"], [["forget", 0.98], ["retain", null]]), [
 *   "set       ma",
 *   "------  ----",
 *   "forget  0.98",
 *   "retain     -",
 * ].join("\n"));
 * ```
 */
export function formatTable(
  header: readonly string[],
  rows: readonly (string | number | null | undefined)[][],
): string {
  const cells = rows.map((row) => row.map((cell) => cell === null ? "-" : String(cell ?? "")));
  const widths = header.map((name, c) => Math.max(name.length, ...cells.map((row) => (row[c] ?? "").length)));
  const isNumeric = header.map((_, c) =>
    rows.some((row) => typeof row[c] === "number") && rows.every((row) => typeof row[c] !== "string")
  );
  const line = (row: readonly string[]) =>
    row.map((cell, c) => isNumeric[c] ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!)).join("  ")
      .trimEnd();
  return [line(header), widths.map((width) => "-".repeat(width)).join("  "), ...cells.map(line)].join("\n");
}
