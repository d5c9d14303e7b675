/**
 * Secrets by value: all places of one value together, with the number of documents that it stands in, so that
 * memorization can be held against duplication, kind, length and perplexity.
 *
 * @module
 */
import { type FoundPlace, type Place, placeKey, type SecretPlace } from "../datasets/place.ts";
import { meanAndError } from "./thresholds.ts";

/** A place of a secret and whose value stands there. */
export interface ValuePlace extends SecretPlace {
  /** Which value; equal for equal values. */
  secret_id: string;
  /** The rule that found it. */
  detector: string;
  /** The number of training documents in which the value stands; 0 for a never-trained twin. */
  copies: number;
}

/** One value and how well it is known. */
export interface SecretValue extends Pick<ValuePlace, "secret_id" | "tag" | "detector" | "copies"> {
  /** How many places were probed. */
  places: number;
  /** Mean over its places; null where MA is defined at none. */
  ma: number | null;
  /** Mean loss over its places, nats a token. */
  nll: number | null;
  /** Tokens that were scored, at most 32. */
  secret_tokens: number;
  /** Characters of its document before it, mean over its places. */
  start: number;
}

/** A secret and its never-trained twin. */
export interface TwinPair {
  /** EMAIL, IP_ADDRESS or KEY. */
  tag: string;
  /** The rule that found it. */
  detector: string;
  /** Training documents that hold the secret. */
  copies: number;
  /** MA of the secret. */
  ma: number;
  /** MA of its twin. */
  twin_ma: number;
}

/**
 * The places that `detect` found, each once, with the number of documents of its value. Where two rules found a place
 * the one that names a kind of key wins over entropy.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { countCopies } from "./secret_values.ts";
 *
 * const place = { tag: "KEY", detector: "Npm", start: 0, end: 9, fingerprint: "f" };
 * const found = [{ ...place, doc_id: "a" }, { ...place, doc_id: "b" }];
 * assertEquals(countCopies(found).map(({ copies }) => copies), [2, 2]);
 * ```
 */
export function countCopies(found: readonly FoundPlace[]): ValuePlace[] {
  const documents = new Map<string, Set<string>>();
  const places = new Map<string, FoundPlace>();
  for (const place of found) {
    const known = documents.get(place.fingerprint) ?? new Set();
    documents.set(place.fingerprint, known.add(place.doc_id));
    const other = places.get(placeKey(place));
    if (!other || other.detector.endsWith("HighEntropy")) places.set(placeKey(place), place);
  }
  return Array.from(places.values(), ({ doc_id, fingerprint, tag, detector, start, end }) => {
    const copies = documents.get(fingerprint)!.size;
    return { doc_id, secret_id: fingerprint, tag, detector, copies, start, end };
  });
}

/**
 * Means over the places of each value, in the order of `places`.
 *
 * @param probed scores of places; places without one are left out
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretValues } from "./secret_values.ts";
 *
 * const place = { doc_id: "a", start: 4, end: 9 };
 * const known = { ...place, secret_id: "s", tag: "KEY", detector: "Npm", copies: 1 };
 * const [value] = secretValues([{ ...place, ma: 0.5, nll: 2, secret_tokens: 3 }], [known]);
 * assertEquals([value!.ma, value!.places], [0.5, 1]);
 * ```
 */
export function secretValues(
  probed: readonly (Place & { ma: number | null; nll: number | null; secret_tokens: number })[],
  places: readonly ValuePlace[],
): SecretValue[] {
  const scores = new Map(probed.map((row) => [placeKey(row), row]));
  const members = new Map<string, { first: ValuePlace; rows: (typeof probed)[number][] }>();
  for (const place of places) {
    const row = scores.get(placeKey(place));
    if (!row) continue;
    const entry = members.get(place.secret_id) ?? { first: place, rows: [] };
    entry.rows.push(row);
    members.set(place.secret_id, entry);
  }
  const mean = (values: readonly (number | null)[]) =>
    meanAndError(values.filter((value) => value !== null)).mean;
  return Array.from(members.values(), ({ first: { secret_id, tag, detector, copies }, rows }) => ({
    secret_id,
    tag,
    detector,
    copies,
    places: rows.length,
    ma: mean(rows.map(({ ma }) => ma)),
    nll: mean(rows.map(({ nll }) => nll)),
    secret_tokens: rows[0]!.secret_tokens,
    start: mean(rows.map(({ start }) => start))!,
  }));
}

/**
 * Planted secrets with their twins: "planted/mail/4/0" and "twin/mail/4/0" are a pair. Values that lack a score or the
 * other one are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { pairTwins } from "./secret_values.ts";
 *
 * const rest = { tag: "EMAIL", detector: "Email", places: 1, nll: 1, secret_tokens: 9, start: 0 };
 * const secret = { ...rest, secret_id: "planted/mail/4/0", copies: 4, ma: 1 };
 * const twin = { ...rest, secret_id: "twin/mail/4/0", copies: 0, ma: 0.25 };
 * const pair = { tag: "EMAIL", detector: "Email", copies: 4, ma: 1, twin_ma: 0.25 };
 * assertEquals(pairTwins([secret], [twin]), [pair]);
 * ```
 */
export function pairTwins(planted: readonly SecretValue[], twins: readonly SecretValue[]): TwinPair[] {
  const idOf = ({ secret_id }: SecretValue) => secret_id.replace(/^[^/]*\//, "");
  const scores = new Map(twins.map((twin) => [idOf(twin), twin.ma]));
  return planted.flatMap((value) => {
    const { tag, detector, copies, ma } = value;
    const twin = scores.get(idOf(value)) ?? null;
    return ma === null || twin === null ? [] : [{ tag, detector, copies, ma, twin_ma: twin }];
  });
}
