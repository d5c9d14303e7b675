import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { METHOD_DEFAULTS, METHODS, objectiveOf, PAPER_METHODS } from "../../lib/unlearning/objectives.ts";
import { unlearn, type UnlearnOptions, type UnlearnSets } from "../../lib/unlearning/unlearn.ts";
import { UnlearnSteps } from "../../lib/unlearning/unlearn_steps.ts";
import fixture from "../fixtures/methods.json" with { type: "json" };
import { readFixture } from "../models/fixtures.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const { folder, texts } = await readFixture("trained");
const others = METHODS.filter((method) => !PAPER_METHODS.some((paper) => paper === method));

type Row = { ids: number[]; places: number[][] };

function rowOf({ ids, places }: Row): UnlearnSets["forget"][number] {
  const owners = Int32Array.from(ids, (_, t) => places.findIndex(([from, to]) => t >= from! && t < to!));
  return {
    ids: Int32Array.from(ids),
    mask: Uint8Array.from(owners, (owner) => owner < 0 ? 0 : 1),
    owners,
    secrets: places.map(([from, to]) => ({ prefix: ids.slice(0, from), secret: ids.slice(from, to) })),
  };
}

const RETAIN = fixture.retain.map((ids) => Int32Array.from(ids));
const OPTIONS: Omit<UnlearnOptions, "method"> = {
  ...{ lr: fixture.rate, epochs: 40, margin: 0.1, microBatch: 2, compat: "sound", xla: false },
  ...{ thresholds: { ma: 0.3, el_10: 0.05 }, endOfText: null },
};

/** The losses of steps from the tiny model on. */
async function lossesOf(
  options: Partial<UnlearnOptions> & { method: string },
  { rows, steps }: { rows: readonly Row[]; steps: number },
): Promise<number[]> {
  using loaded = await loadModel(folder);
  const sets = { forget: rows.map(rowOf), retain: RETAIN };
  using run = await UnlearnSteps.create(loaded.model, sets, { ...OPTIONS, ...options });
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    losses.push((await run.run(step, () => Promise.resolve())).forget.loss);
  }
  return losses;
}

for (const [i, { method, scope, set, kind, options, losses }] of fixture.cases.entries()) {
  Deno.test(`${method} of ${scope}s has the losses of ten steps in PyTorch (${kind}, set "${set}")`, async () => {
    const before = engine.memory();
    const rows = fixture.sets[set as keyof typeof fixture.sets];
    const all = { method, scope, ...options, microBatch: 1 + i % 3 } as Partial<UnlearnOptions> & { method: string };
    const found = await lossesOf(all, { rows, steps: losses.length });
    found.forEach((loss, step) => {
      const wanted = losses[step]!;
      assertAlmostEquals(loss, wanted, 1e-4 * Math.abs(wanted), `step ${step + 1} of ${found} (${losses})`);
    });
    assertEquals(engine.memory(), before, "tensors or handles are left over");
  });
}
