/**
 * The columns of secrets as people are shown them: where an editor finds a place, and what stands there, without its value.
 *
 * @module
 */
import { type Columns, DETECT_COLUMNS } from "./columns.ts";

/** The columns that `detect --places` adds, and all that shows places to people. */
export const PLACE_COLUMNS = {
  line: "int",
  column: "int",
  end_line: "int",
  end_column: "int",
  cell: "int?",
  cell_line: "int?",
  commit: "text?",
  description: "text",
} as const satisfies Columns;

/** The columns of `detect --places`. */
export const FINDING_COLUMNS = { ...DETECT_COLUMNS, ...PLACE_COLUMNS } as const satisfies Columns;
