/**
 * Deletion requests: what is to be forgotten, one entry a line. A value, as it stands in texts; `fingerprint:HEX`, as tables
 * have it; `path:GLOB` and `doc:ID`, the secrets that were found in such documents, wherever else these stand.
 * `value:` before a value that begins as another entry does; `#` begins a comment.
 *
 * Invariant: a value stands in memory only. Messages and counts name an entry by its line.
 *
 * @module
 */
import { detectSecrets } from "../secrets/detect.ts";
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import { occurrences } from "../secrets/occurrences.ts";
import { toCodePoints } from "../tokenizers/code_points.ts";
import type { DETECT_COLUMNS } from "./columns.ts";
import type { Document } from "./corpus.ts";
import { bytesOf, compileGlob, matchesGlob } from "./glob.ts";
import { placeKey } from "./place.ts";
import type { RowOf } from "./row_table.ts";

/** What an entry may be. */
export const REQUEST_KINDS = ["value", "fingerprint", "path", "doc"] as const;

/** One of {@linkcode REQUEST_KINDS}. */
export type RequestKind = typeof REQUEST_KINDS[number];

/** An entry of a request. */
export interface RequestEntry {
  /** Its line, from 1. */
  line: number;
  /** What it is. */
  kind: RequestKind;
  /** The value itself, or what stands behind the colon: never to be shown. */
  text: string;
}

/** A place of a requested secret, as `detect` writes one. */
export type RequestedPlace = RowOf<typeof DETECT_COLUMNS>;

/** What places of values that no rule found have in the column `detector`. */
export const REQUESTED = "Request";

/**
 * The entries of a request's text. Blanks around an entry are no part of it.
 *
 * @throws {SyntaxError} naming the line of an entry that is none
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { parseRequest } from "./deletion_request.ts";
 *
 * const entries = parseRequest("# of Ada\nada@mail.invalid\n\npath:src/*.py\nvalue:#1\n");
 * assertEquals(entries.map(({ line, kind }) => [line, kind]), [[2, "value"], [4, "path"], [5, "value"]]);
 * assertEquals(entries.at(-1)!.text, "#1");
 * assertThrows(() => parseRequest("fingerprint:12"), SyntaxError, "line 1 is no fingerprint");
 * ```
 */
export function parseRequest(text: string): RequestEntry[] {
  return text.replace(/^\ufeff/, "").split(/\r\n|\n|\r/).flatMap((whole, i) => {
    const entry = whole.trim();
    if (entry === "" || entry.startsWith("#")) return [];
    const line = i + 1;
    const refuse = (what: string): never => {
      throw new SyntaxError(`Cannot read the request as line ${line} ${what}`);
    };
    const [, kind = "value", named = entry] = /^(value|fingerprint|path|doc):(.*)$/s.exec(entry) ?? [];
    if (named === "") refuse(`has nothing behind "${kind}:"`);
    if (kind === "fingerprint" && !/^[0-9a-f]{64}$/i.test(named)) {
      refuse("is no fingerprint: expected 64 hexadecimal digits");
    }
    if (kind === "path" && compileGlob(bytesOf(named)) === null) refuse("is no pattern of paths");
    return [{ line, kind: kind as RequestKind, text: kind === "fingerprint" ? named.toLowerCase() : named }];
  });
}

/** How many entries of a kind there are, how many matched, and the places that they match. */
export interface RequestCounts {
  entries: number;
  matched: number;
  places: number;
}

/**
 * Looks for a request's secrets: those of a table of found ones at once, values in documents that are added one by one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseRequest, RequestMatcher } from "./deletion_request.ts";
 *
 * const matcher = new RequestMatcher(parseRequest("hunter2\nnowhere\n"), { found: [], key: new Uint8Array(32) });
 * matcher.add({ docId: "a", path: null, text: "😀 pw = hunter2" });
 * const { places, unmatched, counts } = matcher.finish();
 * assertEquals(places.map(({ tag, start, end }) => [tag, start, end]), [["KEY", 7, 14]]);
 * assertEquals([unmatched, counts.value], [[2], { entries: 2, matched: 1, places: 1 }]);
 * ```
 */
