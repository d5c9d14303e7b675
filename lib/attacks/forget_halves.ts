/**
 * A forget set in two halves, of which an attacker has one: documents that share a secret's value stay together, so that
 * what the other half shows was not simply taught again.
 *
 * @module
 */
import { orderBySeed } from "../datasets/seeded_order.ts";

/** A secret of a document. */
export interface DocumentSecret {
  /** The document. */
  doc_id: string;
  /** Equal for equal values. */
  fingerprint: string;
}

/** The documents of each half. */
export interface ForgetHalves {
  /** What the attacker trains on. */
  known: string[];
  /** What is measured. */
  held: string[];
}

/**
 * Cuts documents into halves without a value in common, as even as the groups that share values allow.
 *
 * @param secrets of all documents; one without secrets belongs to no half
 * @throws {RangeError} when all documents share values, one by one
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { forgetHalves } from "./forget_halves.ts";
 *
 * const row = (doc_id: string, fingerprint: string) => ({ doc_id, fingerprint });
 * const { known, held } = forgetHalves([row("a", "x"), row("b", "x"), row("c", "y"), row("d", "z")]);
 * assertEquals([known, held].map((half) => half.sort().join()).sort(), ["a,b", "c,d"]);
 * ```
 */
export function forgetHalves(secrets: readonly DocumentSecret[], { seed = 42 } = {}): ForgetHalves {
  const groups = groupsOf(secrets);
  if (groups.length < 2) {
    throw new RangeError(
      `Cannot cut ${
        groups[0]?.length ?? 0
      } documents into halves: a value of each stands in another one's half`,
    );
  }
  const halves: ForgetHalves = { known: [], held: [] };
  // the largest first, each to the smaller half
  for (const group of orderBySeed(groups, seed, (group) => group[0]!).sort((a, b) => b.length - a.length)) {
    (halves.known.length < halves.held.length ? halves.known : halves.held).push(...group);
  }
  return { known: halves.known.sort(), held: halves.held.sort() };
}

/** Documents that share values, directly or by way of others; sorted. */
function groupsOf(secrets: readonly DocumentSecret[]): string[][] {
  const documents = Map.groupBy(secrets, ({ fingerprint }) => fingerprint);
  const values = Map.groupBy(secrets, ({ doc_id }) => doc_id);
  const seen = new Set<string>();
  return [...values.keys()].sort().flatMap((first) => {
    if (seen.has(first)) return [];
    seen.add(first);
    const group = [first];
    for (const document of group) { // it grows
      for (const { fingerprint } of values.get(document)!) {
        for (const { doc_id } of documents.get(fingerprint)!) {
          if (seen.has(doc_id)) continue;
          seen.add(doc_id);
          group.push(doc_id);
        }
      }
    }
    return [group.sort()];
  });
}
