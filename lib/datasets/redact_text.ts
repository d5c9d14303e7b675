/**
 * What stands in for a text's secrets: made-up values of their format, or tags.
 *
 * @module
 */
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import { madeUpSecret } from "../secrets/made_up_secret.ts";
import type { SecretSpan, SecretTag, Span } from "../secrets/secret_span.ts";
import { fromCodePoints } from "../tokenizers/code_points.ts";
import type { FoundPlace } from "./place.ts";

/** A secret's place in the text that is at hand. */
export type RedactPlace = Omit<FoundPlace, "doc_id">;

/** How to replace. */
export interface RedactOptions {
  /** The key of fingerprints. */
  key: Uint8Array;
  /** What secrets are replaced by: made-up values, or tags such as `<EMAIL>`. */
  by: "made-up" | "tag";
}

/** What stands in for a stretch of a text. */
export interface Replacement extends Span {
  /** The text in its place. */
  text: string;
}

/**
 * What to put in the places of secrets, in the text's order. Places that overlap are replaced as one.
 *
 * @throws {RangeError} If a place lies outside the text, or another value stands there than when it was found.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fingerprintSecret } from "../secrets/fingerprint.ts";
 * import { redactText } from "./redact_text.ts";
 *
 * const key = new Uint8Array(32);
 * const place = { tag: "EMAIL", detector: "Email", start: 4, end: 20 };
 * const found = { ...place, fingerprint: fingerprintSecret("ada@mail.invalid", key) };
 * const replacements = redactText("# 😀 ada@mail.invalid\n", [found], { key, by: "tag" });
 * assertEquals(replacements, [{ start: 5, end: 21, text: "<EMAIL>" }]);
 * ```
 */
export function redactText(
  text: string,
  places: readonly RedactPlace[],
  { key, by }: RedactOptions,
): Replacement[] {
  const units = fromCodePoints(text);
  const stretches = joinStretches(places.map((place) => toUnits(text, place, { units, key })));
  return stretches.map(({ start, end, tag, detector }) => {
    const made = () => madeUpSecret(text.slice(start, end), { tag, detector }, key);
    return { start, end, text: by === "tag" ? `<${tag}>` : made() };
  });
}

/**
 * A text with stretches replaced.
 *
 * @param replacements in the text's order
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { spliceText } from "./redact_text.ts";
 *
 * assertEquals(spliceText("abcd", [{ start: 1, end: 3, text: "-" }]), "a-d");
 * ```
 */
export function spliceText(text: string, replacements: readonly Replacement[]): string {
  let [spliced, from] = ["", 0];
  for (const { start, end, text: instead } of replacements) {
    spliced += text.slice(from, start) + instead;
    from = end;
  }
  return spliced + text.slice(from);
}

function toUnits(
  text: string,
  { tag, detector, start, end, fingerprint }: RedactPlace,
  { units, key }: { units: Uint32Array; key: Uint8Array },
): SecretSpan {
  const [first, last] = [units[start], units[end]];
  if (first === undefined || last === undefined || start >= end) {
    throw new RangeError(`the text has no place ${start} to ${end}`);
  }
  if (fingerprintSecret(text.slice(first, last), key) !== fingerprint) {
    throw new RangeError(`another value stands at ${start} to ${end}, or its fingerprint is of another key`);
  }
  return { start: first, end: last, tag: tag as SecretTag, detector };
}

/** Stretches in order, overlapping ones as one: as that which covers all of it, else as a key. */
function joinStretches(stretches: readonly SecretSpan[]): SecretSpan[] {
  const joined: SecretSpan[] = [];
  for (const next of stretches.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    const last = joined.at(-1);
    if (!last || next.start >= last.end) joined.push({ ...next });
    else if (next.end > last.end) Object.assign(last, { end: next.end, tag: "KEY", detector: "" });
  }
  return joined;
}
