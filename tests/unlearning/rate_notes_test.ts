import { assertEquals, assertStringIncludes } from "@std/assert";
import { HYPERPARAMETER_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { rateNotes, type RateOptions } from "../../lib/unlearning/rate_notes.ts";
import { NO_TERMS, type UnlearnEpoch } from "../../lib/unlearning/unlearn_epoch.ts";
import { NO_EL } from "../no_scores.ts";

const OPTIONS: RateOptions = {
  lr: 2e-4,
  epochs: 100,
  thresholds: { ma: 0.2946, el_10: 0.0001 },
  vocabularySize: 4096,
};

/** A history by its columns; epoch 0 first. */
function historyOf(columns: {
  ma: number[];
  ce_secret?: (number | null)[];
  ce_normal?: (number | null)[];
  retain_ma?: number[];
}): UnlearnEpoch[] {
  const { ma, ce_secret = [], ce_normal = [], retain_ma = [] } = columns;
  return ma.map((score, epoch) => ({
    ...NO_TERMS,
    epoch,
    ma: score,
    ce_secret: ce_secret[epoch] ?? null,
    ce_normal: ce_normal[epoch] ?? null,
    ...NO_EL,
    retain_ma: retain_ma[epoch] ?? null,
    kept: true,
    trained: 0,
  }));
}

/** Measured on the embedded model, 8 forget and 16 retain rows, threshold 0.2946: MA, loss of secrets of epochs 0 to 4. */
const MEASURED = [
  {
    run: "codeeraser 3e-6",
    ma: [0.988, 0.988, 0.988, 0.988, 0.988],
    loss: [0.03135, 0.03239, 0.03337, 0.03436],
  },
  { run: "ga 3e-6", ma: [0.988, 0.988, 0.988, 0.988, 0.988], loss: [0.03135, 0.03151, 0.03167, 0.03182] },
  { run: "ga 2e-5", ma: [0.988, 0.988, 0.988, 0.988, 0.988], loss: [0.03135, 0.03241, 0.03351, 0.03467] },
  { run: "ssga 3e-6", ma: [0.988, 0.988, 0.988, 0.988, 0.988], loss: [0.03135, 0.03197, 0.03261, 0.03326] },
  {
    run: "codeeraser 1e-5",
    ma: [0.988, 0.988, 0.988, 0.986, 0.984],
    loss: [0.03135, 0.03495, 0.03868, 0.04298],
  },
  {
    run: "codeeraser 2e-5",
    ma: [0.988, 0.988, 0.984, 0.9708, 0.9672],
    loss: [0.03135, 0.0389, 0.04802, 0.0606],
  },
];

Deno.test("rateNotes() calls slow what will not end within the epochs, however little MA says", () => {
  const slow = (epochs: number) =>
    MEASURED.filter(({ ma, loss }) =>
      rateNotes(historyOf({ ma, ce_secret: [null, ...loss] }), { ...OPTIONS, epochs }).length > 0
    ).map(({ run }) => run);
  assertEquals(slow(100), ["codeeraser 3e-6", "ga 3e-6", "ga 2e-5", "ssga 3e-6"]);
  assertEquals(slow(40), ["codeeraser 3e-6", "ga 3e-6", "ga 2e-5", "ssga 3e-6", "codeeraser 1e-5"]);
  assertEquals(slow(1), []);
  const [note] = rateNotes(historyOf({ ma: MEASURED[0]!.ma, ce_secret: [null, ...MEASURED[0]!.loss] }), {
    ...OPTIONS,
    lr: 3e-6,
  });
  assertEquals(note, {
    problem: "slow",
    epoch: 4,
    reason: "MA has hardly moved in 4 epochs (0.988 to 0.988; about 151 epochs at this pace, 100 asked for)",
    lr: 3e-5,
  });
});

Deno.test("rateNotes() has nothing against the runs of data/hyperparameters.csv that reached the thresholds", async () => {
  const rows = await readRows("data/hyperparameters.csv", HYPERPARAMETER_COLUMNS);
  const runs = Map.groupBy(
    rows,
    (row) => JSON.stringify([row.method, row.gamma, row.lambda, row.alpha, row.lr]),
  );
  const notes = [...runs.values()].flatMap((history) => {
    const { method, lr, status } = history[0]!;
    const found = rateNotes(history, { ...OPTIONS, lr, epochs: 24 });
    return found.map(({ problem, lr: other }) => [method, lr, status, problem, other]);
  });
  assertEquals(notes, [["ga", 5e-5, "not-converged", "slow", 5e-4]]);
});

Deno.test("rateNotes() calls fast what breaks the retain set, or all other tokens, in its first step", () => {
  const measured = [
    {
      run: "codeeraser 2e-3",
      ma: [0.988, 0.5866, 0.0111],
      retain_ma: [0.9769, 0.9301, 0.8725],
      ce_normal: [2.512, 1.871],
    },
    {
      run: "codeeraser 5e-3",
      ma: [0.988, 0.1561, 0.0044],
      retain_ma: [0.9769, 0.3007, 0.2712],
      ce_normal: [2.512, 4.706],
    },
    {
      run: "codeeraser 2e-2",
      ma: [0.988, 0, 0],
      retain_ma: [0.9769, 0.0005, 0.0025],
      ce_normal: [2.512, 12.23],
    },
    {
      run: "ga 2e-3",
      ma: [0.988, 0.9269, 0.3909],
      retain_ma: [0.9769, 0.8642, 0.4414],
      ce_normal: [2.512, 5.981],
    },
    { run: "ga 2e-2", ma: [0.988, 0, 0], retain_ma: [0.9769, 0.0103, 0.0049], ce_normal: [2.512, 11.79] },
  ];
  const fast = measured.flatMap(({ run, ce_normal, ...history }) =>
    rateNotes(historyOf({ ...history, ce_normal: [null, ...ce_normal] }), OPTIONS).map((
      { problem, epoch, lr },
    ) => [run, problem, epoch, lr])
  );
  assertEquals(fast, [
    ["codeeraser 5e-3", "fast", 1, 2e-5],
    ["codeeraser 2e-2", "fast", 1, 2e-5],
    ["ga 2e-2", "fast", 1, 2e-5],
  ]);
  const alone = (ma: number[], ce_normal: number[]) =>
    rateNotes(historyOf({ ma, ce_normal: [null, ...ce_normal] }), OPTIONS);
  assertStringIncludes(
    alone([0.988, 0], [2.5])[0]!.reason,
    "from 0.988 to 0.000, far below the threshold 0.295",
  );
  assertStringIncludes(
    alone([0.988, 0.4, 0.1], [2.5, 11.79])[0]!.reason,
    "2.500 to 11.790 nats, worse than guessing",
  );
  assertEquals(alone([0.988, 0.9269, 0.3909], [2.512, 5.981]), []);
});

Deno.test("rateNotes() notes each thing once: what is noted of some epochs stays when more have come", () => {
  const [{ ma, loss }] = MEASURED as [typeof MEASURED[0]];
  const history = historyOf({ ma: [...ma, 0.9, 0.5], ce_secret: [null, ...loss, 0.5, 2] });
  const counts = history.map((_, i) => rateNotes(history.slice(0, i + 1), OPTIONS).length);
  assertEquals(counts, [0, 0, 0, 0, 1, 1, 1]);
});

Deno.test("rateNotes() goes by MA where the loss does not tell", () => {
  const notes = (last: number) =>
    rateNotes(historyOf({ ma: [0.8, 0.8, 0.8, 0.8, last] }), { ...OPTIONS, epochs: 50 }).map(({ reason }) =>
      reason
    );
  assertEquals(notes(0.8), [
    "MA has hardly moved in 4 epochs (0.800 to 0.800; no end at this pace, 50 asked for)",
  ]);
  assertEquals(notes(0.79), [
    "MA has hardly moved in 4 epochs (0.800 to 0.790; about 203 epochs at this pace, 50 asked for)",
  ]);
  assertEquals([notes(0.755), notes(0.7)], [[], []]);
});
