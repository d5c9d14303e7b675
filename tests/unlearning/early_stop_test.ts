import { assert, assertEquals } from "@std/assert";
import {
  type Compat,
  EarlyStop,
  type GroupScores,
  type StopDecision,
  type StopThresholds,
} from "../../lib/unlearning/early_stop.ts";

const THRESHOLDS: StopThresholds = { ma: 0.4, el_3: 0.2, el_5: 0.1, el_10: 0.05 };
const MARGIN = 0.1;

function rule(compat: Compat, thresholds = THRESHOLDS): EarlyStop {
  return new EarlyStop(thresholds, { margin: MARGIN, compat });
}

/** Scores of an epoch; EL_3 and EL_5 are far below their thresholds unless told otherwise. */
function scores(ma: number, el_10: number | null = null, el_3 = 0, el_5 = 0): GroupScores {
  return el_10 === null ? { ma, el_3: null, el_5: null, el_10 } : { ma, el_3, el_5, el_10 };
}

/** Epochs as a run makes them: [MA, EL_10 that would be measured] to what was decided. */
function epochs(stop: EarlyStop, values: [number, number][]): (StopDecision & { measured: boolean })[] {
  return values.map(([ma, el_10]) => {
    const measured = stop.wantsEl(ma);
    return { measured, ...stop.decide(scores(ma, measured ? el_10 : null)) };
  });
}

Deno.test("EarlyStop.wantsEl() begins within the margin, by the reference's rule one epoch later", () => {
  const run = [0.9, 0.51, 0.5, 0.8, 0.3]; // within the margin from the third on; then always
  const cases: [Compat, boolean[]][] = [
    ["sound", [false, false, true, true, true]],
    ["paper", [false, false, true, true, true]],
    ["reference", [false, false, false, true, true]],
  ];
  for (const [compat, wanted] of cases) {
    const stop = rule(compat);
    assertEquals(run.map((ma) => stop.wantsEl(ma)), wanted, compat);
  }
});

Deno.test("EarlyStop.decide() has reached the thresholds as each rule says", () => {
  const cases: [GroupScores, Record<Compat, boolean>][] = [
    [scores(0.3, 0.01), { sound: true, paper: true, reference: true }],
    [scores(0.4, 0.01), { sound: false, paper: true, reference: false }], // MA at its threshold
    [scores(0.3, 0.05), { sound: false, paper: true, reference: false }], // EL_10 at its threshold
    [scores(0.41, 0.01), { sound: false, paper: false, reference: false }],
    [scores(0.3, 0.06), { sound: false, paper: false, reference: false }],
    [scores(0.3, 0.01, 0.3), { sound: true, paper: false, reference: true }], // EL_3
    [scores(0.3, 0.01, 0.2, 0.1), { sound: true, paper: true, reference: true }],
    [scores(0.3, 0.01, 0, 0.11), { sound: true, paper: false, reference: true }], // EL_5
    [scores(0.3), { sound: false, paper: false, reference: false }], // EL_10 was not measured
  ];
  for (const [score, expected] of cases) {
    for (const compat of ["sound", "paper", "reference"] as const) {
      const { reached, stop } = rule(compat).decide(score);
      assertEquals(
        [reached, stop],
        [expected[compat], expected[compat]],
        `${compat} ${JSON.stringify(score)}`,
      );
    }
  }
});

Deno.test("EarlyStop.decide() by the paper's rule asks only for the thresholds that are given", () => {
  const thresholds = { ma: 0.4, el_3: null, el_10: 0.05 };
  assert(rule("paper", thresholds).decide(scores(0.4, 0.05, 1, 1)).reached);
});

Deno.test("EarlyStop.decide() keeps epochs that are no worse", () => {
  const kept = (compat: Compat, values: [number, number][]) =>
    epochs(rule(compat), values).map(({ keep }) => keep);
  for (const compat of ["sound", "paper", "reference"] as const) {
    assertEquals(kept(compat, [[1, 1], [0.9, 1], [0.95, 1], [0.9, 1], [0.8, 1]]), [
      true,
      true,
      false,
      true,
      true,
    ]);
  }
  // EL_10 counts once it is measured: from the first epoch within the margin, or after it
  const near: [number, number][] = [[0.48, 0.6], [0.47, 0.7], [0.46, 0.6], [0.47, 0.1]];
  assertEquals(kept("sound", near), [true, false, true, false]);
  assertEquals(kept("reference", near), [true, true, true, false]);
});

Deno.test("EarlyStop.decide() keeps the epoch that reaches the thresholds; the reference's rule need not", () => {
  // the first is kept; the second has less EL_10, below its threshold, but more MA
  const run: [number, number][] = [[0.45, 0.5], [0.2, 0.08], [0.3, 0.01]];
  assertEquals(epochs(rule("sound"), run).at(-1), { measured: true, keep: true, stop: true, reached: true });
  assertEquals(epochs(rule("paper"), run).at(-1), { measured: true, keep: true, stop: true, reached: true });
  assertEquals(epochs(rule("reference"), run).at(-1), {
    measured: true,
    keep: false,
    stop: true,
    reached: true,
  });
});

