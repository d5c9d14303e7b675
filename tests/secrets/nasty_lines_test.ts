import { assert, assertEquals } from "@std/assert";
import { DETECTORS } from "../../lib/secrets/api_key.ts";
import { detectSecrets, EXTRA_SECRETS } from "../../lib/secrets/detect.ts";
import { EXTENDED_DETECTORS } from "../../lib/secrets/extended.ts";
import { EXTENDED_RULES } from "../../lib/secrets/rules/extended_rules.ts";
import { findByRule } from "../../lib/secrets/rules/find_by_rule.ts";
import { filterSecrets } from "../../lib/secrets/filter.ts";
import { NASTY_LINES, nastyLine, ROW_LINES } from "../nasty_lines.ts";
import { distinctSpans, type OracleSpan, toOracleSpans } from "../parity/oracle_spans.ts";

const spans: OracleSpan[][] = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/nasty_spans.json", import.meta.url)),
);
const OPTIONS = [{}, { profile: "extended", also: EXTRA_SECRETS }] as const;

Deno.test("detectSecrets() finds in nasty lines what the Python tools find", () => {
  NASTY_LINES.forEach((recipe, i) => {
    const found = toOracleSpans(detectSecrets(nastyLine(recipe, 1500)));
    const [ours, theirs] = [found, spans[i]!].map(distinctSpans);
    assertEquals(ours, theirs, JSON.stringify(recipe));
  });
});

Deno.test("every rule has a nasty line", () => {
  const rules = new Set([...NASTY_LINES, ...ROW_LINES].map(({ rule }) => rule));
  const missing = [...Object.keys(DETECTORS), ...Object.keys(EXTENDED_DETECTORS)].filter((name) =>
    !rules.has(name)
  );
  assertEquals(missing, []);
});

Deno.test("detectSecrets() comes to an end on nasty lines of 100 kB, by both profiles", () => {
  for (const recipe of NASTY_LINES) {
    const line = nastyLine(recipe, 100_000); // of 1 MB and timed: deno task bench lines
    for (const options of OPTIONS) {
      const found = detectSecrets(line, options);
      assert(filterSecrets(line, found).length <= found.length);
      assert(found.every(({ start, end }) => start >= 0 && start < end && end <= line.length));
    }
  }
});

Deno.test("every row of the extended profile comes to an end on lines of 20 kB made of its examples", () => {
  for (const { id, ...rule } of EXTENDED_RULES) {
    for (const recipe of ROW_LINES.filter((line) => line.rule === id)) {
      const line = nastyLine(recipe, 20_000);
      findByRule(rule, line, (start, end) => assert(start >= 0 && start < end && end <= line.length));
    }
  }
});
