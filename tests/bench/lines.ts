/**
 * Detection of documents that are one line of 1 MB, made to keep a rule busy (tests/nasty_lines.ts): for each rule the slowest
 * of its lines and the profile that takes longest over it. That the spans are right is tests/secrets/nasty_lines_test.ts'.
 *
 * @module
 */
import { detectSecrets, EXTRA_SECRETS } from "../../lib/secrets/detect.ts";
import { filterSecrets } from "../../lib/secrets/filter.ts";
import type { BenchContext } from "./models.ts";
import { type BenchRow, median } from "./bench_table.ts";
import { RuleDetector } from "../../lib/secrets/rule_detector.ts";
import { finishRules, readRuleFile } from "../../lib/secrets/rule_set.ts";
import { NASTY_LINES, nastyLine, ROW_LINES, USER_LINES, USER_RULES } from "../nasty_lines.ts";

const LENGTH = 1_000_000;
const RUNS = 3;
const PROFILES = { reference: {}, extended: { profile: "extended", also: EXTRA_SECRETS } } as const;
const USER_FILE = { "a user's rules": { rules: new RuleDetector(finishRules(readRuleFile(USER_RULES))) } };

/** A row a rule. */
export function benchLines({ log }: BenchContext): Promise<BenchRow[]> {
  const lines = [
    ...[...NASTY_LINES, ...ROW_LINES].map((recipe) => ({ recipe, profiles: PROFILES })),
    ...USER_LINES.map((recipe) => ({ recipe, profiles: USER_FILE })),
  ];
  log(`${lines.length} lines of 1 MB`);
  const slowest = new Map<string, BenchRow>();
  for (const { recipe, profiles } of lines) {
    const line = nastyLine(recipe, LENGTH);
    for (const [profile, options] of Object.entries(profiles)) {
      let found = 0;
      const values = Array.from({ length: RUNS }, () => {
        const start = performance.now();
        const spans = detectSecrets(line, options);
        filterSecrets(line, spans, options);
        found = spans.length;
        return (performance.now() - start) / 1000;
      });
      const known = slowest.get(recipe.rule);
      if (known && median(known.ours.values) >= median(values)) continue;
      const { rule: _rule, ...how } = recipe;
      slowest.set(recipe.rule, {
        name: `1 MB line, ${recipe.rule}`,
        unit: "s",
        ours: { name: profile, values },
        peer: null,
        goal: { below: 1 },
        notes: [`${found} spans in ${JSON.stringify(how).slice(0, 120)}`],
      });
    }
  }
  const time = ({ ours }: BenchRow) => median(ours.values);
  return Promise.resolve([...slowest.values()].sort((a, b) => time(b) - time(a)));
}
