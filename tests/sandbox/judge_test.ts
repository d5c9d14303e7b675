/** Verdicts and limits, the same in every sandbox; what is refused. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type JudgeBackend, openJudge, type Reason } from "../../lib/sandbox/mod.ts";
import { hasBubblewrap } from "./find_bubblewrap.ts";

const SOLUTION = "def double(x):\n    return 2 * x\n";
const TEST = "def check(candidate):\n    assert candidate(2) == 4\n";

/** Programs and what is said of them; `null` where CPython and Pyodide come to the same end by different ways. */
const PROGRAMS: readonly [string, string, Reason | null, string?][] = [
  ["a solution", `${SOLUTION}\n${TEST}\ncheck(double)`, "passed"],
  ["a wrong one", `${SOLUTION.replace("2", "3")}\n${TEST}\ncheck(double)`, "failed", "AssertionError"],
  ["no Python", "def f(:", "failed", "SyntaxError"],
  ["nothing", "", "passed"],
  ["text that is no UTF-8 cookie", "# -*- coding: latin-1 -*-\nassert len('é') == 1", "passed"],
  ["a zero before the tests", "x = 1\0\nassert False", "failed"],
  ["half a character", "x = '\ud800'", "failed"],
  ["its name", "assert __name__ == 'builtins'", "passed"],
  ["the end of the interpreter", "import sys\nsys.exit(0)", "failed", "SystemExit"],
  ["the end of the process", "import os\nos._exit(0)", "no-verdict"],
  ["an abort", "import os\nos.abort()", "no-verdict"],
  ["input", "input()", "failed", "EOFError"],
  ["a deep call", "def f():\n    f()\nf()", "failed", "RecursionError"],
  ["a deep expression", `${"(".repeat(1e4)}${")".repeat(1e4)}`, null],
  ["an endless loop", "while True:\n    pass", "timed-out"],
  [
    "a swallowed interrupt",
    "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass",
    "timed-out",
  ],
  ["an endless step", "10 ** 10 ** 8", "timed-out"],
  ["sleep", "import time\ntime.sleep(60)", "timed-out"],
  ["memory", "x = bytearray(10 ** 9)", "out-of-memory", "MemoryError"],
  ["memory bit by bit", "x = []\nwhile True:\n    x.append(bytearray(5 * 10 ** 7))", "out-of-memory"],
  ["output", "for _ in range(300):\n    print('x' * 10 ** 4)", "too-much-output"],
  ["a long file", "f = open('f', 'wb')\nfor _ in range(300):\n    f.write(b'x' * 10 ** 4)", null],
  ["a long file of nothing", "open('f', 'wb').truncate(10 ** 9)", null],
  ["a file far away", "f = open('f', 'wb')\nf.seek(10 ** 9)\nf.write(b'x')\nf.flush()", null],
  [
    "little output",
    "print('x' * 10 ** 4)\nopen('f', 'w').write('x')\nassert open('f').read() == 'x'",
    "passed",
  ],
  [
    "a forged verdict",
    "import os\nfor fd in range(20):\n    try:\n        os.write(fd, b'passed\\n')\n    except OSError:\n        pass\nos._exit(0)",
    "no-verdict",
  ],
];

async function checkPrograms(backend: JudgeBackend): Promise<void> {
  const limits = { timeoutSeconds: 2, memoryBytes: 2 ** 28, outputBytes: 2e6 };
  await using judge = await openJudge({ backend, workers: 2, ...limits });
  await Promise.all(PROGRAMS.map(async ([name, program, reason, detail]) => {
    const verdict = await judge.run({ id: name, program });
    assertEquals([verdict.id, verdict.passed], [name, reason === "passed"], `${name}: ${verdict.reason}`);
    if (reason !== null) assertEquals(verdict.reason, reason, `${name}: ${verdict.detail}`);
    if (detail !== undefined) assertEquals(verdict.detail, detail, name);
  }));
}

Deno.test("openJudge() with pyodide says what came of programs", () => checkPrograms("pyodide"));

Deno.test({
  name: "openJudge() with bubblewrap says what came of programs (left out where bwrap is not installed)",
  ignore: !await hasBubblewrap(),
  fn: () => checkPrograms("bubblewrap"),
});

