import { assert, assertEquals, assertRejects } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { readCheckpoint, writeCheckpoint } from "../../lib/training/checkpoint.ts";
import { newRun, numbersOf, withFolder } from "./tiny_training.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

Deno.test("writeCheckpoint() keeps one of the same step, ignores and removes what killed writers left", async () => {
  await withFolder(engine, async (folder) => {
    using run = newRun();
    await Deno.mkdir(`${folder}/checkpoint-9.4711.tmp`);
    await Deno.mkdir(`${folder}/checkpoint-best`);
    assertEquals(await readCheckpoint(folder, run), null);
    run.optimizer.steps = 3;
    await writeCheckpoint(`${folder}/new`, run, { at: 3 });
    await writeCheckpoint(folder, run, { at: 3 });
    await writeCheckpoint(folder, run, { at: "again" });
    assertEquals(await readCheckpoint(folder, run), { notes: { at: 3 }, number: 3 });
    run.optimizer.steps = 12;
    await writeCheckpoint(folder, run, null);
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "checkpoint-12",
      "checkpoint-best",
      "new",
    ]);
    run.optimizer.steps = 0;
    assertEquals(await readCheckpoint(folder, run), { notes: null, number: 12 });
    assertEquals(run.optimizer.steps, 12);
    run.optimizer.reset();
    run.optimizer.steps = 4;
    await writeCheckpoint(folder, run, { at: 16 }, 16);
    run.optimizer.steps = 0;
    assertEquals(await readCheckpoint(folder, run), { notes: { at: 16 }, number: 16 });
    assertEquals(run.optimizer.steps, 4, "an optimizer that began anew");
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name).sort(), [
      "checkpoint-16",
      "checkpoint-best",
      "new",
    ]);
  });
});

Deno.test("readCheckpoint() refuses one with a flipped bit, wherever it is, and changes nothing", async () => {
  await withFolder(engine, async (folder) => {
    using run = newRun();
    run.optimizer.steps = 7;
    await writeCheckpoint(folder, run, { log: [1, 25] });
    const path = `${folder}/checkpoint-7`;
    using other = newRun(2);
    const before = numbersOf(other);
    for (const name of ["state.safetensors", "state.json"]) {
      const file = `${path}/${name}`;
      const bytes = await Deno.readFile(file);
      const header = new DataView(bytes.buffer).getUint32(0, true);
      const places = name === "state.json"
        ? Array.from(bytes.keys())
        : [8 + header, 8 + header + 1001, bytes.length - 1, 20, 8 + header - 1]; // weights, moments, header
      for (const place of places) {
        await Deno.writeFile(file, bytes.map((byte, i) => i === place ? byte ^ 1 : byte));
        const error = await assertRejects(() => readCheckpoint(folder, other), Error);
        assert(error.message.includes(path), error.message);
        const isChecked = name === "state.safetensors" && place >= 8 + header;
        if (isChecked) {
          assertEquals(
            error.message,
            `Cannot continue from "${path}": state.safetensors or state.json is not as it was written, by their SHA-256: the disk may be failing: remove it or give --force`,
          );
        }
      }
      await Deno.writeFile(file, bytes);
    }
    assertEquals([numbersOf(other), other.optimizer.steps], [before, 0]);
    assertEquals(await readCheckpoint(folder, other), { notes: { log: [1, 25] }, number: 7 });
  });
});

Deno.test("readCheckpoint() refuses a damaged or foreign one and changes nothing", async () => {
  await withFolder(engine, async (folder) => {
    using run = newRun();
    run.optimizer.steps = 7;
    await writeCheckpoint(folder, run, { log: [1] });
    const path = `${folder}/checkpoint-7`;
    const [state, json] = [
      await Deno.readFile(`${path}/state.safetensors`),
      await Deno.readFile(`${path}/state.json`),
    ];
    using other = newRun(2);
    const before = numbersOf(other);
    const refused = async (
      expected: string,
      errorClass: typeof SyntaxError | typeof TypeError = SyntaxError,
    ) => {
      const error = await assertRejects(() => readCheckpoint(folder, other), errorClass);
      assert(error.message.includes(path) && error.message.includes(expected), error.message);
      assertEquals(numbersOf(other), before);
      assertEquals(other.optimizer.steps, 0);
    };
    for (const length of [0, 7, 100, state.length - 1]) {
      await Deno.writeFile(`${path}/state.safetensors`, state.subarray(0, length));
      await refused(`file has ${length}`);
    }
    await Deno.remove(`${path}/state.safetensors`);
    await refused("state.safetensors cannot be read: ");
    await Deno.writeFile(`${path}/state.safetensors`, state);
    for (
      const [text, expected] of [
        ["", "state.json is no valid JSON: "],
        ['{"steps":7', "state.json is no valid JSON: "],
        ["null", "state.json is of step undefined"],
        ['{"steps":8,"notes":null}', "state.json is of step 8"],
        ['{"steps":7,"notes":{"log":[1]}}', "state.json has no SHA-256, as those of earlier versions"],
      ] as const
    ) {
      await Deno.writeTextFile(`${path}/state.json`, text);
      await refused(expected);
    }
    await Deno.remove(`${path}/state.json`);
    await refused("state.json cannot be read: ");
    await Deno.writeFile(`${path}/state.json`, json);
    for (const changes of [{ n_embd: 16 }, { n_layer: 2 }, { tie_word_embeddings: false }]) {
      using foreign = newRun(3, changes);
      const message =
        `Cannot continue from "${path}": it is a checkpoint of another model: give --force to start anew`;
      await assertRejects(() => readCheckpoint(folder, foreign), TypeError, message);
    }
    assertEquals(await readCheckpoint(folder, other), { notes: { log: [1] }, number: 7 });
    assertEquals(numbersOf(other), numbersOf(run));
  });
});
