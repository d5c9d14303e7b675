/**
 * How the run was made, so that it can be made again: origin, configuration, versions and seconds a stage. Nested settings
 * are flattened to dotted names; values are shown as JSON.
 *
 * @module
 */
import { clipText, formatSeconds } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import type { RunTables } from "./run_tables.ts";

/** Most settings of one table, and the longest value: a list of file names is no setting. */
const MAX_SETTINGS = 300;
const MAX_VALUE_CHARACTERS = 400;

/**
 * Renders origin, configuration, versions and times, each a table with its caption; null where the run has none.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderRunDetails } from "./run_details.ts";
 *
 * const run = { title: "Run", version: "CodeScrub 0.1.0", config: { unlearn: { lr: 3e-6 } } };
 * assertStringIncludes(renderRunDetails(run)!.text, "unlearn.lr");
 * ```
 */
export function renderRunDetails(run: RunTables): Markup | null {
  const { origin = {}, config = {}, versions = {}, seconds = {} } = run;
  const times = Object.entries(seconds);
  const total = times.reduce((sum, [, value]) => sum + value, 0);
  const stages = times.length > 1 ? [...times, ["total", total] as const] : times;
  const tables = [
    renderPairs("Origin", Object.entries(origin)),
    renderPairs("Configuration", flattenSettings(config)),
    renderPairs("Versions", Object.entries(versions)),
    renderPairs("Time", stages.map(toTime)),
  ].filter((table) => table !== null);
  return tables.length === 0 ? null : markup`<div class="details">${tables}</div>`;
}

function toTime([stage, seconds]: readonly [string, number]): [string, string] {
  return [stage, formatSeconds(seconds)];
}

function renderPairs(
  caption: string,
  pairs: readonly (readonly [string, string])[],
): Markup | null {
  if (pairs.length === 0) return null;
  const shown = pairs.slice(0, MAX_SETTINGS);
  const note = shown.length < pairs.length ? `: the first ${shown.length} of ${pairs.length}` : "";
  const rows = shown.map(([name, value]) =>
    markup`
<tr><th scope="row">${clipText(name)}</th><td>${clipText(value, MAX_VALUE_CHARACTERS)}</td></tr>`
  );
  return markup`<div><table class="pairs"><caption>${caption}${note}</caption><tbody>${rows}</tbody></table></div>`;
}

/**
 * Settings by their dotted names, as text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { flattenSettings } from "./run_details.ts";
 *
 * assertEquals(flattenSettings({ unlearn: { lr: 3e-6 } }), [["unlearn.lr", "0.000003"]]);
 * ```
 */
export function flattenSettings(
  value: Readonly<Record<string, unknown>>,
  prefix = "",
): [string, string][] {
  return Object.entries(value).flatMap(([key, entry]): [string, string][] => {
    const name = prefix + key;
    const isRecord = typeof entry === "object" && entry !== null && !Array.isArray(entry);
    if (isRecord) return flattenSettings(entry as Record<string, unknown>, `${name}.`);
    return [[name, typeof entry === "string" ? entry : JSON.stringify(entry) ?? "–"]];
  });
}
