/**
 * What an adversary gets out of the model: the attacks as a table, and as rows of figures.
 *
 * @module
 */
import { readRelearnVariant } from "../attacks/relearn_variant.ts";
import { type AttackRow, extractedByAny, summarizeAttacks } from "../attacks/summarize_attacks.ts";
import type { RecoveryRow } from "../figures/recovery_curves.ts";
import { percentText } from "../figures/style.ts";
import type { Interval } from "../metrics/bootstrap.ts";
import { clipText, formatCount, formatScore, withInterval } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import type { ReportedAttacks, RunTables } from "./run_tables.ts";

/**
 * The attacks of a table.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { reportedAttacks } from "./attacks.ts";
 *
 * const place = { doc_id: "a", start: 0, end: 9, fingerprint: "f", model: "after", p_value: null, threshold: null };
 * const found = { extracted: null, controls: 9, controls_score: 1, controls_extracted: null };
 * const row = { ...place, ...found, attack: "exposure", variant: "rank", score: 2 };
 * assertEquals(reportedAttacks([row]).exposures, [{ model: "after", bits: 2 }]);
 * ```
 */
export function reportedAttacks(rows: readonly AttackRow[]): ReportedAttacks {
  const ranks = rows.filter(({ attack, variant }) => attack === "exposure" && variant === "rank");
  const models = Map.groupBy(rows, ({ model }) => model);
  return {
    summaries: summarizeAttacks(rows),
    extracted: [...models].map(([model, own]) => ({
      model,
      secrets: extractedByAny(own, new Map()).secrets,
      controls: null, // which of them any attack extracted is not in the table
    })),
    exposures: ranks.map(({ model, score: bits }) => ({ model, bits })),
  };
}

/**
 * The trainings of `relearn`, and the model before them where its secrets' MA is known.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { recoveryRows } from "./attacks.ts";
 *
 * assertEquals(recoveryRows(undefined), []);
 * ```
 */
export function recoveryRows(attacks: ReportedAttacks | undefined): RecoveryRow[] {
  return (attacks?.summaries ?? []).flatMap(
    ({ attack, variant, model, score, controls_score }): RecoveryRow[] => {
      if (model !== "after" || score === null) return [];
      const scores = { ma: score.estimate, low: score.low, high: score.high };
      const controls = {
        controls: controls_score?.estimate ?? null,
        controls_low: controls_score?.low ?? null,
        controls_high: controls_score?.high ?? null,
      };
      if (attack === "exposure" && variant === "ma") {
        return [{ training: "", rate: null, steps: 0, ...scores, ...controls }];
      }
      const run = attack === "relearn" ? readRelearnVariant(variant) : null;
      if (!run) return [];
      const training = run.isHalf ? "half of the forget set" : "innocent texts";
      return [{ training, rate: run.learning_rate, steps: run.steps, ...scores, ...controls }];
    },
  );
}

/**
 * Renders a row a variant and model: what secrets score, with a 95 % interval, beside their made-up neighbours; null
 * where the run has none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { renderAttacks } from "./attacks.ts";
 *
 * assertEquals(renderAttacks({ title: "Run", version: "v" }), null);
 * ```
 */
export function renderAttacks({ attacks }: RunTables): Markup | null {
  if (!attacks?.summaries.length) return null;
  const columns = ["Attack", "Variant", "Model", "Secrets", "Score", "Controls", "Difference"]
    .concat("Extracted", "Of controls");
  const score = (interval: Interval | null) => withInterval(formatScore(interval?.estimate), interval);
  const share = (interval: Interval | null) =>
    withInterval(percentText(interval?.estimate), interval, percentText);
  const rows = attacks.summaries.map((row) => {
    const names = [row.variant, row.model, formatCount(row.secrets)].map((text) => markup`${clipText(text)}`);
    const scores = [row.score, row.controls_score, row.difference].map(score);
    const cells = [...names, ...scores, ...[row.extracted, row.controls_extracted].map(share)];
    return markup`
<tr><th scope="row">${clipText(row.attack)}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>`;
  });
  return markup`<div class="scroll" role="region" aria-label="Table of attacks" tabindex="0"><table class="attacks">
<caption>Means over secrets with 95 % intervals, beside those of made-up secrets of the same formats in the same places,
which no model has seen. A difference whose interval holds 0 is none. What a score is differs by attack: bits for the
rank of exposure, MA for quantize and relearn, a probability for draws.</caption>
<thead><tr>${columns.map((column) => markup`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>${rows}</tbody></table></div>`;
}
