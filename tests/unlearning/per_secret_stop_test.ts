import { assertEquals, assertThrows } from "@std/assert";
import { type JudgedScores, PerSecretStop } from "../../lib/unlearning/per_secret_stop.ts";

const BOUNDS = [{ ma: 0.3, el_10: 0 }, { ma: 0.5, el_10: 0.1 }];
const score = (ma: number | null, el_10: number | null) => {
  return { tokens: 9, ma, el_3: 0, el_5: 0, el_10, nll: 1 };
};

function begun(...scores: JudgedScores[]): PerSecretStop {
  const rule = new PerSecretStop(BOUNDS);
  rule.begin(scores.map(({ ma, el_10 }) => score(ma, el_10)), 1);
  return rule;
}

Deno.test("PerSecretStop judges each secret by MA and EL_10, the thresholds themselves included", () => {
  const cases: [JudgedScores, JudgedScores, boolean[]][] = [
    [score(0.31, 0), score(0.51, 0), [true, true]],
    [score(0.3, 0), score(0.5, 0.1), [false, false]],
    [score(0.3, 0.01), score(0.5, 0.11), [true, true]], // EL_10 alone
    [score(0, 0), score(null, null), [false, false]], // no tokens: above nothing
    [score(0.2, null), score(0.6, null), [true, true]], // not measured: not known to be below
  ];
  for (const [first, second, active] of cases) {
    const rule = begun(first, second);
    assertEquals(rule.active, active);
    assertEquals(rule.outcomes.map(({ isAbove }) => isAbove), [
      active[0],
      second.ma === null ? null : active[1],
    ]);
  }
  const rule = new PerSecretStop(BOUNDS);
  assertEquals([rule.wantsEl(0, 0.3), rule.wantsEl(0, 0.31), rule.wantsEl(1, 0.31)], [true, false, true]);
  assertEquals(rule.begin([score(0.3, 0), score(0.5, 0)], 1), true);
  assertEquals(rule.begin([score(0.3, 0), score(0.6, 0)], 1), false);
});

Deno.test("PerSecretStop keeps the epoch with the fewest secrets above, then the most retain MA", () => {
  const rule = begun(score(1, 1), score(1, 1));
  const epochs: [ReturnType<typeof score>[], number, boolean][] = [
    [[score(0.8, null), score(0.8, null)], 0.9, false], // as many as before, less retained
    [[score(0.2, 0), score(0.8, null)], 0.7, true],
    [[score(0.2, 0), score(0.7, null)], 0.6, false],
    [[score(0.4, null), score(0.4, 0)], 0.8, true], // one comes back as the other leaves
    [[score(0.4, null), score(0.6, null)], 1, false],
    [[score(0.2, 0), score(0.4, 0)], 0.1, true],
  ];
  for (const [scores, retain, keep] of epochs) assertEquals(rule.decide(scores, retain).keep, keep);
  assertEquals(rule.outcomes.map(({ epochs }) => epochs), [4, 5]);
  assertEquals(rule.outcomes[0], {
    ...{ before: { ma: 1, el_10: 1, nll: 1 }, after: { ma: 0.2, el_10: 0 } },
    ...{ isAbove: false, epochs: 4, thresholds: BOUNDS[0]! },
  });
});

Deno.test("PerSecretStop ends when no secret is above, or when they have come no nearer in ten epochs", () => {
  const rule = begun(score(1, 1), score(1, 1));
  const away = [score(0.9, null), score(0.9, null)];
  const near = [score(0.9, null), score(0.8, null)];
  for (let i = 0; i < 10; i++) assertEquals(rule.decide(away, 1).stop, false); // the first of them is nearer
  assertEquals(rule.decide(near, 1).stop, false); // and so is this one
  for (let i = 0; i < 9; i++) assertEquals(rule.decide(near, 1).stop, false);
  assertEquals(rule.decide(near, 1), { keep: false, stop: true, reached: false, above: 2 });
  const late = begun(score(1, 1), score(1, 1));
  for (let i = 0; i < 10; i++) late.decide(near, 1);
  assertEquals(
    late.decide([score(0.9, null), score(0.2, 0.9)], 1).stop,
    false,
    "MA is below: that is nearer, whatever EL_10",
  );
  const other = begun(score(1, 1), score(1, 1));
  assertEquals(other.decide([score(0, 0), score(0, 0)], 0), {
    keep: true,
    stop: true,
    reached: true,
    above: 0,
  });
});

