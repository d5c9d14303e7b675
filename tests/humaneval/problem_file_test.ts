import { assertEquals, assertRejects } from "@std/assert";
import { type ProblemFileOptions, readProblemFile } from "../../lib/humaneval/problem_file.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const ROWS = ["a", "b"].map((task_id) => ({
  ...{ task_id, prompt: `def ${task_id}():\n    "Zwölf 🐍."\n`, entry_point: task_id },
  ...{ canonical_solution: "    return 12\n", test: "def check(candidate):\n    assert candidate() == 12\n" },
}));
const LINES = ROWS.map((row) => JSON.stringify(row) + "\n").join("");

/** A file of this content, read. */
async function readContent(content: string | Uint8Array<ArrayBuffer>, options?: ProblemFileOptions) {
  using folder = temporaryFolder();
  const path = `${folder.path}/p`;
  await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
  return await readProblemFile(path, options).catch((error) => {
    error.message = error.message.replaceAll(path, "p");
    throw error;
  });
}

function gzip(text: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).bytes();
}

Deno.test("readProblemFile() reads JSON lines and an array, packed or not, alike", async () => {
  const problems = await readContent(LINES);
  assertEquals(problems.map(({ task_id, solution }) => [task_id, solution]), [
    ["a", "\n    return 12\n"],
    ["b", "\n    return 12\n"],
  ]);
  const spellings = [
    LINES.trimEnd(),
    LINES.replaceAll("\n{", "\r\n\n \n{"),
    "\ufeff" + LINES,
    JSON.stringify(ROWS),
    "\n" + JSON.stringify(ROWS, null, 2),
  ];
  for (const spelling of spellings) {
    assertEquals(await readContent(spelling), problems, spelling);
    assertEquals(await readContent(await gzip(spelling)), problems, spelling);
  }
});

Deno.test("readProblemFile() refuses what is no file of problems, in a line without its text", async () => {
  const packed = await gzip(LINES);
  const refusals: [string | Uint8Array<ArrayBuffer>, string][] = [
    ["", "it has no rows"],
    ["\n \n", "it has no rows"],
    ["[]", "it has no rows"],
    [LINES + '{"task_id": "hunter2', "line 3 is not JSON"],
    ["[" + LINES, "it is a JSON array that is damaged or cut"],
    [packed.subarray(0, packed.length - 9), "its gzip is damaged or cut"],
    [Uint8Array.of(0x1f, 0x8b, 1, 2, 3), "its gzip is damaged or cut"],
    [Uint8Array.of(0x7b, 0xff, 0x7d), "it is not UTF-8"],
    ["PAR1....PAR1", "it is Parquet: write its rows as JSON lines"],
    [LINES + LINES, 'rows 1 and 3 are both "a"'],
    [LINES + "3\n", "row 3 is no object"],
    [
      LINES + JSON.stringify({ task_id: 1, text: "x", test_list: ["assert 1"] }),
      "row 3 is of the other kind than those before it",
    ],
  ];
  for (const [content, what] of refusals) {
    await assertRejects(
      () => readContent(content),
      SyntaxError,
      `Cannot read problems of "p": ${what}`,
    );
  }
  await assertRejects(() => readProblemFile("/nowhere/p"), Error, 'Cannot read problems "/nowhere/p"');
  await assertRejects(() => readProblemFile("/dev/zero"), TypeError, "it is a device");
});

Deno.test("readProblemFile() does not fill the memory with what a small file unpacks to", async () => {
  const packed = await gzip("\n".repeat(2 ** 20));
  await assertRejects(() => readContent(packed), SyntaxError, "it has no rows");
  const options = { maxBytes: 2 ** 20 - 1 };
  await assertRejects(() => readContent(packed, options), RangeError, "more than 1048575 bytes: give fewer");
  await assertRejects(() => readContent("\n".repeat(2 ** 20), options), RangeError, "it has 1048576 bytes");
});
