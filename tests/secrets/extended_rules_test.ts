import { assert, assertEquals } from "@std/assert";
import { detectExtended, EXTENDED_DETECTORS } from "../../lib/secrets/extended.ts";
import { EXTENDED_RULES } from "../../lib/secrets/rules/extended_rules.ts";
import { findByRule } from "../../lib/secrets/rules/find_by_rule.ts";
import type { SecretRule } from "../../lib/secrets/rules/secret_rule.ts";
import { expandExample } from "./expand_example.ts";

const SEEDS = 20;

function valuesBy(rule: SecretRule, text: string): string[] {
  const found: string[] = [];
  findByRule(rule, text, (start, end) => void found.push(text.slice(start, end)));
  return found;
}

for (const [i, rule] of EXTENDED_RULES.entries()) {
  const { id, description, examples, counterExamples, tag = "KEY" } = rule;
  Deno.test(`rule ${i + 1}, ${id}: ${description}`, () => {
    assert(examples.length > 0 && counterExamples.length > 0);
    assertEquals(EXTENDED_DETECTORS[id]!.tag, tag);
    for (const recipe of examples) {
      let found = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const { text, start, end } = expandExample(recipe, seed);
        const values = valuesBy(rule, text);
        const spans = detectExtended(`x = 1\n${text}\n`);
        const isWhole = spans.some((span) => span.start === start + 6 && span.end === end + 6);
        if (values.includes(text.slice(start, end)) && isWhole) found++;
      }
      // values drawn at random are placeholders, or without digits, now and then
      assert(found >= SEEDS - 3, `${found} of ${SEEDS} of ${recipe}`);
    }
    for (const recipe of counterExamples) {
      for (let seed = 0; seed < SEEDS; seed++) {
        assertEquals(valuesBy(rule, expandExample(recipe, seed).text), [], recipe);
      }
    }
  });
}