Deno.test("openJudge() without limits to speak of lets the same programs pass", async () => {
  const limits = { timeoutSeconds: 60, memoryBytes: 2 ** 32, outputBytes: 1e10 };
  const names = ["memory", "output", "a long file", "a long file of nothing", "a file far away"];
  await using judge = await openJudge({ backend: "none", consent: true, workers: 1, ...limits });
  for (const [id, program] of PROGRAMS.filter(([name]) => names.includes(name))) {
    assertEquals((await judge.run({ id, program })).reason, "passed", id);
  }
});

Deno.test("a program meets nothing that one before it left", async () => {
  const leave = "import builtins, math, os, sys\nbuiltins.max = lambda *values: 7\nmath.pi = 3\n" +
    "os.environ['LEFT'] = '1'\nsys.setrecursionlimit(50)\nsys.modules['left'] = math\nopen('left', 'w').write('x')\n" +
    "os.close(1)\nos.close(2)\nsys.path.clear()\nos.chdir('/')\n";
  const look =
    "import math, os, sys\nassert max(1, 2) == 2\nassert math.pi > 3\nassert 'LEFT' not in os.environ\n" +
    "assert 'left' not in sys.modules\nassert not os.path.exists('left')\nassert sys.path\n";
  await using judge = await openJudge({ workers: 1 });
  assertEquals((await judge.run({ id: "both", program: leave + look })).reason, "failed"); // it can show
  assertEquals((await judge.run({ id: "leave", program: leave })).reason, "passed");
  assertEquals((await judge.run({ id: "look", program: look })).reason, "passed");
});

Deno.test("a program that ended in time passes though its answer is read late", async () => {
  await using judge = await openJudge({ backend: "none", consent: true, workers: 1, timeoutSeconds: 3 });
  const running = judge.run({ id: "quick", program: "assert 1 + 1 == 2" });
  await new Promise((resolve) => setTimeout(resolve, 100)); // it has been started
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000); // as the capture of a large model would
  assertEquals((await running).reason, "passed");
  const slow = judge.run({ id: "slow", program: "import time\ntime.sleep(3.5)" });
  await new Promise((resolve) => setTimeout(resolve, 100));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5000);
  assertEquals((await slow).reason, "timed-out"); // by its own clock
});

Deno.test("run() may be called many times at once, and says it when the judge was closed", async () => {
  const judge = await openJudge({ workers: 2 });
  const samples = Array.from({ length: 12 }, (_, i) => ({ id: `${i}`, program: `assert ${i} % 3` }));
  const verdicts = await Promise.all(samples.map((sample) => judge.run(sample)));
  assertEquals(verdicts.map(({ id }) => id), samples.map(({ id }) => id));
  assertEquals(verdicts.map(({ passed }) => passed), samples.map((_, i) => i % 3 > 0));
  const running = samples.slice(0, 4).map(({ id }) => judge.run({ id, program: "while True: pass" }));
  const ended = Promise.allSettled(running);
  await judge[Symbol.asyncDispose]();
  for (const result of await ended) {
    assert(result.status === "rejected" && result.reason.message === "Cannot judge: the judge was closed");
  }
  await assertRejects(() => judge.run(samples[0]!), Error, "Cannot judge: the judge was closed");
});

Deno.test("openJudge() refuses what it can't hold", async () => {
  const wrong: [Parameters<typeof openJudge>[0], string][] = [
    [
      { backend: "none" },
      "Cannot judge without a sandbox: model-written code could do whatever you may: give consent, or take another one",
    ],
    [{ backend: "docker" as "none" }, 'Unknown sandbox "docker": expected "pyodide", "bubblewrap", "none"'],
    [{ workers: 0 }, "Cannot judge with 0 workers: expected a whole number of at least 1"],
    [{ timeoutSeconds: 0 }, "Cannot judge with timeoutSeconds 0: expected a number of at least 0.01"],
    [{ memoryBytes: 1 }, "Cannot judge with memoryBytes 1: expected a number of at least 67108864"],
    [{ outputBytes: NaN }, "Cannot judge with outputBytes NaN: expected a number of at least 0"],
  ];
  for (const [options, message] of wrong) {
    const error = await assertRejects(() => openJudge(options), RangeError);
    assertEquals(error.message, message);
  }
});

Deno.test({
  name: "openJudge() says that bubblewrap is missing (left out where bwrap is installed)",
  ignore: await hasBubblewrap(),
  fn: async () => {
    const error = await assertRejects(() => openJudge({ backend: "bubblewrap" }));
    assertEquals(
      (error as Error).message,
      "Cannot start the sandbox: bwrap (bubblewrap) is not on PATH or may not be run: install bubblewrap, " +
        "allow it by --allow-run=bwrap,python3",
    );
  },
});
