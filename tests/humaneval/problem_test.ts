import { assertEquals, assertThrows } from "@std/assert";
import {
  completionOf,
  cutAtStop,
  HUMANEVAL_STOPS,
  MBPP_STOPS,
  programOf,
  readProblems,
} from "../../lib/humaneval/problem.ts";

const ROW = {
  task_id: "Made/0",
  prompt: '\n\ndef twice(n):\n    """ Twice a number. """\n',
  canonical_solution: "    return 2 * n\n",
  entry_point: "twice",
  test: "def check(candidate):\n    assert candidate(2) == 4\n",
};

Deno.test("a problem's program is its prompt, a completion, its tests and a call of check, as HumanEval has them", () => {
  const [problem] = readProblems([ROW], "made.jsonl");
  assertEquals(problem!.prompt, 'def twice(n):\n    """ Twice a number. """');
  const completion = cutAtStop(
    "\n    return n + n\n\nprint(twice(1))\ndef other():\n    pass",
    problem!.stops,
  );
  assertEquals(completion, "\n    return n + n\n");
  assertEquals(
    programOf(problem!, completion),
    'def twice(n):\n    """ Twice a number. """\n    return n + n\n\n' + ROW.test + "\ncheck(twice)",
  );
  assertEquals(problem!.solution, "\n    return 2 * n\n", "the white space that the prompt lost is in it");
  const none = readProblems([{ ...ROW, canonical_solution: undefined }], "made.jsonl");
  assertEquals(none[0]!.solution, null);
});

Deno.test("prompts lose the white space that Python's strip takes, and no other", () => {
  const promptOf = (prompt: string) => readProblems([{ ...ROW, prompt }], "made.jsonl")[0]!.prompt;
  assertEquals(promptOf("\x1c\t\u3000def f():\u2029\x85"), "def f():");
  assertEquals(promptOf("\ufeffdef f():\u200b"), "\ufeffdef f():\u200b");
});

Deno.test("an MBPP problem shows three of its tests and is judged by all of them", () => {
  const row = {
    ...{ task_id: 11, text: "Write a function to add one.", code: "def inc(n):\n    return n + 1" },
    ...{ test_setup_code: "import math", test_list: [1, 2, 3, 4].map((n) => `assert inc(${n}) == ${n + 1}`) },
  };
  const [problem] = readProblems([row], "mbpp.jsonl");
  const shown = row.test_list.slice(0, 3).join("\n");
  assertEquals(problem!.prompt, `"""\nWrite a function to add one.\n${shown}\n"""\n`);
  assertEquals(
    programOf(problem!, problem!.solution!),
    `${row.code}\nimport math\n${row.test_list.join("\n")}`,
  );
  const { text, ...others } = row;
  const sanitized = { ...others, prompt: text, test_setup_code: undefined, test_imports: ["import math"] };
  assertEquals(readProblems([sanitized], "mbpp.jsonl"), [problem]);
});

Deno.test("problems that cannot be judged are refused by their row", () => {
  const refusals: [unknown[], string][] = [
    [[], "it has no rows"],
    [[ROW, 3], "row 2 is no object"],
    [[ROW, { ...ROW, task_id: "b", test: "" }], "row 2 has no test"],
    [[{ ...ROW, entry_point: undefined }], "row 1 has no entry_point"],
    [[{ ...ROW, test: 3 }], "row 1 has a test that is no text"],
    [[{ ...ROW, task_id: null }], "row 1 has no task_id"],
    [[ROW, { ...ROW, task_id: "b" }, ROW], 'rows 1 and 3 are both "Made/0"'],
    [[{ task_id: 1, text: "x", test_list: [] }], "row 1 has an empty test_list"],
    [[{ task_id: 1, text: "x", test_list: "assert" }], "row 1 has a test_list that is no list of texts"],
    [[{ task_id: 1, test_list: ["assert 1"] }], "row 1 has no prompt"],
    [
      [ROW, { task_id: 1, text: "x", test_list: ["assert 1"] }],
      "row 2 is of the other kind than those before it",
    ],
  ];
  for (const [rows, what] of refusals) {
    assertThrows(
      () => readProblems(rows, "p.jsonl"),
      SyntaxError,
      `Cannot read problems of "p.jsonl": ${what}`,
    );
  }
});

Deno.test("cutAtStop() cuts at the first of all stops, wherever it stands", () => {
  assertEquals(cutAtStop("\ndef f(): pass", HUMANEVAL_STOPS), "");
  assertEquals(cutAtStop("x\n#a\n@b", HUMANEVAL_STOPS), "x");
  assertEquals(cutAtStop("x\n#a\n@b", ["\n@"]), "x\n#a");
  assertEquals(cutAtStop("  ifx\n  if y", []), "  ifx\n  if y");
  for (const stops of [HUMANEVAL_STOPS, MBPP_STOPS]) {
    for (const stop of stops) assertEquals(cutAtStop(`a${stop}b`, stops), "a");
  }
});

Deno.test("completionOf() leaves the prompt out by Python's characters, as bigcode-evaluation-harness does", () => {
  const problem = { prompt: 'def f():\n    "\u{1f40d}"', stops: HUMANEVAL_STOPS };
  const completion = "\n    return 1\n";
  assertEquals(completionOf(`${problem.prompt}${completion}\n# so`, problem), completion);
  assertEquals(completionOf(`${problem.prompt}${completion}`, problem), completion);
  // a tokenizer that spells the snake as one unknown character, which has half as many UTF-16 units, or as two
  const unknown = problem.prompt.replace("\u{1f40d}", "\ufffd");
  assertEquals(completionOf(`${unknown}${completion}`, problem), completion);
  assertEquals(
    completionOf(`${unknown.replace("\ufffd", "\ufffd\ufffd")}${completion}`, problem),
    `"${completion}`,
  );
});
