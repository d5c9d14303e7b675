import { assert, assertEquals } from "@std/assert";
import { DETECTORS } from "../../lib/secrets/api_key.ts";
import { detectSecrets, EXTRA_SECRETS } from "../../lib/secrets/detect.ts";
import { EXTENDED_DETECTORS } from "../../lib/secrets/extended.ts";
import { EXTENDED_RULES } from "../../lib/secrets/rules/extended_rules.ts";
import { findByRule } from "../../lib/secrets/rules/find_by_rule.ts";
import type { SecretSpan } from "../../lib/secrets/secret_span.ts";
import { filterSecrets } from "../../lib/secrets/filter.ts";
import { RuleDetector } from "../../lib/secrets/rule_detector.ts";
import { finishRules, readRuleFile } from "../../lib/secrets/rule_set.ts";
import { NASTY_LINES, nastyLine, ROW_LINES, USER_LINES, USER_RULES } from "../nasty_lines.ts";
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

Deno.test("a user's rules find on a line of 100 kB what they find on its pieces", () => {
  const rules = new RuleDetector(finishRules(readRuleFile(USER_RULES)));
  for (const recipe of USER_LINES) {
    const line = nastyLine(recipe, 100_000); // of 1 MB and timed: deno task bench lines
    const found = rules.find(line);
    const size = recipe.body?.length;
    if (size === undefined) continue; // its pieces match across one another
    const wanted: SecretSpan[] = [];
    for (let at = 0; at < line.length; at += size) {
      const spans = rules.find(line.slice(at, at + size));
      wanted.push(...spans.map((span) => ({ ...span, start: span.start + at, end: span.end + at })));
    }
    assertEquals(found, wanted, recipe.rule);
  }
});
