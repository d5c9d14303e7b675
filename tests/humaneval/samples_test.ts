import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { generationsOf, mergeSamples } from "../../lib/humaneval/merge_samples.ts";
import { readProblems } from "../../lib/humaneval/problem.ts";
import { type CodeSample, readSamples, sampleLines, settingsOf } from "../../lib/humaneval/samples.ts";
import { SamplesFile, type SamplesFileOptions } from "../../lib/humaneval/samples_file.ts";
import { temporaryFolder } from "../cli/run_cli.ts";

const PROBLEMS = readProblems(
  ["one", "two", "three", "four", "five"].map((name) => ({
    ...{ task_id: `Made/${name}`, prompt: `def ${name}():\n`, entry_point: name },
    test: "def check(candidate):\n    assert candidate()\n",
  })),
  "made",
);
const SETTINGS = { model: "a", temperature: 0.2, stop: ["\n#"] };
const OPTIONS: SamplesFileOptions = { problems: PROBLEMS, settings: SETTINGS, n: 2 };

/** What a model would write, by problem and number alone; hard to spell and to tear. */
function sampleOf(task_id: string, sample: number): Omit<CodeSample, "problem"> {
  return {
    ...{ task_id, sample, tokens: sample + 3, ended: sample % 2 ? "stop" : "end-of-text" },
    completion: `\n    return "\u00e9\u{1f40d}\u2028\ud800\\" + ${sample}\r\n\x7f`,
  };
}

/** Makes some of what is missing, the last first. */
async function draw(path: string, options: SamplesFileOptions, most = Infinity): Promise<number> {
  using file = await SamplesFile.open(path, options);
  const missing = [...file.missing()].reverse().slice(0, most);
  for (const { problem, sample } of missing) await file.append(sampleOf(problem.task_id, sample));
  if ([...file.missing()].length === 0) await file.finish();
  return missing.length;
}

/** The file of one process. */
async function wholeFile(path: string, options = OPTIONS): Promise<string> {
  await draw(path, options);
  return await Deno.readTextFile(path);
}

Deno.test("a samples file has task_id and completion on each row, the settings on the first, and is ASCII", async () => {
  using folder = temporaryFolder();
  const text = await wholeFile(`${folder.path}/s.jsonl`);
  // deno-lint-ignore no-control-regex -- what is not ASCII
  assert(/^[\x00-\x7e]*$/.test(text));
  const rows = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(rows.map(({ task_id, sample }) => [task_id, sample]).slice(0, 3), [
    ["Made/one", 0],
    ["Made/one", 1],
    ["Made/two", 0],
  ]);
  assertEquals(rows[3].completion, sampleOf("", 1).completion);
  assertEquals(rows.map(({ settings }) => settings?.temperature), [0.2, ...Array(9).fill(undefined)]);
  assertEquals(rows[0].settings, settingsOf(SETTINGS, PROBLEMS));
  const names = ["task_id", "completion", "problem", "sample", "ended", "tokens", "digest"];
  assertEquals(Object.keys(rows[1]), names);
});

Deno.test("a samples file cut at any byte goes on to the same bytes, and draws again what was cut only", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/s.jsonl`;
  using file = await SamplesFile.open(path, OPTIONS);
  for (const { problem, sample } of [...file.missing()].reverse()) {
    await file.append(sampleOf(problem.task_id, sample));
  }
  const unordered = await Deno.readTextFile(path);
  await file.finish();
  const whole = await Deno.readTextFile(path);
  assert(unordered !== whole);
  assertEquals(unordered.length, whole.length);
  for (const text of [unordered, whole]) {
    for (let end = 0; end <= text.length; end += 17) {
      await Deno.writeTextFile(path, text.slice(0, end));
      const kept = text.slice(0, end).split("\n").length - 1;
      assertEquals(await draw(path, OPTIONS), 10 - kept);
      assertEquals(await Deno.readTextFile(path), whole);
    }
  }
});

Deno.test("a torn line is gone before the next sample is written", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/s.jsonl`;
  await draw(path, OPTIONS, 2);
  await Deno.writeTextFile(path, '{"task_id":"Made/o', { append: true });
  assertEquals(await draw(path, OPTIONS, 1), 1);
  assertEquals((await readSamples(path))!.samples.length, 3);
});

