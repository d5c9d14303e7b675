/**
 * Rows as JSON lines or CSV, as tables are written.
 *
 * @module
 */
import type pl from "../npm/polars.ts";

/**
 * The rows of a frame as text. A NaN is written as null.
 *
 * @param options.header whether a CSV begins with its columns' names
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { encodeRows } from "./encode_rows.ts";
 *
 * const frame = pl.DataFrame({ doc_id: ["a,b"], ma: [0.5] });
 * assertEquals(encodeRows(frame, ".csv", { header: true }), 'doc_id,ma\n"a,b",0.5\n');
 * assertEquals(encodeRows(frame, ".jsonl", { header: true }), '{"doc_id":"a,b","ma":0.5}\n');
 * ```
 */
export function encodeRows(
  frame: pl.DataFrame,
  format: ".csv" | ".jsonl",
  { header }: { header: boolean },
): string {
  const rows = frame.toRecords();
  if (format === ".jsonl") return rows.map((row) => `${JSON.stringify(row)}\n`).join("");
  const cells = rows.map((row) => Object.values(row).map((cell) => Number.isNaN(cell) ? null : cell));
  return [...header ? [frame.columns] : [], ...cells].map(csvLine).join("");
}

function csvLine(cells: readonly unknown[]): string {
  const fields = cells.map((cell) => {
    if (cell === null || cell === undefined) return "";
    const text = typeof cell === "object" ? JSON.stringify(cell) : String(cell);
    // what a spreadsheet may take for a formula is quoted too, and not changed: tables are read again
    const isFormula = typeof cell === "string" && /^[=+\-@\t]/.test(cell);
    return text === "" || isFormula || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  });
  return fields.join(",") + "\n";
}
