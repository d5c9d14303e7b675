import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { assign } from "../../lib/engine/compile.ts";
import { type Engine, openTensorFlow } from "../../lib/engine/engine.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { isAbove } from "../../lib/metrics/threshold.ts";
import { groupMeans } from "../../lib/metrics/group_scores.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { unlearn } from "../../lib/unlearning/unlearn.ts";
import {
  type ChunkedHooks,
  type ChunkedOptions,
  type ChunkedResult,
  type Chunking,
  unlearnChunks,
} from "../../lib/unlearning/unlearn_chunks.ts";
import { folder, OPTIONS, row, texts } from "./trained_sets.ts";

const engine: Engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const SETS = {
  forget: [0, 4, 1, 2].map((text) => row(texts[text]!, 14, 30)),
  retain: [Int32Array.from(texts[3]!)],
};
const EACH = { secretThresholds: SETS.forget.map(() => ({ ma: 0.3, el_10: 0 })) };

/** Chunks of so many rows, in the order of the numbers. */
const by = (size: number) => (rows: readonly number[]) =>
  Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));

type Weights = [string, Float32Array][];

interface Ended {
  result: ChunkedResult;
  weights: Weights;
  /** The weights after each turn. */
  turns: Weights[];
}

async function run(
  options: Partial<Omit<ChunkedOptions, "chunking"> & Chunking> = {},
  hooks: ChunkedHooks = {},
): Promise<Ended> {
  const { cut = by(2), replay = 0, passes = 1, sample = 64, materialOf, ...others } = options;
  const before = engine.memory();
  const ended = await (async () => {
    using loaded = await loadModel(folder);
    const turns: Weights[] = [];
    const weights = (): Weights =>
      Object.entries(loaded.model.weights).map(([name, weight]) => [
        name,
        weight.dataSync().slice() as Float32Array,
      ]);
    const result = await unlearnChunks(loaded.model, SETS, {
      ...{ ...OPTIONS, ...others },
      chunking: { ...{ cut, replay, passes, sample }, ...materialOf && { materialOf } },
    }, { ...hooks, onChunkEnd: () => void turns.push(weights()) });
    return { result, weights: weights(), turns };
  })();
  assertEquals(engine.memory(), before, "tensors or handles are left over");
  return ended;
}

/** Scores of the forget set's secrets and the retain set's MA under weights. */
async function scoresUnder(weights: Weights) {
  using loaded = await loadModel(folder);
  for (const [name, values] of weights) {
    const weight = loaded.model.weights[name]!;
    tf.tidy(() => assign(weight, tf.tensor(values, weight.shape)));
  }
  using scorer = new Scorer(loaded.model);
  const secrets = await scorer.secrets(SETS.forget.flatMap(({ secrets }) => secrets));
  const retained = await scorer.texts(SETS.retain, { el: false });
  return { secrets, retain: retained[0]!.ma };
}

/** What a continued run must have in common with one that was not stopped: all but seconds. */
function comparable({ result: { drift, ...result }, weights }: Ended) {
  return { ...result, weights, drift: drift.map((row) => ({ ...row, seconds: row.seconds !== null })) };
}

Deno.test("unlearnChunks() of one chunk is unlearn(), bit for bit, by both rules, with replay and passes to spare", async () => {
  for (const rule of [EACH, {}, { epochs: 3 }, { ...EACH, epochs: 3 }]) {
    using loaded = await loadModel(folder);
    const plain = await unlearn(loaded.model, SETS, { ...OPTIONS, ...rule });
    const { result, weights } = await run({ ...rule, cut: by(4), replay: 2, passes: 3 });
    for (const [name, values] of weights) assertEquals(values, loaded.model.weights[name]!.dataSync(), name);
    assertEquals([result.status, result.notes], [plain.status, plain.notes]);
    assertEquals(result.epochs, plain.history.map((epoch) => ({ turn: 1, ...epoch })));
    assertEquals(
      result.outcomes?.map(({ after: _, ...rest }) => rest),
      plain.outcomes?.map(({ after: _, ...rest }) => rest),
    );
    assertEquals(result.history[0], plain.history[0]);
  }
});

