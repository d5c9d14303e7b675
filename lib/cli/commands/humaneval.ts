/**
 * `humaneval`: whether a model still writes code: samples of problems with tests, which are run in a sandbox.
 *
 * @module
 */
import { readProblemFile } from "../../humaneval/problem_file.ts";
import { JUDGE_BACKENDS, openJudge } from "../../sandbox/judge.ts";
import { defineCommand, UsageError } from "../command.ts";
import { checkModelOrSamples, judgeAgain } from "../humaneval_judged.ts";
import { planHumanEval } from "../humaneval_plan.ts";
import { HUMANEVAL_OPTIONS, problemsFile, runHumanEval } from "../humaneval_run.ts";
import { checkPrompts, drawFrom } from "../humaneval_prompts.ts";
import { modelFolder } from "../model_folder.ts";
import { PLAN_OPTION } from "../plan.ts";
import { openModel } from "../session.ts";

/** Samples that are there need none. */
const { required: _, ...MODEL } = HUMANEVAL_OPTIONS.model;

/**
 * The command `humaneval`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./humaneval.ts";
 *
 * assertEquals(command.options.sandbox.default, "pyodide");
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    ...HUMANEVAL_OPTIONS,
    model: MODEL,
    samples: {
      kind: "path",
      describe: "judge the samples of this file again, by --problems and --sandbox, in place of drawing any",
      metavar: "F",
    },
    sandbox: {
      kind: "choice",
      describe:
        "what runs model-written code: CPython in WebAssembly, the machine's in bubblewrap, or unconfined",
      choices: JUDGE_BACKENDS,
      default: "pyodide",
    },
    consent: {
      kind: "flag",
      describe: "with --sandbox none: model-written code may do here whatever you may",
    },
    timeout: { kind: "float", describe: "seconds that a program may take", default: 3, min: 0.1 },
    plan: PLAN_OPTION,
  },
  config: true,
  writes: true,
  async run({ sandbox: backend, consent, timeout: timeoutSeconds, plan, samples, ...given }, context) {
    if (backend === "none" && !consent) {
      throw new UsageError(
        "Cannot use --sandbox none: model-written code could do whatever you may: say so by --consent",
      );
    }
    checkModelOrSamples({ ...given, samples, plan });
    await using held = new AsyncDisposableStack();
    const open = async (folder: string) =>
      held.use(await openJudge({ backend, consent, timeoutSeconds, folder }));
    if (samples !== undefined) return await judgeAgain({ ...given, samples }, context, { openJudge: open });
    const values = { ...given, model: given.model! };
    if (plan) return await planHumanEval(await readProblemFile(problemsFile(values)), values, context);
    return await runHumanEval(values, context, {
      checkPrompts: async (problems) =>
        await checkPrompts(problems, await modelFolder(values.model, context), {
          ...values,
          seed: context.seed,
        }),
      openSampler: async () => {
        const session = held.use(
          await openModel(values.model, context, { products: values.dtype, adapter: values.adapter }),
        );
        return drawFrom(session, { ...values, seed: context.seed });
      },
      openJudge: open,
    });
  },
});
