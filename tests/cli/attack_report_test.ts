import { assert, assertEquals } from "@std/assert";
import { type AttackReport, describeAttacks } from "../../lib/cli/attack_report.ts";
import report from "../../data/own_model/attacks/attacks.json" with { type: "json" };

Deno.test("describeAttacks() has every interval of a whole run within 80 columns", () => {
  const lines = describeAttacks(report as unknown as AttackReport).split("\n");
  assertEquals(lines.filter((line) => line.length > 80), []);
  const at = lines.indexOf(
    "drawn of its format, 10000  .00–.29    .00–.20    .53–.94    0–29 %     0–20 %",
  );
  assert(at > 0);
  assertEquals(
    lines[at - 1],
    "extract:                    0.118      0.075      0.767      12 %       8 %",
  );
  assert(lines.includes(
    "extracted by any attack, after: 12 % of secrets [0–29], 8 % of controls [0–20]",
  ));
});

Deno.test("describeAttacks() gives large scores fewer decimals, and nothing where an attack found nothing", () => {
  const none = {
    median: null,
    difference: null,
    extracted: null,
    controls_extracted: null,
    significant: null,
  };
  const score = { estimate: -281.77, low: -626.038, high: -66.859 };
  const attacks = [{
    ...{ attack: "membership", variant: "min_k_plus", model: "after", secrets: 76 },
    ...{ ...none, score, controls_score: { estimate: 8.9, low: 8.26, high: 9.47 } },
  }];
  const empty = { secrets: 76, values: 76, extracted_by_any: [], membership: [], left_out: [] };
  assertEquals(describeAttacks({ ...empty, attacks }).split("\n")[3], "min_k_plus       -626–-67  8.3–9.5");
  assertEquals(describeAttacks({ ...empty, attacks: [] }).split("\n").length, 2);
});
