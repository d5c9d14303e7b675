import { assertEquals, assertStringIncludes } from "@std/assert";
import { describeUnlearning, isForgotten } from "../../lib/cli/unlearn_report.ts";

const BEFORE = { ma: 0.9, el_3: 0.8, el_5: 0.8, el_10: 0.7, retain_ma: 0.97 };
const AFTER = { ma: 0.2, el_3: 0.3, el_5: 0.05, el_10: 0.01, retain_ma: 0.96 };
const SUMMARY = {
  ...{ status: "reached", epoch: 3, epochs: 3, before: BEFORE, after: AFTER, notes: [], out: "out" },
  thresholds: { ma: 0.3, el_3: 0.2, el_5: 0.1, el_10: 0.05 },
};
const SETTINGS = { method: "ga", lr: 1e-5, rates: [] };

Deno.test("by the paper's rule a checkpoint is done only where EL_3 and EL_5 are no more than their thresholds too", () => {
  assertEquals([isForgotten(SUMMARY, "sound"), isForgotten(SUMMARY, "reference")], [true, true]);
  for (const metric of ["ma", "el_3", "el_5", "el_10"] as const) {
    const met = { ...SUMMARY, after: { ...SUMMARY.thresholds, retain_ma: 0.96 } };
    assertEquals(isForgotten(met, "paper"), true, "equal to all thresholds");
    met.after[metric] += 1e-6;
    assertEquals(isForgotten(met, "paper"), false, metric);
  }
  const { failure, text } = describeUnlearning(SUMMARY, { ...SETTINGS, compat: "paper" });
  assertStringIncludes(
    failure!,
    "MA is 0.2000, EL_3 is 0.3000, EL_5 is 0.0500, EL_10 is 0.0100 after 3 epochs",
  );
  assertStringIncludes(text!, "0.3000  0.2000  0.1000  0.0500");
  assertEquals(describeUnlearning(SUMMARY, { ...SETTINGS, compat: "sound" }).failure, undefined);
});

Deno.test("where the trained weights had forgotten and the rounded ones have not, the message names --save-dtype", () => {
  const after = { ...AFTER, ma: 0.31 };
  const said = (status: string, method = "ga") =>
    describeUnlearning({ ...SUMMARY, status, after }, { ...SETTINGS, method, compat: "sound" }).failure!;
  assertStringIncludes(
    said("reached"),
    "rounding them for the checkpoint brings it back: try --save-dtype float32",
  );
  assertStringIncludes(said("not-converged"), "try more --epochs or --lr 0.0001");
  assertStringIncludes(said("not-converged", "revs"), "try more --epochs or more --neurons"); // it has no rate
});

Deno.test("a secret that is likelier than any made-up one is not forgotten, whatever chance allows", () => {
  const counts = { erased: 73, below_never_seen: 0, without_tokens: 0, above_by_chance: 7 };
  const said = (still_above: number, remembered: number, more = {}) => {
    const secrets = { ...counts, still_above, remembered };
    return describeUnlearning({ ...SUMMARY, secrets, ...more }, { ...SETTINGS, compat: "sound" });
  };
  assertEquals(said(3, 0).failure, undefined);
  assertStringIncludes(said(3, 0).text!, "73 erased, 3 still above (up to 7 by chance), 0 below never seen");
  assertStringIncludes(
    said(3, 1).failure!,
    "3 of 76 secrets are above their thresholds (up to 7 by chance; 1 likelier than any made-up one)",
  );
  // a run that was to last has to have withstood its last training
  const lasting = { status: "not-converged", relapses: [40, 12] };
  assertStringIncludes(said(3, 0, lasting).failure!, "(not-converged): try more --epochs");
  assertEquals(said(3, 0, { status: "not-converged" }).failure, undefined);
  assertEquals(said(0, 0, { status: "nothing-to-do", relapses: [] }).failure, undefined);
});
