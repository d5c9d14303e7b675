/**
 * Shapes of JSON: what a file must look like before anything is taken from it. A shape is data, from which the type of
 * what has passed follows; fields that it does not name are refused, so what has passed is no deeper than it is.
 *
 * @module
 */

/** What a value may be: a scalar (with "?" also null; text is of one line), or one of values of a shape. */
export type Shape =
  | "text"
  | "text?"
  | "number"
  | "number?"
  | "count"
  | "bool"
  | "bool?"
  | "scalar"
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: { readonly [name: string]: Shape } }
  | { readonly maybe: Shape };

interface Scalars {
  text: string;
  "text?": string | null;
  number: number;
  "number?": number | null;
  count: number;
  bool: boolean;
  "bool?": boolean | null;
  scalar: string | number | boolean;
}

/** The type of what has a shape. */
export type Shaped<S> = S extends keyof Scalars ? Scalars[S]
  : S extends { readonly list: infer E } ? Shaped<E>[]
  : S extends { readonly map: infer E } ? { [name: string]: Shaped<E> }
  : S extends { readonly maybe: infer E } ? Shaped<E> | null
  : S extends { readonly fields: infer F } ? { -readonly [N in keyof F]: Shaped<F[N]> }
  : never;

/**
 * What is wrong with a value, by the path of names; undefined where it has the shape. What it holds is not told.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { misshapen } from "./shape.ts";
 *
 * const shape = { fields: { scores: { list: "number?" } } } as const;
 * assertEquals(misshapen({ scores: [1, null] }, shape), undefined);
 * assertEquals(misshapen({ scores: [1, "x"] }, shape), "scores[1] is no number");
 * assertEquals(misshapen({}, shape), "scores is missing");
 * ```
 */
export function misshapen(value: unknown, shape: Shape, path = ""): string | undefined {
  const at = path === "" ? "it" : path;
  if (typeof shape === "string") return isScalar(value, shape) ? undefined : `${at} is no ${WORDS[shape]}`;
  if ("maybe" in shape) return value === null ? undefined : misshapen(value, shape.maybe, path);
  if ("list" in shape) {
    if (!Array.isArray(value)) return `${at} is no list`;
    return firstOf(value.keys(), (i) => misshapen(value[i], shape.list, `${path}[${i}]`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return `${at} is no object`;
  const entries = new Map(Object.entries(value));
  const inner = (name: string) => path === "" ? name : `${path}.${name}`;
  if ("map" in shape) {
    return firstOf(entries.keys(), (name) => misshapen(entries.get(name), shape.map, `${path}[...]`));
  }
  const names = Object.keys(shape.fields);
  const missing = names.find((name) => !entries.has(name));
  if (missing !== undefined) return `${inner(missing)} is missing`;
  if (entries.size > names.length) return `${at} has fields that are unknown`;
  return firstOf(names, (name) => misshapen(entries.get(name), shape.fields[name]!, inner(name)));
}

const WORDS: { readonly [S in keyof Scalars]: string } = {
  text: "text",
  "text?": "text",
  number: "number",
  "number?": "number",
  count: "whole number",
  bool: "truth value",
  "bool?": "truth value",
  scalar: "text, number or truth value",
};

function isScalar(value: unknown, shape: keyof Scalars): boolean {
  if (shape.endsWith("?")) return value === null || isScalar(value, shape.slice(0, -1) as keyof Scalars);
  if (shape === "text") return typeof value === "string" && !HIDDEN.test(value);
  if (shape === "bool") return typeof value === "boolean";
  if (shape === "count") return Number.isSafeInteger(value) && (value as number) >= 0;
  // JSON has no NaN, but 1e999 is read as infinity
  const isNumber = Number.isFinite(value);
  return isNumber || (shape === "scalar" && (isScalar(value, "text") || typeof value === "boolean"));
}

/** What a terminal obeys, or shows in another order. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}]/u;

function firstOf<T>(items: Iterable<T>, find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
