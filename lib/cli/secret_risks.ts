/**
 * How much harm each secret's leak does, by a column of the forget set or of a table of secrets: `unlearn --risk`.
 *
 * @module
 */
import { placeKey } from "../datasets/place.ts";
import { type Columns, readRows } from "../datasets/row_table.ts";
import { objectiveOf, type ObjectiveOptions } from "../unlearning/objectives.ts";
import { type OptionSpecs, type OptionValues, UsageError } from "./command.ts";

/** The options by name. */
export const RISK_OPTIONS = {
  risk: {
    kind: "string",
    describe: "column of how much harm each secret's leak does, above 0: its weight in the loss",
    metavar: "COLUMN",
  },
  riskTable: {
    kind: "path",
    describe: "table of secrets that has it; else a row of --forget says it of all its secrets",
    metavar: "F",
  },
} as const satisfies OptionSpecs;

/** Methods on rows alone, whatever they are asked. */
const OF_ROWS = ["ga", "cu"];

/** What is asked for. */
export interface RiskRequest extends OptionValues<typeof RISK_OPTIONS>, Pick<ObjectiveOptions, "scope"> {
  /** A name of `METHODS`. */
  method: string;
  /** Whose means. */
  compat: string;
  /** The forget set. */
  forget: string;
}

/** A row of the forget set with its secrets. */
interface RowSecrets {
  readonly secrets: readonly { readonly doc_id: string; readonly start: number; readonly end: number }[];
}

/** The risks of the secrets of each row of the forget set. */
export type Risks = <R extends RowSecrets>(rows: readonly R[]) => (R & { risks?: readonly number[] })[];

/**
 * Reads the risks.
 *
 * @returns a function that gives the forget set's rows their secrets' risks, and throws a RangeError where one has none
 * @throws {UsageError} where the method takes whole rows, or the means are the reference's; {Error} where the column is not
 * there; {RangeError} for a risk that is not above 0
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { writeRows } from "../datasets/row_table.ts";
 * import { readRisks } from "./secret_risks.ts";
 *
 * const forget = `${await Deno.makeTempDir()}/forget.csv`;
 * await writeRows(forget, [{ harm: 2 }], { harm: "float" });
 * const asked = { method: "npo", compat: "sound", forget, risk: "harm", riskTable: undefined };
 * const risks = await readRisks(asked);
 * const secrets = [{ doc_id: "a", start: 0, end: 3 }, { doc_id: "a", start: 5, end: 9 }];
 * assertEquals(risks([{ secrets }])[0]!.risks, [2, 2]);
 * await assertRejects(() => readRisks({ ...asked, method: "ga" }), Error, "Cannot use --risk with ga");
 * ```
 */
export async function readRisks(request: RiskRequest): Promise<Risks> {
  const { risk, riskTable, forget } = request;
  if (risk === undefined) {
    if (riskTable !== undefined) {
      throw new UsageError('Missing option "--risk": which column of --risk-table');
    }
    return (rows) => [...rows];
  }
  refuseRows(request);
  const table = riskTable ?? forget;
  const places: Columns = riskTable === undefined ? {} : { doc_id: "text", start: "int", end: "int" };
  const found = await readRows(table, { ...places, [risk]: "float" }) as unknown as Record<string, number>[];
  const values = found.map((row) => row[risk]!);
  const wrong = values.findIndex((value) => !(value > 0 && Number.isFinite(value)));
  if (wrong >= 0) {
    throw new RangeError(
      `Cannot use risk ${values[wrong]} of row ${wrong} of "${table}": more than 0 is needed`,
    );
  }
  if (riskTable === undefined) {
    return (rows) => rows.map((row, i) => ({ ...row, risks: row.secrets.map(() => values[i]!) }));
  }
  const byPlace = new Map(
    found.map((row, i) => [placeKey(row as unknown as Parameters<typeof placeKey>[0]), values[i]!]),
  );
  return (rows) => {
    const all = rows.flatMap(({ secrets }) => secrets);
    const missing = all.filter((secret) => !byPlace.has(placeKey(secret)));
    if (missing.length > 0) {
      const { doc_id, start, end } = missing[0]!;
      throw new RangeError(
        `Cannot find the risk of ${missing.length} of ${all.length} secrets in "${riskTable}", such as that at ` +
          `${start}..${end} of "${doc_id}": give each a row`,
      );
    }
    return rows.map((row) => ({
      ...row,
      risks: row.secrets.map((secret) => byPlace.get(placeKey(secret))!),
    }));
  };
}

function refuseRows({ method, scope, compat }: RiskRequest): void {
  if (OF_ROWS.includes(method)) throw new UsageError(`Cannot use --risk with ${method}: it takes whole rows`);
  if (objectiveOf(method).edits) {
    throw new UsageError(`Cannot use --risk with ${method}: it weighs no secrets`);
  }
  if (scope === "row") throw new UsageError("Cannot use --risk with --scope row: it weighs secrets");
  if (compat === "reference") throw new UsageError("Cannot use --risk with --compat reference: it has none");
}
