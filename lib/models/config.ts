/**
 * Fields of config.json, read with their checks: a missing, negative or fractional size is refused by its name.
 *
 * @module
 */

/** The deepest language models have some hundred. */
const MAX_LAYERS = 4096;

/**
 * Reads single fields of one config.json.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const read = new ConfigReader({ n_head: 2.5 }, "config.json");
 * assertEquals(read.size("n_layer", 12), 12);
 * const message = 'Cannot load "config.json": n_head is 2.5: expected a whole number of at least 1';
 * assertThrows(() => read.size("n_head"), RangeError, message);
 * ```
 */
export class ConfigReader {
  readonly #json: Readonly<Record<string, unknown>>;
  readonly #file: string;
  readonly #within: string;

  /** @param file a name for messages @param options.within what stands before field names in messages */
  constructor(json: Readonly<Record<string, unknown>>, file: string, { within = "" } = {}) {
    this.#json = json;
    this.#file = file;
    this.#within = within;
  }

  /** Whether a field is there and not null. */
  has(field: string): boolean {
    return this.#json[field] !== undefined && this.#json[field] !== null;
  }

  /** The fields of an object; none where it is missing. */
  nested(field: string): ConfigReader {
    const value = this.#json[field] ?? {};
    if (typeof value !== "object" || Array.isArray(value)) this.refuse(field, "an object");
    return new ConfigReader(value as Record<string, unknown>, this.#file, {
      within: `${this.#within}${field}.`,
    });
  }

  /** A whole number of at least 1. */
  size(field: string, fallback?: number): number {
    const value = this.#json[field] ?? fallback;
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1 || value > 2 ** 31 - 1) {
      this.refuse(field, "a whole number of at least 1");
    }
    return value;
  }

  /** A whole number of at least 0. */
  count(field: string, fallback: number): number {
    return this.#json[field] === 0 ? 0 : this.size(field, fallback);
  }

  /** How many layers: each has weights with names of their own, so a number that no model has is refused. */
  layers(field: string, fallback?: number): number {
    const layers = this.size(field, fallback);
    if (layers > MAX_LAYERS) this.refuse(field, `at most ${MAX_LAYERS}`);
    return layers;
  }

  /** A positive number. */
  positive(field: string, fallback?: number): number {
    const value = this.#json[field] ?? fallback;
    if (typeof value !== "number" || !(value > 0) || !Number.isFinite(value)) {
      this.refuse(field, "a positive number");
    }
    return value;
  }

  /** A list of positive numbers. */
  positives(field: string, count: number): number[] {
    const value = this.#json[field];
    const isNumber = (one: unknown) => typeof one === "number" && one > 0 && Number.isFinite(one);
    if (!Array.isArray(value) || value.length !== count || !value.every(isNumber)) {
      this.refuse(field, `a list of ${count} positive numbers`);
    }
    return value;
  }

  /** True or false. */
  flag(field: string, fallback: boolean): boolean {
    const value = this.#json[field] ?? fallback;
    if (typeof value !== "boolean") this.refuse(field, "true or false");
    return value;
  }

  /** One of some names. */
  choice<T extends string>(field: string, names: readonly T[], fallback: T): T {
    const value = this.#json[field] ?? fallback;
    if (!names.includes(value as T)) this.refuse(field, names.map((name) => `"${name}"`).join(", "));
    return value as T;
  }

  /** A list with one of some names for each of `count`; undefined where it is missing. */
  choices<T extends string>(field: string, names: readonly T[], count: number): T[] | undefined {
    if (!this.has(field)) return undefined;
    const list = this.#json[field];
    const isList = Array.isArray(list) && list.length === count && list.every((name) => names.includes(name));
    if (!isList) {
      this.refuse(field, `a list of ${count} of ${names.map((name) => `"${name}"`).join(", ")}`);
    }
    return list;
  }

  /** Refuses fields whose effect is not implemented unless they are absent, null or false. */
  absent(...fields: string[]): void {
    for (const field of fields) if (this.#json[field]) this.refuse(field, "none: it is not supported");
  }

  /** Says what a field must be. */
  refuse(field: string, expected: string): never {
    const found = JSON.stringify(this.#json[field]) ?? "missing";
    throw new RangeError(
      `Cannot load "${this.#file}": ${this.#within}${field} is ${found}: expected ${expected}`,
    );
  }
}