export class RequestMatcher {
  readonly #key: Uint8Array;
  readonly #entries: readonly RequestEntry[];
  /** Values that are requested, each with the lines that do. */
  readonly #values: ReadonlyMap<string, readonly RequestEntry[]>;
  readonly #tags = new Map<string, RequestedPlace["tag"]>();
  readonly #places = new Map<string, RequestedPlace>();
  /** The places of each entry. */
  readonly #matches = new Map<RequestEntry, Set<string>>();

  /** @param found what `detect` wrote; empty where no entry asks for it @param key of fingerprints */
  constructor(
    entries: readonly RequestEntry[],
    { found, key }: { found: readonly RequestedPlace[]; key: Uint8Array },
  ) {
    this.#key = key;
    this.#entries = entries;
    this.#values = Map.groupBy(entries.filter(({ kind }) => kind === "value"), ({ text }) => text);
    const values = Map.groupBy(found, ({ fingerprint }) => fingerprint);
    for (const entry of entries) {
      if (entry.kind === "value") continue;
      const own = entry.kind === "fingerprint"
        ? [entry.text]
        : found.filter(documentTest(entry)).map(({ fingerprint }) => fingerprint);
      for (const fingerprint of new Set(own)) {
        for (const place of values.get(fingerprint) ?? []) this.#take(place, [entry]);
      }
    }
  }

  /** Whether documents are to be added. */
  get wantsDocuments(): boolean {
    return this.#values.size > 0;
  }

  /** Looks for the values in a document. */
  add({ docId, path, text }: Document): void {
    const values = [...this.#values.keys()];
    const starts = occurrences(text, values);
    if (starts.every((own) => own.length === 0)) return;
    const points = toCodePoints(text);
    values.forEach((value, i) => {
      for (const start of starts[i]!) {
        this.#take({
          doc_id: docId,
          path,
          tag: this.#tagOf(value),
          detector: REQUESTED,
          start: points[start]!,
          end: points[start + value.length]!,
          fingerprint: fingerprintSecret(value, this.#key),
        }, this.#values.get(value)!);
      }
    });
  }

  /** What was found of all entries. */
  finish(): {
    /** Each place once. */
    places: RequestedPlace[];
    /** Lines of entries that match nowhere. */
    unmatched: number[];
    counts: Record<RequestKind, RequestCounts>;
  } {
    const isMatched = (entry: RequestEntry) => this.#matches.has(entry);
    const countsOf = (kind: RequestKind): RequestCounts => {
      const entries = this.#entries.filter((entry) => entry.kind === kind);
      const matched = entries.filter(isMatched);
      const places = new Set(matched.flatMap((entry) => [...this.#matches.get(entry)!]));
      return { entries: entries.length, matched: matched.length, places: places.size };
    };
    return {
      places: [...this.#places.values()],
      unmatched: this.#entries.filter((entry) => !isMatched(entry)).map(({ line }) => line),
      counts: Object.fromEntries(REQUEST_KINDS.map((kind) => [kind, countsOf(kind)])) as Record<
        RequestKind,
        RequestCounts
      >,
    };
  }

  #take(place: RequestedPlace, entries: readonly RequestEntry[]): void {
    const key = placeKey(place);
    if (!this.#places.has(key)) this.#places.set(key, place);
    for (const entry of entries) {
      const own = this.#matches.get(entry) ?? new Set();
      this.#matches.set(entry, own.add(key));
    }
  }

  /** What a value is between quotes: an address where a rule takes all of it for one, else a key. */
  #tagOf(value: string): string {
    const known = this.#tags.get(value) ??
      detectSecrets(`"${value}"`).find(({ start, end }) => start === 1 && end === 1 + value.length)?.tag ??
      "KEY";
    this.#tags.set(value, known);
    return known;
  }
}

/** Whether a place is in a document that an entry names; of a document without a path its id counts. */
function documentTest({ kind, text }: RequestEntry): (place: RequestedPlace) => boolean {
  if (kind === "doc") return ({ doc_id }) => doc_id === text;
  const glob = compileGlob(bytesOf(text))!;
  const known = new Map<string, boolean>();
  return ({ path, doc_id }) => {
    const name = path ?? doc_id;
    const isMatch = known.get(name) ?? matchesGlob(bytesOf(name).split("/"), glob);
    known.set(name, isMatch);
    return isMatch;
  };
}