Deno.test("PerSecretStop goes on from its state as if it had not been interrupted", () => {
  const values = [[0.9, 0.9], [0.3, 0.9], [0.2, 0.5], [0.4, 0.6], [0.4, 0.4], [0.3, 0.4]];
  const decide = (rule: PerSecretStop, [a, b]: number[], i: number) =>
    rule.decide([score(a!, a! > 0.3 ? null : 0), score(b!, b! > 0.5 ? null : 0)], 1 - i / 10);
  const whole = begun(score(1, 1), score(1, 1));
  const expected = values.map((value, i) => decide(whole, value, i));
  for (let cut = 0; cut <= values.length; cut++) {
    const first = begun(score(1, 1), score(1, 1));
    const before = values.slice(0, cut).map((value, i) => decide(first, value, i));
    const state = JSON.parse(JSON.stringify(first.state));
    const second = new PerSecretStop(BOUNDS, state);
    assertEquals(
      [...before, ...values.slice(cut).map((value, i) => decide(second, value, cut + i))],
      expected,
    );
    assertEquals(second.outcomes, whole.outcomes);
    assertEquals(first.state, state); // the second has its own
  }
});

Deno.test("PerSecretStop pulls back what is beyond the loss of what was never seen, and ends all the same", () => {
  const rule = new PerSecretStop([{ ma: 0.3, el_10: 0, nll: [2, 8] }, { ma: 0.5, el_10: 0, nll: [5] }]);
  const at = (ma: number, nll: number) => ({ ...score(ma, 0), nll });
  assertEquals(rule.begin([at(1, 0), at(1, 0)], 1), false);
  assertEquals(rule.decide([at(0.2, 6), at(0.6, 1)], 1).reached, false);
  assertEquals(rule.active, [true, true]); // one to be pulled back, one above
  assertEquals(rule.decide([at(0.2, 5), at(0.6, 1)], 1).stop, false);
  assertEquals(rule.active, [false, true]);
  assertEquals(rule.decide([at(0.2, 6), at(0.5, 3)], 1), { keep: true, stop: true, reached: true, above: 0 });
  assertEquals(rule.outcomes.map(({ isAbove, epochs }) => [isAbove, epochs]), [[false, 2], [false, 3]]);
  const wide = new PerSecretStop([{ ma: 0.3, el_10: 0, nll: [5], nll_band: [3, 6] }, { ma: 0.5, el_10: 0 }]);
  wide.begin([at(1, 0), at(1, 0)], 1);
  wide.decide([at(0.2, 6), at(0.6, 9)], 1);
  assertEquals(wide.active, [false, true], "what lies within the band is left alone");
  wide.decide([at(0.2, 6.5), at(0.6, 9)], 1);
  assertEquals(wide.active, [true, true]);
});

const BANDS = Array.from({ length: 10 }, () => ({ ma: 0.3, el_10: 0, nll: [5], nll_band: [4, 6] as const }));
const allAt = (losses: readonly number[], above = 0) =>
  BANDS.map((_, i) => ({ ...score(i < above ? 0.5 : 0.2, 0), nll: losses[i] ?? 5 }));

Deno.test("PerSecretStop brings a secret's loss into the midst of what was never seen, from both sides", () => {
  const rule = new PerSecretStop(BANDS);
  assertEquals(
    rule.begin(allAt(BANDS.map(() => 3)), 1),
    false,
    "none is above, yet all are short of their loss",
  );
  assertEquals(rule.active.filter(Boolean).length, 10);
  assertEquals(rule.decide(allAt([3, 3, 7]), 1), { keep: true, stop: false, reached: false, above: 0 });
  assertEquals(rule.active.filter(Boolean).length, 3);
  assertEquals(rule.decide(allAt([3, 7], 1), 1).reached, false, "of ten two may be outside, none above");
  assertEquals(rule.decide(allAt([4, 6, 3, 7]), 1), { keep: true, stop: true, reached: true, above: 0 });
  assertEquals(new PerSecretStop(BANDS).begin(allAt([3, 7]), 1), true);
});

