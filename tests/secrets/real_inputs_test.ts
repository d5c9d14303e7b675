import { assertEquals } from "@std/assert";
import { detectExtended } from "../../lib/secrets/extended.ts";
import { filterSecrets } from "../../lib/secrets/filter.ts";
import { expandExample } from "./expand_example.ts";
import { FOUND, NOT_FOUND } from "./real_inputs.ts";

const SEEDS = 10;

for (const [kind, recipes] of Object.entries(FOUND)) {
  Deno.test(`detectExtended() finds values whole where they stand: ${kind}`, () => {
    for (const recipe of recipes) {
      let found = 0;
      for (let seed = 0; seed < SEEDS; seed++) {
        const { text, start, end } = expandExample(recipe, seed);
        const spans = filterSecrets(text, detectExtended(text), { profile: "extended" });
        if (spans.some((span) => span.start === start && span.end === end)) found++;
      }
      // values drawn at random read like words now and then
      assertEquals(found >= SEEDS - 2, true, `${found} of ${SEEDS} of ${recipe}`);
    }
  });
}

Deno.test("detectExtended() finds nothing in lines that only look like such", () => {
  for (const recipe of NOT_FOUND) {
    for (let seed = 0; seed < SEEDS; seed++) {
      const { text } = expandExample(recipe, seed);
      assertEquals(detectExtended(text).map(({ detector }) => detector), [], recipe);
    }
  }
});
