/**
 * Examples of rules, from their recipes: see lib/secrets/rules/secret_rule.ts. `<g36>` stands for 36 letters and digits of
 * which the last six are the checksum of those before.
 *
 * @module
 */
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { DRAWN } from "../../lib/secrets/rules/secret_rule.ts";
import { tokenChecksum } from "../../lib/secrets/token_checks.ts";

/** An example, and where its value stands; without marks all of it is one. */
export interface Example {
  text: string;
  start: number;
  end: number;
}

function draw(random: PythonRandom, kind: string, count: number): string {
  if (kind !== "g") {
    return Array.from({ length: count }, () => DRAWN[kind]![random.randbelow(DRAWN[kind]!.length)]).join("");
  }
  const body = draw(random, "a", count - 6);
  return body + tokenChecksum(body);
}

/** Draws an example. */
export function expandExample(recipe: string, seed: number): Example {
  const random = new PythonRandom(seed);
  const text = recipe.replace(
    /<([a-zA-Z2])(\d{1,3})>/g,
    (_, kind: string, count: string) => draw(random, kind, Number(count)),
  );
  const plain = text.replace(/[«»]/g, "");
  const start = Math.max(0, text.indexOf("«"));
  return { text: plain, start, end: text.includes("»") ? text.indexOf("»") - 1 : plain.length };
}
