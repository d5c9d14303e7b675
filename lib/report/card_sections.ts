/**
 * The sections of a model card that are added once what they tell is measured: `unlearn` writes the card before.
 *
 * @module
 */

/** What a card of ours ends with. */
export const LIMITS = "## What this does not say";
/** What attacks found. */
export const ATTACKS = "## What attacks find";
/** What the model is still good for. */
export const USE = "## What it is still good for";

/** In the order in which they stand. */
const ORDER = [USE, ATTACKS, LIMITS] as const;

/**
 * A card with a section; one that has it gets it anew.
 *
 * @param head the section's @param text its lines
 * @returns null where the card is not one of ours
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ATTACKS, putSection, USE } from "./card_sections.ts";
 *
 * const attacked = putSection("# A model\n\n## What this does not say\n", ATTACKS, "None.")!;
 * const whole = putSection(attacked, USE, "All.")!;
 * assertEquals(whole.match(/^## .*$/gm), [USE, ATTACKS, "## What this does not say"]);
 * assertEquals([putSection(whole, ATTACKS, "None."), putSection("# Another\n", USE, "All.")], [whole, null]);
 * ```
 */
export function putSection(card: string, head: typeof USE | typeof ATTACKS, text: string): string | null {
  const placeOf = (section: string) => card.indexOf(`\n${section}\n`);
  if (placeOf(LIMITS) < 0) return null;
  const later = ORDER.slice(ORDER.indexOf(head) + 1).map(placeOf).filter((place) => place >= 0);
  const end = Math.min(...later);
  const known = placeOf(head);
  return `${card.slice(0, known < 0 ? end : known)}\n${head}\n\n${text}\n${card.slice(end)}`;
}
