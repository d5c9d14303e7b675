/**
 * Judging of ten samples a problem in the sandbox, each problem's own solution as the sample. The problems are a file of
 * HumanEval's or MBPP's columns, by `--problems`.
 *
 * @module
 */
import { basename } from "node:path";
import { programOf, readProblems } from "../../lib/humaneval/mod.ts";
import { openJudge } from "../../lib/sandbox/mod.ts";
import type { BenchContext } from "./models.ts";
import { type BenchRow, seconds } from "./bench_table.ts";

const SAMPLES = 10;
const WORKERS = 2;

/** Wall time of judging, interpreters started before; nothing where no problems are given. */
export async function benchJudging({ problems: path, log }: BenchContext): Promise<BenchRow[]> {
  if (path === undefined) {
    log("judging is left out: give --problems FILE");
    return [];
  }
  const lines = (await Deno.readTextFile(path)).trim().split("\n").map((line) => JSON.parse(line));
  const programs = readProblems(lines, basename(path)).flatMap(({ solution, ...problem }) =>
    solution === null ? [] : [{ id: problem.task_id, program: programOf({ ...problem, solution }, solution) }]
  );
  log(`judging ${programs.length} x ${SAMPLES}`);
  await using judge = await openJudge({ workers: WORKERS });
  const failed = new Set<string>();
  const taken = await seconds(() =>
    Promise.all(
      Array.from({ length: SAMPLES }, () => programs).flat().map(async (sample) => {
        const { passed, id } = await judge.run(sample);
        if (!passed) failed.add(id);
      }),
    )
  );
  return [{
    name: `judging ${programs.length} x ${SAMPLES} samples`,
    unit: "s",
    ours: { name: `pyodide, ${WORKERS} processes`, values: [taken] },
    peer: null,
    goal: { below: 120 },
    notes: [failed.size === 0 ? "all pass" : `not passed: ${[...failed].join(", ")}`],
  }];
}
