/**
 * Whether one of many places is near another, by lines and columns: sorted once, so that each question takes some steps.
 *
 * @module
 */
import { firstAtLeast } from "./first_at_least.ts";

/** A place; places come in their order in the text. */
export interface Place {
  line: number;
  column: number;
}

/** How near; null for any distance. */
export interface Nearness {
  withinLines: number | null;
  withinColumns: number | null;
}

/**
 * Places that others may be near to.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { NearPlaces } from "./near_places.ts";
 *
 * const places = new NearPlaces([{ line: 3, column: 5 }], { withinLines: 1, withinColumns: 10 });
 * assertEquals(places.isNear({ line: 4, column: 0 }), true);
 * assertEquals(places.isNear({ line: 5, column: 5 }), false);
 * ```
 */
export class NearPlaces {
  readonly #within: { lines: number; columns: number };
  readonly #lineOf: (place: Place) => number;
  /** The lines that hold places, and the columns of each; as one line where any line is near. */
  readonly #lines: number[];
  readonly #columns: number[][];

  constructor(places: readonly Place[], { withinLines, withinColumns }: Nearness) {
    this.#within = { lines: withinLines ?? 0, columns: withinColumns ?? Infinity };
    this.#lineOf = withinLines === null ? () => 0 : ({ line }) => line;
    const byLine = Map.groupBy(places, this.#lineOf);
    this.#lines = [...byLine.keys()];
    this.#columns = Array.from(byLine.values(), (of) => of.map(({ column }) => column).sort((a, b) => a - b));
  }

  /** Whether a place is near one of them. */
  isNear(place: Place): boolean {
    const line = this.#lineOf(place);
    const { lines, columns } = this.#within;
    for (let i = firstAtLeast(this.#lines, line - lines); this.#lines[i]! <= line + lines; i++) {
      const next = firstAtLeast(this.#columns[i]!, place.column - columns);
      if (this.#columns[i]![next]! <= place.column + columns) return true;
    }
    return false;
  }
}
