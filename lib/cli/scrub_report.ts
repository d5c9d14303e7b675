/**
 * What `scrub` says at its end: what was requested, what the model knew of it, and what it knows now.
 *
 * @module
 */
import type { CommandResult, Json } from "./command.ts";
import type { EarlierResult } from "./scrub_earlier.ts";
import { describeRequest } from "./scrub_request.ts";
import type { ErasedSecrets } from "./scrub_erase.ts";
import type { FoundSecrets, KnownSecrets } from "./scrub_stages.ts";
import type { Compat } from "../unlearning/early_stop.ts";
import { isForgotten, type UnlearnSummary } from "./unlearn_report.ts";

/** What became of the request. */
export interface ScrubSummary extends Omit<FoundSecrets, "fingerprints">, KnownSecrets {
  method: string;
  /** Not there where the model knew nothing of it. */
  erased?: ErasedSecrets;
  /** What is left of what earlier scrubs erased. */
  earlier: EarlierResult[];
  /** Values of earlier requests that no given run measures. */
  earlier_not_measured: number;
}

/**
 * The result; a request is done only when no secret of it is above its threshold, none was left out and what was erased
 * before still is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { describeScrub } from "./scrub_report.ts";
 *
 * const found = { places: 3, values: 1, documents: 3, known: 0, known_values: 0, method: "ga" };
 * const { text, failure } = describeScrub({ ...found, earlier: [], earlier_not_measured: 0, stages: {}, seconds: 1, out: "run" }, "sound");
 * assertEquals(text!.split("\n")[1], "the model knows none of them: nothing to erase");
 * assertEquals(failure, undefined);
 * ```
 */
export function describeScrub(
  summary: ScrubSummary & { stages: Record<string, number>; seconds: number; out: string },
  compat: Compat,
): CommandResult {
  const { request, places, values, documents, known, known_values, erased, earlier, out, method } = summary;
  const lines = [
    ...request ? describeRequest(request as unknown as Parameters<typeof describeRequest>[0]) : [],
    `${places} places of ${values} values in ${documents} documents`,
    known === 0
      ? "the model knows none of them: nothing to erase"
      : `the model knows ${known} places of ${known_values} values: above their thresholds before`,
  ];
  const failures: string[] = [];
  if (erased) {
    const unlearned = erased.unlearn as unknown as UnlearnSummary;
    const { left, left_values } = erased.select as { left: number; left_values: number };
    const { secrets, status, relapses } = unlearned;
    lines.push(
      secrets
        ? `${method}: ${secrets.erased + secrets.below_never_seen} secrets of the forget set erased ` +
          `(${secrets.below_never_seen} of them below what was never seen), ${secrets.still_above} still above`
        : `${method}: MA ${show(unlearned.after.ma)} (threshold ${show(unlearned.thresholds.ma)}), ` +
          `EL_10 ${show(unlearned.after.el_10)} (${show(unlearned.thresholds.el_10)})`,
      ...relapses?.length ? [`brought back by training, each time: ${relapses.join(", ")}`] : [],
      `retain MA: ${show(unlearned.before.retain_ma)} before, ${show(unlearned.after.retain_ma)} after`,
      ...erased.untreated.places > 0
        ? [
          `outside the forget set: ${erased.untreated.above} of ${erased.untreated.places} requested places above ` +
          "their thresholds after",
        ]
        : [],
    );
    if (!isForgotten(unlearned, compat)) {
      failures.push(
        status === "comes-back"
          ? `training brings ${relapses!.at(-1)} secrets back the last time too: try more --cycles`
          : secrets
          ? describeAbove(secrets)
          : "the forget set is not forgotten",
      );
    }
    if (left > 0) {
      failures.push(
        `--k left ${left} windows with known secrets and ${left_values} values without a row: scrub the result again`,
      );
    }
  }
  earlier.forEach(({ secrets, above, above_then, untreated, untreated_above }, i) => {
    const run = `earlier run ${i + 1}`;
    lines.push(
      ...secrets > 0 || untreated === 0
        ? [`${run}: ${above} of ${secrets} secrets above their thresholds, ${above_then} when it ended`]
        : [],
      ...untreated > 0
        ? [
          `${run}: ${untreated_above} of ${untreated} requested places that it did not treat above their thresholds`,
        ]
        : [],
    );
    if (above > above_then) {
      failures.push(`${above - above_then} secrets of earlier run ${i + 1} have come back`);
    }
  });
  if (summary.earlier_not_measured > 0) {
    lines.push(
      `not measured again: ${summary.earlier_not_measured} values of earlier requests: give --earlier RUN for them`,
    );
  }
  lines.push(
    ...erased ? [`checkpoint: ${out}/${method}`] : [],
    `report: ${out}/report.html`,
    `${summary.seconds} seconds`,
  );
  return {
    text: lines.join("\n"),
    summary: summary as unknown as { [key: string]: Json },
    ...failures.length > 0 && { failure: `Cannot call the request done: ${failures.join("; ")}` },
  };
}

function describeAbove({ still_above, remembered }: NonNullable<UnlearnSummary["secrets"]>): string {
  const known = remembered > 0 ? `, ${remembered} of them likelier than any made-up one` : "";
  return `${still_above} secrets are still above their thresholds${known}`;
}

function show(value: number | null): string {
  return value === null ? "-" : value.toFixed(4);
}
