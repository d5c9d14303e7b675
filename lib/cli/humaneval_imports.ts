/**
 * Whether a sandbox has the modules that problems import: HumanEval+'s tests need NumPy, without which every sample would
 * fail, and nothing would say why.
 *
 * @module
 */
import type { Problem } from "../humaneval/problem.ts";

/** What judges a program. */
export interface SampleJudge {
  /** Says whether it runs to its end; rejects only where judging is not possible. */
  run(sample: { id: string; program: string }): Promise<{ passed: boolean; reason: string; detail?: string }>;
}

const MODULE = String.raw`[A-Za-z_][\w.]*(?:[ \t]+as[ \t]+\w+)?`;
/** To the line's end: prose, as docstrings have it, may begin a line with "import" too. */
const IMPORT = new RegExp(
  String.raw`^[ \t]*(?:import[ \t]+(${MODULE}(?:[ \t]*,[ \t]*${MODULE})*)[ \t]*(?:[;#].*)?\r?$|` +
    String.raw`from[ \t]+([A-Za-z_][\w.]*)[ \t]+import\b)`,
  "gm",
);

/**
 * The modules that a Python source imports, by the first part of their names, each once; none of relative ones.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { importedModules } from "./humaneval_imports.ts";
 *
 * const source = "import numpy as np, os.path\nfrom math import pi\n    from .own import x\nimport the list";
 * assertEquals(importedModules(source), ["numpy", "os", "math"]);
 * ```
 */
export function importedModules(source: string): string[] {
  const names = [...source.matchAll(IMPORT)].flatMap(([, several, one]) => one ?? several!.split(","));
  return [...new Set(names.map((name) => /^\s*(\w+)/.exec(name)![1]!))];
}

/**
 * Refuses problems whose prompts or tests import what the sandbox has not, by running an import of each module in it.
 *
 * @throws {Error} naming the module, a problem that needs it, and what the import failed with
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { checkImports } from "./humaneval_imports.ts";
 *
 * const problem = { task_id: "T/0", preamble: "def f():", tests: "import numpy as np", prompt: "", solution: null, stops: [] };
 * const judge = { run: () => Promise.resolve({ passed: false, reason: "failed", detail: "ModuleNotFoundError" }) };
 * const message = 'Cannot judge "T/0": it imports numpy, which the sandbox cannot (failed, ModuleNotFoundError)';
 * await assertRejects(() => checkImports([problem], judge), Error, message);
 * ```
 */
export async function checkImports(problems: readonly Problem[], judge: SampleJudge): Promise<void> {
  const first = new Map<string, string>();
  for (const { task_id, preamble, tests } of problems) {
    for (const name of importedModules(`${preamble}\n${tests}`)) {
      if (!first.has(name)) first.set(name, task_id);
    }
  }
  await Promise.all([...first].map(async ([name, taskId]) => {
    const { passed, reason, detail } = await judge.run({ id: `import ${name}`, program: `import ${name}\n` });
    if (passed) return;
    const why = detail ? `${reason}, ${detail}` : reason;
    throw new Error(
      `Cannot judge "${taskId}": it imports ${name}, which the sandbox cannot (${why}): take another --sandbox, or ` +
        "install it for python3",
    );
  }));
}
