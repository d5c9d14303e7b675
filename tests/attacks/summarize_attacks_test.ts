import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { AttackScores } from "../../lib/attacks/attack_scores.ts";
import {
  type AttackRow,
  type AttackSummary,
  extractedByAny,
  summarizeAttacks,
} from "../../lib/attacks/summarize_attacks.ts";
import { placeKey } from "../../lib/datasets/place.ts";

function rowOf(i: number, changes: Partial<AttackRow> = {}): AttackRow {
  return {
    ...{ doc_id: `d${i}`, start: 0, end: 9, fingerprint: `f${i}` },
    ...{ model: "after", attack: "extract", variant: "greedy" },
    ...{ score: i, extracted: false, p_value: null, threshold: null },
    ...{ controls: 4, controls_score: 0.5, controls_extracted: 0.25 },
    ...changes,
  };
}

Deno.test("summarizeAttacks() draws places of one value together", () => {
  const apart = summarizeAttacks([0, 0, 0, 8].map((score, i) => rowOf(i, { score })))[0]!;
  const together = summarizeAttacks(
    [0, 0, 0, 8].map((score, i) => rowOf(i, { score, fingerprint: "one" })),
  )[0]!;
  assertEquals([apart.score!.estimate, together.score!.estimate], [2, 2]);
  assert(apart.score!.low < 2 && apart.score!.high > 2);
  assertEquals([together.score!.low, together.score!.high], [2, 2]);
  assertEquals([apart.median!.estimate, apart.secrets], [0, 4]);
  assertEquals(apart.difference!.estimate, 1.5);
  assertEquals([apart.controls_score!.estimate, apart.controls_extracted!.estimate], [0.5, 0.25]);
  assertEquals(apart.significant, null);
});

Deno.test("summarizeAttacks() leaves out what is not defined, and keeps models and variants apart", () => {
  const rows = [
    rowOf(0, { score: null, extracted: null, p_value: 0.05 }),
    rowOf(1, { controls_score: null, controls_extracted: null, p_value: 0.06, extracted: true }),
    rowOf(0, { variant: "beam", score: null }),
    rowOf(0, { model: "before" }),
  ];
  const [greedy, beam, before] = summarizeAttacks(rows) as [AttackSummary, AttackSummary, AttackSummary];
  assertEquals([greedy.variant, beam.variant, before.model], ["greedy", "beam", "before"]);
  assertEquals([greedy.secrets, greedy.score!.estimate, greedy.extracted!.estimate], [2, 1, 1]);
  assertEquals([greedy.difference, greedy.significant!.estimate], [null, 0.5]);
  assertEquals([beam.score, beam.median, beam.extracted!.estimate], [null, null, 0]);
  assertEquals(summarizeAttacks([]), []);
});

Deno.test("extractedByAny() joins attacks by secret and by control", () => {
  const rows = [
    rowOf(0),
    rowOf(0, { variant: "beam", extracted: true }),
    rowOf(1),
    rowOf(1, { attack: "exposure", extracted: null, controls: 1000 }), // only measures
    rowOf(2, { controls: 0, controls_extracted: null }),
  ];
  const found = new Map([[placeKey(rows[2]!), new Set([0, 3])]]);
  const { secrets, controls } = extractedByAny(rows, found);
  assertAlmostEquals(secrets!.estimate, 1 / 3, 1e-12);
  assertAlmostEquals(controls!.estimate, (0 + 2 / 4) / 2, 1e-12);
  assertEquals(extractedByAny([], found), { secrets: null, controls: null });
});

Deno.test("AttackScores names a control that two variants extract once, and means what is defined", () => {
  const scores = new AttackScores();
  const finding = (score: number | null, extracted: boolean | null) => ({ score, extracted });
  for (const variant of ["greedy", "beam"]) {
    scores.add({ secret: 3, variant, ...finding(1, true) }, [
      finding(0, false),
      finding(null, true),
      finding(1, null),
    ]);
  }
  scores.add({ secret: 4, variant: "rank", ...finding(2, null), controls: 1000 }, []);
  const { scores: [first, , last], controlsFound } = scores.outcome();
  assertEquals(controlsFound, [[3, 1]]);
  assertEquals([first!.controls, first!.controls_score, first!.controls_extracted, first!.p_value], [
    3,
    0.5,
    0.5,
    null,
  ]);
  assertEquals([last!.controls, last!.controls_score, last!.controls_extracted], [1000, null, null]);
});