Deno.test("more samples of each problem leave those that are there as they are", async () => {
  using folder = temporaryFolder();
  const [path, other] = [`${folder.path}/s.jsonl`, `${folder.path}/t.jsonl`];
  await draw(path, OPTIONS);
  const more = { ...OPTIONS, n: 7 };
  assertEquals(await draw(path, more, 11), 11);
  assertEquals(await draw(path, more), 14);
  assertEquals(await Deno.readTextFile(path), await wholeFile(other, more));
  await assertRejects(
    () => SamplesFile.open(path, OPTIONS),
    Error,
    `Cannot continue "${path}" with 2 samples a problem, as it has 3 of "Made/one"`,
  );
});

Deno.test("a samples file of another model or setting, or of other problems, is refused by naming what differs", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/s.jsonl`;
  const before = await wholeFile(path);
  const openWith = (settings: SamplesFileOptions["settings"], problems = PROBLEMS) => () =>
    SamplesFile.open(path, { ...OPTIONS, settings, problems });
  const refusals: [() => Promise<unknown>, string][] = [
    [openWith({ ...SETTINGS, model: "b" }), '"model" was "a", is "b": name another place or give --force'],
    [
      openWith({ stop: ["\n@"], model: "a", temperature: 0.8 }),
      'with other settings: "stop" was ["\\n#"], is ["\\n@"]; "temperature" was 0.2, is 0.8',
    ],
    [openWith({ ...SETTINGS, seed: 1 }), '"seed" was not given, is 1'],
    [openWith(SETTINGS, PROBLEMS.slice(1)), '"problems" was 5, is 4; "prompts" was "'],
    [openWith(SETTINGS, PROBLEMS.toReversed()), '"prompts" was "'],
    [openWith(SETTINGS, PROBLEMS.map((one) => ({ ...one, prompt: `${one.prompt} ` }))), '"prompts" was "'],
  ];
  for (const [open, what] of refusals) await assertRejects(open, Error, what);
  assertEquals(await Deno.readTextFile(path), before);
  using file = await SamplesFile.open(path, {
    ...OPTIONS,
    settings: { stop: SETTINGS.stop, temperature: 0.2, model: "a" },
    problems: PROBLEMS.map((one) => ({ ...one, tests: "other" })),
  });
  assertEquals([...file.missing()], [], "the order of settings does not count, nor do tests");
});

Deno.test("edited rows are refused, and what was not written here", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/s.jsonl`;
  const whole = await wholeFile(path);
  const lines = whole.trimEnd().split("\n");
  const edit = (i: number, change: (line: string) => string) =>
    lines.map((line, j) => j === i ? change(line) : line).join("\n") + "\n";
  const refusals: [string, string][] = [
    [edit(3, (line) => line.replace("return", "Return")), "row 4 was edited, or drawn by other settings"],
    [edit(3, (line) => line.replace("Made/two", "Made/one")), "row 4 was edited"],
    [edit(3, (line) => line.replace('"sample":1', '"sample":9')), "row 4 was edited"],
    [edit(3, (line) => line.replace('"tokens":4', '"tokens":5')), "row 4 was edited"],
    [edit(0, (line) => line.replace('"temperature":0.2', '"temperature":0.3')), "row 1 was edited"],
    [edit(3, (line) => line.slice(0, 40)), "row 4 is no JSON object"],
    [edit(3, () => "7"), "row 4 is no JSON object"],
    [edit(3, () => ""), "row 4 is no JSON object"],
    [edit(3, () => '{"task_id":"Made/two","completion":"pass"}'), "row 4 is no sample that was written here"],
    [edit(3, (line) => line.replace('"stop"', '"asked"')), "row 4 is no sample that was written here"],
    [edit(3, () => lines[7]!), 'row 8 is sample 1 of "Made/four", as row 4 is'],
    [lines.slice(1).join("\n") + "\n", "row 1 has no settings"],
    ["hunter2", "row 1 is no sample that was written here"],
    [
      edit(3, () => sampleLines([{ ...sampleOf("Made/two", 1), problem: 1 }], { model: "b" }).trimEnd()),
      "row 4 was edited, or drawn by other settings than the first says",
    ],
  ];
  for (const [text, what] of refusals) {
    await Deno.writeTextFile(path, text);
    await assertRejects(
      () => SamplesFile.open(path, OPTIONS),
      SyntaxError,
      `Cannot read samples "${path}": ${what}`,
    );
    assertEquals(await Deno.readTextFile(path), text, "what is refused stays as it is");
  }
  const respelled = lines.map((line) => JSON.stringify(JSON.parse(line), null, 1).replaceAll("\n", "")).join(
    "\n",
  );
  await Deno.writeTextFile(path, respelled + "\n");
  assertEquals(await draw(path, OPTIONS), 0);
  assertEquals(await Deno.readTextFile(path), whole, "blanks are no edit");
});