Deno.test("unlearnChunks() forgets one chunk after the other, and measures what scoring its weights gives", async () => {
  const { result: { status, drift, epochs, history, outcomes }, turns, weights } = await run({
    ...EACH,
    replay: 1,
    passes: 3,
  });
  assertEquals(status, "reached");
  assertEquals(turns.length, drift.filter(({ part }) => part === "this").length);
  assert(turns.length >= 2);
  for (const [i, own] of turns.slice(0, 2).entries()) {
    const { secrets, retain } = await scoresUnder(own);
    const parts = { this: [[0, 1], [2, 3]][i]!, earlier: [[], [0, 1]][i]!, later: [[2, 3], []][i]! };
    for (const [part, rows] of Object.entries(parts)) {
      const found = drift.find((row) => row.turn === i + 1 && row.part === part);
      if (rows.length === 0) assertEquals(found, undefined);
      else {
        const scores = rows.map((row) => secrets[row]!);
        const { ma } = groupMeans(scores, rows);
        const above = scores.filter((score) => isAbove(score, { ma: 0.3, el_10: 0 })).length;
        assertEquals([found!.ma, found!.above, found!.rows, found!.measured], [ma, above, 2, 2], part);
        if (part !== "later") assertEquals(found!.el_10, groupMeans(scores, rows).el_10);
      }
    }
    assertEquals(drift.find((row) => row.turn === i + 1 && row.part === "retain")!.ma, retain);
  }
  assertEquals(weights, turns.at(-1));
  const { secrets } = await scoresUnder(weights);
  const last = drift.findLast(({ part }) => part === "all")!;
  assertEquals([last.ma, last.above], [groupMeans(secrets, [0, 1, 2, 3]).ma, 0]);
  assertEquals(outcomes!.map(({ after: { ma } }) => ma), secrets.map(({ ma }) => ma));
  assertEquals(outcomes!.map(({ before: { ma } }) => ma), [1, 1, 1, 1]);
  assertEquals(history.at(-1)!.epoch, epochs.filter(({ epoch }) => epoch > 0).length);
});

Deno.test("unlearnChunks() measures divergences from the model as it came, in each chunk", async () => {
  const { result: { epochs } } = await run(EACH);
  const first = (turn: number) => epochs.find((row) => row.turn === turn && row.epoch === 1)!;
  assert(Math.abs(first(1).kl_forget!) < 1e-5);
  assert(first(2).kl_forget! > 1e-3, `from the last chunk's weights it would be 0: ${first(2).kl_forget}`);
});

Deno.test("unlearnChunks() by a task vector or by edits keeps what earlier chunks did", async () => {
  for (const how of [{ method: "task-vector", lr: 3e-2 }, { method: "revs", residualRank: 0.1 }]) {
    const { result: { drift }, turns } = await run({ ...how, epochs: 8 });
    assertEquals(turns.length, 2);
    const [own, earlier] = [1, 2].map((turn) =>
      drift.find((row) => row.turn === turn && row.part === (turn === 1 ? "this" : "earlier"))!.ma!
    );
    assert(own! < 0.7 && earlier! < 0.7, `${how.method}: MA ${own}, after the next chunk ${earlier}`);
  }
});

Deno.test("unlearnChunks() replays rows of earlier chunks alone, which no chunk's means hold", async () => {
  const seen: number[][] = [];
  const materialOf = (rows: readonly number[]) => {
    seen.push([...rows]);
    return Promise.resolve({ [Symbol.dispose]: () => {} });
  };
  const { result: { epochs, drift }, turns } = await run({ cut: by(1), replay: 2, materialOf });
  assertEquals(seen.map((rows) => [rows[0], rows.length]), [[0, 1], [1, 2], [2, 3], [3, 3]]);
  for (const [turn, rows] of seen.entries()) assert(rows.slice(1).every((row) => row < turn), `${rows}`);
  assertEquals(drift.filter(({ part }) => part === "this").map(({ replayed }) => replayed), [0, 1, 2, 2]);
  for (const turn of [2, 3]) {
    const { secrets } = await scoresUnder(turns[turn - 2]!);
    const { ma } = epochs.find((row) => row.turn === turn && row.epoch === 0)!;
    assertEquals(ma, secrets[turn - 1]!.ma, "the mean of its own row alone");
  }
  const each: number[] = [];
  await run({ ...EACH, cut: by(2), replay: 1 }, { onChunk: ({ secrets }) => void each.push(secrets.length) });
  assertEquals(each, [2, 3]); // where each is judged, a replayed one is too
});

