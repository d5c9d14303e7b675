/**
 * The comparison of what two devices computed. It cannot pass by accident: a tensor that one side lacks, another
 * shape, NaN on either side and no tensors at all are failures.
 *
 * @module
 */
import type { PlainTensor } from "../tensors.ts";

/** Tensors by their names. */
export type Tensors = ReadonlyMap<string, PlainTensor>;

/**
 * What a difference is divided by: "magnitude" the largest number of the tensor, 1 at least, but for tensors named
 * "gradient.NAME" the largest number of all gradients, as some are nothing but noise; "relative" each number itself, 0.1
 * at least; "exact" counts the numbers that are not equal; "norm" is the Euclidean norm of the difference over that of what
 * is expected, for each tensor, all gradients being one: for roundings that hit single numbers hard.
 */
export type Rule = "magnitude" | "relative" | "exact" | "norm";

/** What the names of gradients begin with. */
export const GRADIENT = "gradient.";

/** The worst of a comparison. */
export interface Difference {
  /** By the rule. */
  value: number;
  /** How many numbers were compared. */
  numbers: number;
  /** How many tensors. */
  tensors: number;
  /** The worst tensor, and where in it. */
  worst: { name: string; index: number; found: number; expected: number } | null;
}

/**
 * How far apart two sets of tensors are.
 *
 * @throws {Error} when they are not comparable, saying why
 */
export function compareTensors(found: Tensors, expected: Tensors, rule: Rule): Difference {
  if (expected.size === 0) throw new Error("there is nothing to compare");
  const missing = [...expected.keys()].filter((name) => !found.has(name));
  const extra = [...found.keys()].filter((name) => !expected.has(name));
  if (missing.length > 0) {
    throw new Error(`${missing.length} tensors are missing: ${missing.slice(0, 3).join(", ")}`);
  }
  if (extra.length > 0) {
    throw new Error(`${extra.length} tensors are too many: ${extra.slice(0, 3).join(", ")}`);
  }
  for (const [name, wanted] of expected) checkComparable(name, found.get(name)!, wanted);
  const numbers = [...expected.values()].reduce((sum, { values }) => sum + values.length, 0);
  const result: Difference = { value: 0, numbers, tensors: expected.size, worst: null };
  for (const group of groupsOf([...expected.keys()], rule)) {
    const pairs = group.flatMap((name) => pairsOf(name, found.get(name)!, expected.get(name)!));
    const scale = Math.max(
      isGradient(group[0]!) ? 1e-30 : 1,
      ...group.map((name) => largestOf(expected.get(name)!)),
    );
    const value = { exact: countOf, norm: normOf, relative: relativeOf, magnitude: gapOf }[rule](
      pairs,
      scale,
    );
    const worst = pairs.reduce(
      (a, b) => Math.abs(b.found - b.expected) > Math.abs(a.found - a.expected) ? b : a,
      pairs[0]!,
    );
    if (worst && value > 0 && (!result.worst || value > result.value)) result.worst = worst;
    result.value = rule === "exact" ? result.value + value : Math.max(result.value, value);
  }
  return result;
}

type Pair = NonNullable<Difference["worst"]>;

const isGradient = (name: string) => name.startsWith(GRADIENT);

/** What has one scale: a tensor, or all gradients. */
function groupsOf(names: readonly string[], rule: Rule): string[][] {
  const isApart = (name: string) => rule === "exact" || rule === "relative" || !isGradient(name);
  const gradients = names.filter((name) => !isApart(name));
  return [...names.filter(isApart).map((name) => [name]), ...(gradients.length > 0 ? [gradients] : [])];
}

function pairsOf(name: string, got: PlainTensor, wanted: PlainTensor): Pair[] {
  return Array.from(
    wanted.values,
    (expected, index) => ({ name, index, found: got.values[index]!, expected }),
  );
}

function countOf(pairs: readonly Pair[]): number {
  return pairs.filter(({ found, expected }) => found !== expected).length;
}

function gapOf(pairs: readonly Pair[], scale: number): number {
  return pairs.reduce((most, { found, expected }) => Math.max(most, Math.abs(found - expected)), 0) / scale;
}

function relativeOf(pairs: readonly Pair[]): number {
  const gap = ({ found, expected }: Pair) => Math.abs(found - expected) / Math.max(0.1, Math.abs(expected));
  return pairs.reduce((most, pair) => Math.max(most, gap(pair)), 0);
}

function normOf(pairs: readonly Pair[]): number {
  const [gap, whole] = [
    pairs.reduce((sum, { found, expected }) => sum + (found - expected) ** 2, 0),
    pairs.reduce((sum, { expected }) => sum + expected ** 2, 0),
  ];
  return gap === 0 ? 0 : Math.sqrt(gap / Math.max(whole, 1e-30));
}

/** @throws {Error} for another shape, or numbers that are none */
function checkComparable(name: string, got: PlainTensor, wanted: PlainTensor): void {
  const [a, b] = [got, wanted].map(({ shape }) => `[${shape.join(", ")}]`);
  if (a !== b || got.values.length !== wanted.values.length) {
    throw new Error(`${name} has the shape ${a}, expected ${b}`);
  }
  for (const [who, { values }] of [["computed", got], ["expected", wanted]] as const) {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(values[i])) throw new Error(`${name} is ${values[i]} at element ${i} as ${who}`);
    }
  }
}

function largestOf({ values }: PlainTensor): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}