for (const count of [1, 2, 3, 8]) {
  Deno.test(`${count} shards are merged to the bytes of one process, killed or not`, async () => {
    using folder = temporaryFolder();
    const whole = await wholeFile(`${folder.path}/whole.jsonl`);
    const paths = Array.from({ length: count }, (_, i) => `${folder.path}/${i}.jsonl`);
    for (const [index, path] of paths.entries()) {
      const options = { ...OPTIONS, shard: { index, count } };
      await draw(path, options, 1);
      await draw(path, options);
    }
    const merged = await mergeSamples(paths);
    assertEquals(merged.lines, whole);
    assertEquals([merged.n, merged.samples.length], [2, 10]);
  });
}

Deno.test("mergeSamples() refuses shards of other settings, that overlap, or that are not finished", async () => {
  using folder = temporaryFolder();
  const at = (name: string) => `${folder.path}/${name}`;
  const shard = (index: number) => ({ ...OPTIONS, shard: { index, count: 2 } });
  await draw(at("a"), shard(0));
  await draw(at("b"), shard(1));
  await draw(at("other"), { ...shard(1), settings: { ...SETTINGS, temperature: 0.8 } });
  await draw(at("more"), { ...shard(1), n: 3 });
  await draw(at("half"), shard(1), 3);
  await Deno.writeTextFile(at("none"), "");
  const refusals: [string[], string][] = [
    [["a", "other"], `Cannot merge "${at("other")}" with "${at("a")}": "temperature" was 0.2, is 0.8`],
    [["a", "b", "b"], `Cannot merge "${at("b")}": sample 0 of "Made/two" is in another file too`],
    [["a", "more"], "Cannot merge samples: sample 2 of problem 0 is missing: finish its shard first"],
    [["a", "half"], "sample 0 of problem 1 is missing"],
    [["b"], "sample 0 of problem 0 is missing"],
    [["a", "none"], "sample 0 of problem 1 is missing"],
    [["none", "none"], "Cannot merge samples: none of 2 files has any"],
  ];
  for (const [names, what] of refusals) await assertRejects(() => mergeSamples(names.map(at)), Error, what);
  await assertRejects(() => SamplesFile.open(at("a"), shard(1)), Error, '"Made/one" is of another');
});

Deno.test("SamplesFile takes the samples that are missing and no others", async () => {
  using folder = temporaryFolder();
  const path = `${folder.path}/s.jsonl`;
  using file = await SamplesFile.open(path, { ...OPTIONS, shard: { index: 1, count: 2 } });
  assertEquals([...file.missing()].map(({ problem, sample }) => [problem.task_id, sample]), [
    ...[["Made/two", 0], ["Made/two", 1], ["Made/four", 0], ["Made/four", 1]],
  ]);
  await file.append(sampleOf("Made/two", 1));
  assertEquals([file.has("Made/two", 0), file.has("Made/two", 1)], [false, true]);
  const wrong = [["Made/two", 1], ["Made/one", 0], ["Made/six", 0], ["Made/two", 2], ["Made/two", -1], [
    "Made/two",
    0.5,
  ]] as const;
  for (const [task, sample] of wrong) {
    await assertRejects(
      () => file.append(sampleOf(task, sample)),
      RangeError,
      `Cannot add sample ${sample} of "${task}": it is not missing`,
    );
  }
  await assertRejects(() => file.finish(), RangeError, 'sample 0 of "Made/two" is missing');
});

Deno.test("generationsOf() is bigcode's list of lists", async () => {
  using folder = temporaryFolder();
  await draw(`${folder.path}/s.jsonl`, OPTIONS);
  const { samples } = (await readSamples(`${folder.path}/s.jsonl`))!;
  const lists = generationsOf(PROBLEMS, samples.toReversed());
  assertEquals(lists.map(({ length }) => length), [2, 2, 2, 2, 2]);
  assertEquals(lists[2]![1], "def three():" + sampleOf("", 1).completion);
  assertThrows(() => generationsOf(PROBLEMS, samples.slice(2)), RangeError, '"Made/one" has no samples');
});