Deno.test("PerSecretStop pushes a secret further that has its loss and is above all the same, up to twice the loss", () => {
  const rule = new PerSecretStop(BANDS.slice(0, 2));
  const at = (ma: number, nll: number) => ({ ...score(ma, 0), nll });
  rule.begin([at(1, 0), at(1, 0)], 1);
  assertEquals(rule.pushes, [1, 1]);
  rule.decide([at(0.5, 4), at(0.5, 3)], 1);
  assertEquals(rule.pushes, [1.15, 1], "the second is short of its loss yet");
  for (let i = 0; i < 6; i++) rule.decide([at(0.5, 4), at(0.2, 4)], 1);
  assertEquals(rule.pushes, [2, 1]);
  for (let i = 0; i < 6; i++) rule.decide([at(0.3, 4), at(0.2, 4)], 1);
  assertEquals(rule.pushes, [1, 1]);
});

Deno.test("PerSecretStop judges by thresholds that are others since, and goes on with these from its state", () => {
  const rule = new PerSecretStop(BANDS);
  rule.begin(allAt(BANDS.map(() => 0), 10), 1);
  const scores = allAt([], 0);
  rule.decide(scores, 0.9);
  const lower = BANDS.map((bounds) => ({ ...bounds, ma: 0.1, nll_band: [2, 3] as const }));
  rule.retarget(lower);
  assertEquals(rule.rejudge(scores, 0.9, 7), false, "all are above now");
  assertEquals(rule.outcomes.map(({ isAbove, thresholds }) => [isAbove, thresholds.ma])[0], [true, 0.1]);
  const second = new PerSecretStop(BANDS, JSON.parse(JSON.stringify(rule.state)));
  assertEquals(second.thresholds, lower);
  const near = allAt([]).map((each) => ({ ...each, ma: 0.1, nll: 2.5 }));
  assertEquals(second.decide(near, 0.5), { keep: true, stop: true, reached: true, above: 0 });
  for (let i = 0; i < 9; i++) rule.decide(scores, 0.9);
  rule.rejudge(scores, 0.9);
  assertEquals(rule.decide(scores, 0.9).stop, true, "other thresholds give no new patience");
  rule.reopen(scores, 0.9);
  assertEquals(rule.decide(scores, 0.9).stop, false, "a training does");
});

Deno.test("PerSecretStop leaves no secret above that is likelier than anything never seen, whatever chance allows", () => {
  const bounds = Array.from(
    { length: 20 },
    () => ({ ma: 0.3, el_10: 0, nll_band: [3, 6] as const, nll_floor: 2 }),
  );
  const at = (ma: number, nll: number) => ({ ...score(ma, null), nll });
  const others = bounds.slice(1).map(() => ({ ...score(0.2, 0), nll: 4 }));
  const rule = new PerSecretStop(bounds);
  rule.begin(bounds.map(() => at(1, 0.1)), 1);
  const known = [at(1, 0.01), ...others];
  assertEquals(rule.decide(known, 1, 3), { keep: true, stop: false, reached: false, above: 1 });
  assertEquals([rule.countRemembered(known), rule.active[0]], [1, true]);
  // two that are above as what was never seen may be are fewer than one that is known by heart
  const better = rule.decide([at(0.4, 2), at(0.4, 2.5), ...others.slice(1)], 0.5, 3);
  assertEquals(better, { keep: true, stop: true, reached: true, above: 2 });
  assertEquals(rule.rejudge([at(0.4, 1.99), ...others], 1, 3), false);
  assertEquals(rule.rejudge([at(0.4, 2), ...others], 1, 3), true);
  assertEquals(rule.rejudge([{ ...score(0.3, 0), nll: 1 }, ...others], 1, 3), true); // likely, but not above
});

Deno.test("PerSecretStop has nothing to say before it begins", () => {
  const message = "Cannot judge secrets before the model as it came is scored";
  assertThrows(() => new PerSecretStop(BOUNDS).active, Error, message);
});
