/**
 * Tables of plain rows with stated columns, so that an empty or all-null column keeps its type; and rows of a table
 * with their types checked, so that a wrong file is refused by the name of its column and row.
 *
 * @module
 */
import pl from "../npm/polars.ts";
import type { WriteFileOptions } from "../files/write_file.ts";
import type { Columns, ColumnType } from "./columns.ts";
import { readTable, writeTable } from "./tables.ts";

export type { Columns, ColumnType };

/** What a column of a type holds. */
export type ColumnValue<T extends string> = T extends "text" ? string
  : T extends "text?" ? string | null
  : T extends "bool" ? boolean
  : T extends "bool?" ? boolean | null
  : T extends "int" | "float" ? number
  : number | null;

/** A row of such a table. */
export type RowOf<C extends Columns> = { -readonly [N in keyof C]: ColumnValue<C[N]> };

const POLARS = { text: pl.Utf8, int: pl.Int64, float: pl.Float64, bool: pl.Bool } as const;

/**
 * Rows as a frame with exactly the stated columns.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { frameOfRows } from "./row_table.ts";
 *
 * const frame = frameOfRows([], { doc_id: "text", ma: "float?" });
 * assertEquals(frame.columns, ["doc_id", "ma"]);
 * ```
 */
export function frameOfRows<C extends Columns>(rows: readonly RowOf<C>[], columns: C): pl.DataFrame {
  return pl.DataFrame(
    Object.entries(columns).map(([name, type]) =>
      pl.Series(
        name,
        rows.map((row) => row[name as keyof C] ?? null),
        POLARS[type.replace("?", "") as ColumnType],
      )
    ),
  );
}

/**
 * Writes rows as a table; see `writeTable`.
 *
 * @throws {RangeError} when the extension is unknown
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { writeRows } from "./row_table.ts";
 *
 * const row = { doc_id: "a" };
 * await assertRejects(() => writeRows("a.txt", [row], { doc_id: "text" }), RangeError, "Unknown table format");
 * ```
 */
export async function writeRows<C extends Columns>(
  path: string,
  rows: readonly RowOf<C>[],
  columns: C,
  options: WriteFileOptions = {},
): Promise<void> {
  await writeTable(frameOfRows(rows, columns), path, options);
}

/** Options of {@linkcode readRows}. */
export interface ReadRowsOptions<C extends Columns> {
  /** Columns that may be missing, as in tables of earlier versions or of one's own: their cells are null then. */
  optional?: readonly (keyof C)[];
}

/**
 * Reads a table's rows and checks each value.
 *
 * @throws {Error} when it cannot be read or lacks a column; {TypeError} naming column and row of a wrong value
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { readRows, writeRows } from "./row_table.ts";
 *
 * const path = `${await Deno.makeTempDir()}/probe.csv`;
 * await writeRows(path, [{ doc_id: "007", ma: null }], { doc_id: "text", ma: "float?" });
 * assertEquals(await readRows(path, { doc_id: "text", ma: "float?" }), [{ doc_id: "007", ma: null }]);
 * await assertRejects(() => readRows(path, { ma: "float" }), TypeError, 'column "ma" of row 0 is null');
 * ```
 */
export async function readRows<C extends Columns>(
  path: string,
  columns: C,
  { optional = [] }: ReadRowsOptions<C> = {},
): Promise<RowOf<C>[]> {
  const text = Object.keys(columns).filter((name) => columns[name]!.startsWith("text"));
  const needed = Object.keys(columns).filter((name) => !optional.includes(name));
  const frame = await readTable(path, { columns: needed, optional: optional.map(String), text });
  return (frame.toRecords() as Record<string, unknown>[]).map((record, row) => {
    for (const [name, type] of Object.entries(columns)) {
      const value = normalize(record[name]);
      if (!fits(value, type)) {
        throw new TypeError(
          `Cannot read "${path}": column "${name}" of row ${row} is ${show(value)}, expected ${
            describe(type)
          }`,
        );
      }
      record[name] = value;
    }
    return record as RowOf<C>;
  });
}

/** NaN stands for null, and whole numbers may come as bigint. */
function normalize(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return value === undefined || Number.isNaN(value) ? null : value;
}

function fits(value: unknown, type: string): boolean {
  if (value === null) return type.endsWith("?");
  if (type.startsWith("text")) return typeof value === "string";
  if (type.startsWith("bool")) return typeof value === "boolean";
  return typeof value === "number" && (type.startsWith("float") || Number.isSafeInteger(value));
}

function show(value: unknown): string {
  return value === null ? "null" : `a ${typeof value}`;
}

function describe(type: string): string {
  const name =
    { text: "text", int: "a whole number", float: "a number", bool: "true or false" }[type.replace("?", "")];
  return type.endsWith("?") ? `${name} or null` : name!;
}
