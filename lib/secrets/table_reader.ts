/**
 * The values of a table of TOML, each with the type that it must have.
 *
 * @module
 */

/** A table of TOML. */
type Table = { readonly [key: string]: unknown };

/**
 * Reads the values of a table, whose names may be of any case.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { TableReader } from "./table_reader.ts";
 *
 * const table = new TableReader({ ID: "a", tags: "b" }, "rule 1");
 * assertEquals(table.text("id"), "a");
 * assertThrows(() => table.texts("tags"), SyntaxError, "rule 1: tags must be a list of texts");
 * ```
 */
export class TableReader {
  readonly #table: Table;
  /** What the table is, for messages. */
  readonly name: string;

  /** @throws {SyntaxError} If it is no table; so do all methods if a value is of another type. */
  constructor(table: unknown, name: string) {
    this.name = name;
    if (typeof table !== "object" || table === null || Array.isArray(table) || table instanceof Date) {
      throw new SyntaxError(`${name} is no table`);
    }
    this.#table = Object.fromEntries(Object.entries(table).map(([key, value]) => [key.toLowerCase(), value]));
  }

  #get<T>(key: string, is: (value: unknown) => boolean, wanted: string, none: T): T {
    const value = this.#table[key.toLowerCase()];
    if (value === undefined) return none;
    if (!is(value)) throw new SyntaxError(`${this.name}: ${key} must be ${wanted}`);
    return value as T;
  }

  /** A text, or the empty one. */
  text(key: string): string {
    return this.#get<string>(key, (value) => typeof value === "string", "a text", "");
  }

  /** A number, or what stands for none. */
  number<T>(key: string, none: T): number | T {
    return this.#get<number | T>(key, (value) => Number.isFinite(value), "a number", none);
  }

  /** Whether it is set. */
  flag(key: string): boolean {
    return this.#get<boolean>(key, (value) => typeof value === "boolean", "true or false", false);
  }

  /** A list of texts. */
  texts(key: string): string[] {
    const isTexts = (value: unknown) => Array.isArray(value) && value.every((one) => typeof one === "string");
    return this.#get<string[]>(key, isTexts, "a list of texts", []);
  }

  /** The tables of a list of them. */
  tables(key: string, one: string): TableReader[] {
    const list = this.#get<unknown[]>(key, Array.isArray, "a list of tables", []);
    return list.map((table, i) => new TableReader(table, `${one} ${i + 1}`));
  }

  /** A table in it. */
  table(key: string): TableReader | undefined {
    const value = this.#table[key.toLowerCase()];
    return value === undefined ? undefined : new TableReader(value, key);
  }
}
