/**
 * HumanEval and MBPP as texts that a model cannot have seen, as the reference takes them for Qwen.
 *
 * @module
 */
import { readProblemRows } from "../humaneval/problem_file.ts";
import type { UNSEEN_COLUMNS } from "../datasets/unseen_columns.ts";
import type { RowOf } from "../datasets/row_table.ts";

/** MBPP's test split: the tasks of these numbers, where a file holds others too (its README). */
const [FIRST_TEST, LAST_TEST] = [11, 510];

/**
 * The texts of a file of problems: of HumanEval prompt, line break and canonical solution; of MBPP the code of its test
 * split.
 *
 * @throws {SyntaxError} if a row is neither, or there is none
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unseenProblems } from "./unseen_problems.ts";
 *
 * const path = `${await Deno.makeTempDir()}/mbpp.jsonl`;
 * await Deno.writeTextFile(path, '{"task_id":2,"code":"x"}\n{"task_id":11,"code":"y"}\n');
 * assertEquals(await unseenProblems(path), [{ doc_id: "mbpp/11", corpus: "mbpp", text: "y" }]);
 * ```
 */
export async function unseenProblems(path: string): Promise<RowOf<typeof UNSEEN_COLUMNS>[]> {
  const rows = (await readProblemRows(path)).map((row, i) => {
    const refuse = (what: string): never => {
      throw new SyntaxError(`Cannot read problems of "${path}": row ${i + 1} ${what}`);
    };
    if (typeof row !== "object" || row === null) return refuse("is no object");
    const { task_id, prompt, canonical_solution, code } = row as { [name: string]: unknown };
    if (typeof task_id !== "string" && !Number.isSafeInteger(task_id)) return refuse("has no task_id");
    if (typeof prompt === "string" && typeof canonical_solution === "string") {
      return { doc_id: String(task_id), corpus: "human_eval", text: `${prompt}\n${canonical_solution}` };
    }
    if (typeof code !== "string") return refuse("has neither prompt and canonical_solution nor code");
    if (!(Number(task_id) >= FIRST_TEST && Number(task_id) <= LAST_TEST)) return null;
    return { doc_id: `mbpp/${task_id}`, corpus: "mbpp", text: code };
  }).filter((row) => row !== null);
  if (rows.length > 0) return rows;
  throw new SyntaxError(
    `Cannot read problems of "${path}": it has none of HumanEval or of MBPP's test split, tasks ${FIRST_TEST} to ${LAST_TEST}`,
  );
}