Deno.test("unlearnChunks() goes over what is above once more, so far as passes allow", async () => {
  const allAbove = ({ drift }: ChunkedResult) =>
    drift.filter(({ part }) => part === "all").map(({ above }) => above!);
  const short = { ...EACH, epochs: 3 };
  const { result: once } = await run(short);
  const { result: twice } = await run({ ...short, passes: 2 });
  assertEquals([once.status, allAbove(once).length, allAbove(twice).length], ["not-converged", 2, 3]);
  assertEquals(twice.drift.slice(0, once.drift.length), twice.drift.filter(({ pass }) => pass < 2));
  const { result: often } = await run({ epochs: 3, passes: 30 }); // by means each epoch that lowers MA is kept
  assert(often.status === "reached" && often.history.at(-1)!.ma! < 0.3, often.status);
  const passes = often.drift.filter(({ part }) => part === "all");
  assertEquals(passes.map(({ pass }) => pass), [...passes.keys()]);
  for (const { pass, above } of passes.slice(1, -1)) {
    const next = often.drift.filter((row) => row.pass === pass + 1 && row.part === "this");
    assertEquals(next.reduce((sum, { rows }) => sum + rows, 0), above, "each row has one secret");
  }
});

Deno.test("unlearnChunks() leaves chunks alone that are down, and says so", async () => {
  const { result, weights } = await run({ secretThresholds: SETS.forget.map(() => ({ ma: 1, el_10: 1 })) });
  assertEquals([result.status, result.epoch], ["nothing-to-do", 0]);
  using loaded = await loadModel(folder);
  for (const [name, values] of weights) assertEquals(values, loaded.model.weights[name]!.dataSync(), name);
});

Deno.test("unlearnChunks() stopped or killed anywhere goes on to the same weights and numbers", async () => {
  const options = { ...EACH, replay: 1, passes: 2, epochs: 4 };
  const whole = await run(options);
  assertEquals(whole.turns.length, 4, "two passes of two chunks");
  const places: [turn: number, epoch: number, isKilled: boolean][] = [
    [1, 0, true],
    [1, 2, false],
    [2, 0, true],
    [2, 3, true],
    [3, 1, false],
    [4, 4, true],
  ];
  const path = await Deno.makeTempDir();
  for (const [turn, epoch, isKilled] of places) {
    const interrupt = new AbortController();
    let own = 0;
    const hooks: ChunkedHooks = {
      folder: path,
      signal: interrupt.signal,
      onChunk: (place) => own = place.turn,
      onEpoch: (done) => {
        if (own !== turn || done.epoch !== epoch) return;
        if (isKilled) throw new Error("killed");
        interrupt.abort();
      },
    };
    const ended = await run(options, hooks).then(({ result }) => result.status, (error) => error.message);
    assertEquals(ended, isKilled ? "killed" : "interrupted", `turn ${turn}, epoch ${epoch}`);
    if (turn > 1) await Deno.mkdir(join(path, `checkpoint-${turn - 1}.turn`)); // its removal was cut off
  }
  const last = await run(options, { folder: path });
  assertEquals(comparable({ ...last, turns: [] }), comparable({ ...whole, turns: [] }));
  const names = [...Deno.readDirSync(path)].map(({ name }) => name).sort();
  assertEquals(names, ["checkpoint-0.kept", "checkpoint-4"]);
  await Deno.remove(path, { recursive: true });
});

Deno.test("unlearnChunks() stopped between chunks goes on behind the last that was safe", async () => {
  const whole = await run(EACH);
  const path = await Deno.makeTempDir();
  const interrupt = new AbortController();
  const chunks: number[] = [];
  const onChunk = ({ turn }: { turn: number }) => {
    chunks.push(turn);
    if (turn === 2) interrupt.abort();
  };
  const { result } = await run(EACH, { folder: path, signal: interrupt.signal, onChunk });
  assertEquals([result.status, result.outcomes], ["interrupted", undefined]);
  const last = await run(EACH, { folder: path, onChunk: ({ turn }) => void chunks.push(turn) });
  assertEquals(chunks, [1, 2, 2]);
  assertEquals(comparable({ ...last, turns: [] }), comparable({ ...whole, turns: [] }));
  await Deno.remove(path, { recursive: true });
});

Deno.test("unlearnChunks() that diverges ends there, with weights that are sound", async () => {
  const { result, weights, turns } = await run({ ...EACH, lr: 1e30 });
  assertEquals([result.status, turns.length], ["diverged", 1]);
  assert(result.reason!.length > 0);
  assert(weights.every(([, values]) => values.every(Number.isFinite)));
});
