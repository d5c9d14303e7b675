/**
 * Places that a person has looked at and wants no more to hear of, as `.gitleaksignore` lists them: a line each,
 * `path:rule:line`, or `commit:path:rule:line` for what that commit brought in; `#` begins a comment. They say nothing of
 * the value, and hold no longer once the line has moved: an allow-list's `fingerprint` does.
 *
 * Source: the README of gitleaks 8.30, "gitleaksignore".
 *
 * @module
 */
import { readRegularText } from "../files/read_file.ts";

const MAX_BYTES = 2 ** 24;

/** What stands at a place. */
export interface IgnorablePlace {
  path: string;
  detector: string;
  /** The line of its first character, from 1. */
  line: number;
  /** The commit that brought it in; null where there is none. */
  commit?: string | null;
}

/** The places; may be sent to a worker. */
export type IgnoredPlaces = ReadonlySet<string>;

/**
 * Reads a list of places, of at most 16 MiB.
 *
 * @throws {SyntaxError} If a line is none; {Error} as `readRegularText`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readIgnoredPlaces } from "./ignored_places.ts";
 *
 * const path = await Deno.makeTempFile();
 * await Deno.writeTextFile(path, "# a test's own\nsrc/a.py:AWS:3\n");
 * assertEquals((await readIgnoredPlaces(path)).size, 1);
 * ```
 */
export async function readIgnoredPlaces(path: string): Promise<IgnoredPlaces> {
  return parseIgnoredPlaces(await readRegularText(path, { what: "ignore list", maxBytes: MAX_BYTES }), path);
}

/**
 * The places of a list's text.
 *
 * @param file a name for messages
 * @throws {SyntaxError} If a line is none.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { isIgnoredPlace, parseIgnoredPlaces } from "./ignored_places.ts";
 *
 * const list = parseIgnoredPlaces("src/a.py:AWS:3\n", ".gitleaksignore");
 * assertEquals(isIgnoredPlace({ path: "src/a.py", detector: "AWS", line: 3 }, list), true);
 * assertThrows(() => parseIgnoredPlaces("src/\n", "x"), SyntaxError, 'Cannot read ignore list "x": line 1 is no place');
 * ```
 */
export function parseIgnoredPlaces(text: string, file: string): IgnoredPlaces {
  const places = new Set<string>();
  for (const [index, raw] of text.replace(/^\ufeff/, "").split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const match = PLACE.exec(line);
    if (!match) {
      throw new SyntaxError(
        `Cannot read ignore list "${file}": line ${index + 1} is no place: expected path:rule:line or ` +
          "commit:path:rule:line",
      );
    }
    const [, commit = "", path, detector, number] = match;
    places.add(
      keyOf({ commit, path: path!.replaceAll("\\", "/"), detector: detector!, line: Number(number) }),
    );
  }
  return places;
}

/** A path may hold a colon, a rule's name not. */
const PLACE = /^(?:([0-9a-f]{40}|[0-9a-f]{64}):)?(.+):([^:]+):(\d{1,9})$/;

function keyOf({ commit, path, detector, line }: IgnorablePlace): string {
  return `${commit ?? ""}:${path}:${detector}:${line}`;
}

/**
 * Whether a list names a place, for any commit or for its own.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isIgnoredPlace, parseIgnoredPlaces } from "./ignored_places.ts";
 *
 * const commit = "0123456789".repeat(4);
 * const list = parseIgnoredPlaces(`${commit}:a.py:AWS:3\n`, ".gitleaksignore");
 * const place = { path: "a.py", detector: "AWS", line: 3 };
 * assertEquals([isIgnoredPlace({ ...place, commit }, list), isIgnoredPlace(place, list)], [true, false]);
 * ```
 */
export function isIgnoredPlace(place: IgnorablePlace, list: IgnoredPlaces): boolean {
  return list.has(keyOf({ ...place, commit: "" })) || Boolean(place.commit) && list.has(keyOf(place));
}
