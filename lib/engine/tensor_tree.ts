/**
 * Tensors by name and in lists, as deep as wanted: what compiled steps take and give.
 *
 * @module
 */
import * as tf from "../npm/tfjs_core.ts";
import type { Tensor } from "../npm/tfjs_core.ts";

/** A tensor, a list of trees, or trees by name. */
export type TensorTree = Tensor | readonly TensorTree[] | { readonly [name: string]: TensorTree };

/** A tree taken apart. */
export interface FlatTree {
  /** Its tensors, from left to right. */
  tensors: Tensor[];
  /** How they stood in it: equal for trees of the same lists and names. */
  form: string;
  /** A tree of the same form. */
  rebuild: (tensors: readonly Tensor[]) => TensorTree;
}

/**
 * Takes a tree apart.
 *
 * @param refuse is told what stands where a tensor should: "a number"
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import * as tf from "@tensorflow/tfjs-core";
 * import { openTensorFlow } from "./engine.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const [a, b] = [tf.scalar(1), tf.scalar(2)];
 * const { tensors, form, rebuild } = flattenTree({ a, more: [b] }, (what) => { throw new TypeError(what); });
 * assertEquals([tensors, form], [[a, b], '{"a":*,"more":[*]}']);
 * assertEquals(rebuild([b, a]), { a: b, more: [a] });
 * ```
 */
export function flattenTree(tree: unknown, refuse: (what: string) => never): FlatTree {
  if (tree instanceof tf.Tensor) {
    return { tensors: [tree], form: "*", rebuild: ([tensor]) => tensor! };
  }
  if (Array.isArray(tree)) {
    const { tensors, forms, rebuild } = flattenAll(tree, refuse);
    return { tensors, form: `[${forms}]`, rebuild };
  }
  if (tree && Object.getPrototypeOf(tree) === Object.prototype) {
    const names = Object.keys(tree);
    const { tensors, forms, rebuild } = flattenAll(Object.values(tree), refuse);
    const form = `{${names.map((name, i) => `${JSON.stringify(name)}:${forms[i]}`)}}`;
    const build = (values: readonly Tensor[]) =>
      Object.fromEntries(rebuild(values).map((part, i) => [names[i]!, part]));
    return { tensors, form, rebuild: build };
  }
  return refuse(describe(tree));
}

function flattenAll(trees: readonly unknown[], refuse: (what: string) => never) {
  const parts = trees.map((part) => flattenTree(part, refuse));
  const rebuild = (tensors: readonly Tensor[]) => {
    let at = 0;
    return parts.map((part) => part.rebuild(tensors.slice(at, at += part.tensors.length)));
  };
  return { tensors: parts.flatMap(({ tensors }) => tensors), forms: parts.map(({ form }) => form), rebuild };
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return typeof value === "object" ? `a ${value.constructor?.name ?? "object"}` : `a ${typeof value}`;
}
