/**
 * Controls as secrets of their own: what an attack on a secret would find if the model had never seen it.
 *
 * @module
 */
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { ControlValues } from "./control_values.ts";
import type { PlacedSecret } from "./placed_secret.ts";

/**
 * Made-up secrets in the places of secrets, each in a text of its own.
 *
 * @param options.controls of each secret @param options.seed of the draws
 * @returns for each secret its controls, called as it is; none where its format has no other value
 *
 * @example
 * ```ts
 * import { assertEquals, assertMatch } from "@std/assert";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { controlSecrets } from "./control_secrets.ts";
 *
 * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
 * const secret = { id: "a", text: "port = 8080;", tag: "KEY", start: 7, end: 11 };
 * const [[first, ...others]] = await controlSecrets(tokenizer, [secret], { controls: 3, seed: 1 }) as [any];
 * assertMatch(first.text, /^port = \d{4};$/);
 * assertEquals([others.length, first.text === secret.text], [2, false]);
 * ```
 */
export async function controlSecrets(
  tokenizer: Tokenizer,
  secrets: readonly PlacedSecret[],
  { controls, seed }: { controls: number; seed: number },
): Promise<PlacedSecret[][]> {
  const values = new ControlValues(tokenizer);
  return await Promise.all(secrets.map(async (secret) => {
    const { id, text, tag, start, end } = secret;
    const drawn = await values.draw({ value: text.slice(start, end), tag }, {
      count: controls,
      place: id,
      seed,
    });
    return drawn.map((value) => ({
      ...secret,
      text: text.slice(0, start) + value + text.slice(end),
      end: start + value.length,
    }));
  }));
}