Deno.test("EarlyStop.decide() is out of patience after five epochs in which only EL_10 was worse", () => {
  for (const compat of ["sound", "paper", "reference"] as const) {
    const stop = rule(compat);
    const worse: [number, number] = [0.3, 0.3];
    const run = epochs(stop, [[0.45, 0.2], [0.35, 0.2], worse, worse, worse, worse, worse]);
    assertEquals(run.map(({ stop }) => stop), [false, false, false, false, false, false, true], compat);
    assertEquals(run.map(({ keep }) => keep), [true, true, false, false, false, false, false]);
    assert(!run.at(-1)!.reached);
  }
});

Deno.test("EarlyStop.decide() starts counting anew after an epoch that it keeps, and only then", () => {
  const worse: [number, number] = [0.3, 0.3];
  const reset = epochs(rule("sound"), [
    [0.35, 0.2],
    worse,
    worse,
    worse,
    worse,
    [0.3, 0.2],
    worse,
    worse,
    worse,
    worse,
  ]);
  assert(reset.every(({ stop }) => !stop));
  // an epoch of more MA than the last kept neither counts nor starts anew
  const between = epochs(rule("sound"), [
    [0.35, 0.2],
    worse,
    worse,
    [0.36, 0.3],
    worse,
    worse,
    [0.36, 0.1],
    worse,
  ]);
  assertEquals(between.map(({ stop }) => stop), [false, false, false, false, false, false, false, true]);
});

Deno.test("EarlyStop.decide() has patience as long as MA is not below its threshold", () => {
  const run = epochs(rule("sound"), [
    [0.45, 0.2],
    ...Array.from({ length: 9 }, () => [0.4, 0.3] as [number, number]),
  ]);
  assert(run.every(({ stop }) => !stop));
  const stop = rule("sound");
  epochs(stop, [[0.45, 0.2], ...Array.from({ length: 9 }, () => [0.4, 0.3] as [number, number])]);
  assert(stop.decide(scores(0.39, 0.3)).stop); // patience was lost before
});

Deno.test("EarlyStop goes on from its state as if it had not been interrupted", () => {
  const run: [number, number][] = [
    [0.9, 1],
    [0.5, 0.6],
    [0.45, 0.7],
    [0.44, 0.65],
    [0.44, 0.5],
    [0.39, 0.6],
    [0.38, 0.6],
  ];
  for (const compat of ["sound", "paper", "reference"] as const) {
    const whole = epochs(rule(compat), run);
    for (let cut = 0; cut <= run.length; cut++) {
      const first = rule(compat);
      const before = epochs(first, run.slice(0, cut));
      const state = JSON.parse(JSON.stringify(first.state));
      const second = new EarlyStop(THRESHOLDS, { margin: MARGIN, compat }, state);
      assertEquals([...before, ...epochs(second, run.slice(cut))], whole, `${compat}, cut at ${cut}`);
      assertEquals(first.state, state); // the second has its own
    }
  }
});

Deno.test("a threshold of 0 is passed by a score of 0, and by no other", () => {
  for (const compat of ["sound", "paper", "reference"] as const) {
    const stopAt = (el_10: number) => {
      const rule = new EarlyStop({ ma: 0.4, el_3: 0, el_5: 0, el_10: 0 }, { margin: 0.1, compat });
      return rule.decide({ ma: 0.3, el_3: 0, el_5: 0, el_10 }).reached;
    };
    assertEquals([stopAt(0), stopAt(1e-9)], [true, false], compat);
  }
});

Deno.test("EarlyStop compares in single precision by the reference's rule", () => {
  const one = 1 / 3;
  const less = one * (1 - 2 ** -30); // the same float32
  const decide = (compat: Compat, thresholds: StopThresholds, score: GroupScores) =>
    rule(compat, thresholds).decide(score);
  for (const [compat, reached] of [["sound", true], ["paper", true], ["reference", false]] as const) {
    assertEquals(
      decide(compat, { ma: one, el_10: 0.5 }, scores(less, 0.1)).reached,
      reached,
      `${compat}: MA`,
    );
    assertEquals(
      decide(compat, { ma: 0.5, el_10: one }, scores(0.1, less)).reached,
      reached,
      `${compat}: EL_10`,
    );
  }
  const [kept, more] = [scores(less), scores(one)];
  const keeps = (compat: Compat) => {
    const stop = rule(compat);
    return [stop.decide(kept).keep, stop.decide(more).keep];
  };
  assertEquals([keeps("sound"), keeps("reference")], [[true, false], [true, true]]);
  const near = (compat: Compat) => {
    const stop = rule(compat, { ma: 0.2, el_10: 0 });
    stop.wantsEl(Math.fround(0.2 + MARGIN)); // a little above 0.2 + 0.1, the same float32
    return stop.state.near;
  };
  assertEquals([near("sound"), near("reference")], [false, true]);
});
