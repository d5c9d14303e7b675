/** `humaneval` with a model that is drawn from and a sandbox that judges, both made up, in a folder of its own. */
import { join } from "node:path";
import type { Context } from "../../lib/cli/command.ts";
import { type HumanEvalParts, type HumanEvalValues, runHumanEval } from "../../lib/cli/humaneval_run.ts";
import type { Settings } from "../../lib/files/settings.ts";
import type { DrawnSample } from "../../lib/cli/humaneval_samples.ts";
import { HUMANEVAL_FILES } from "../../lib/cli/humaneval_files.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { temporaryFolder } from "./run_cli.ts";

export const NAMES = ["one", "two", "three", "four"];
export const ROWS = NAMES.map((name, i) => ({
  ...{ task_id: `Made/${name}`, prompt: `def ${name}():\n    "It is ${i + 1}."\n`, entry_point: name },
  test: `def check(candidate):\n    assert candidate() == ${i + 1}\n`,
}));

export const QUIET = { write: () => true, isTTY: false, columns: 80 };

/** A folder with problems and a model's folder, runs of it, and what they drew and judged. */
export async function world() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await Deno.writeTextFile(path("problems.jsonl"), ROWS.map((row) => JSON.stringify(row) + "\n").join(""));
  for (const name of ["model", "other"]) {
    await Deno.mkdir(path(name));
    await Deno.writeTextFile(path(`${name}/config.json`), JSON.stringify({ name }));
    await Deno.writeTextFile(path(`${name}/model.safetensors`), name);
    await Deno.writeTextFile(path(`${name}/tokenizer.json`), "{}");
  }
  const drawn: string[] = [];
  const judged: string[] = [];
  const parts: HumanEvalParts = {
    checkPrompts: () => Promise.resolve(),
    openSampler: () =>
      Promise.resolve(async function* (problems, { n, isDone }) {
        for (let sample = n - 1; sample >= 0; sample--) { // problems go round
          for (const { task_id } of problems) {
            if (isDone!(task_id, sample)) continue;
            drawn.push(`${task_id} ${sample}`);
            yield sampleOf(task_id, sample);
          }
        }
      }),
    openJudge: () =>
      Promise.resolve({
        run({ id, program }) {
          if (/^import \w+\n$/.test(program)) {
            const passed = program !== "import numpy\n";
            return Promise.resolve({ passed, reason: "failed", detail: "ModuleNotFoundError" });
          }
          judged.push(id);
          const [, said] = /return (\d+)/.exec(program)!;
          const passed = program.includes(`== ${said}\n`);
          return Promise.resolve(
            passed ? { passed, reason: "passed" } : { passed, reason: "failed", detail: "Wrong" },
          );
        },
      }),
  };
  const run = async (
    changes: Partial<HumanEvalValues> = {},
    { context = {}, judge = {}, ...others }: Partial<HumanEvalParts> & {
      context?: Partial<Context>;
      judge?: Settings;
    } = {},
  ) => {
    drawn.length = judged.length = 0;
    const values: HumanEvalValues = {
      ...{ model: path("model"), dtype: "float32", problems: path("problems.jsonl"), n: 2 },
      ...{
        temperature: 0.2,
        topP: 0.95,
        maxTokens: 512,
        before: undefined,
        adapter: undefined,
        shard: undefined,
        out: path("out"),
      },
      ...changes,
    };
    const { out: _, ...settings } = values;
    const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
    return await runHumanEval(values, {
      ...{ progress: createProgress({ stream: QUIET }), signal: new AbortController().signal, log: () => {} },
      ...{ breathe: () => Promise.resolve(), cwd: folder.path, seed: 42, force: false },
      settings: { ...given, sandbox: "pyodide", timeout: 3, ...judge, seed: 42 } as Context["settings"],
      ...context,
    }, { ...parts, ...others });
  };
  return { path, run, parts, drawn, judged, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

/** The first samples of each problem say one, others two. */
export function sampleOf(task_id: string, sample: number): DrawnSample {
  const completion = `\n    return ${sample === 0 ? 1 : 2}\n`;
  return { task_id, sample, completion, ended: sample % 2 ? "length" : "stop", tokens: 5 };
}

/** The bytes of a run's files, which do not depend on what came first. */
export function bytesOf(folder: string): string[] {
  return Object.values(HUMANEVAL_FILES).map((name) => Deno.readFileSync(join(folder, name)).toString());
}

/** A sampler that fails when it has drawn some. */
export function failingAfter(count: number, { openSampler }: HumanEvalParts): HumanEvalParts["openSampler"] {
  return async () => {
    const draw = await openSampler();
    return async function* (problems, options) {
      let left = count;
      for await (const sample of draw(problems, options)) {
        if (left-- === 0) throw new Error("Cannot draw: stopped");
        yield sample;
      }
    };
  };
}
