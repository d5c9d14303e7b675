/**
 * Tensors of int32 and bool, which TensorFlow keeps on the host for some operations and on the card for others: uploaded,
 * gathered, compared, cast and reduced; eagerly, captured and by XLA.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../../lib/engine/compile.ts";
import { oneLine } from "../../../lib/files/reason.ts";
import type { Check, CheckContext } from "../check_types.ts";

type Inputs = Record<"x" | "y" | "rows" | "yes" | "no" | "floats", tf.Tensor>;

const RANGE = Array.from({ length: 24 }, (_, i) => i);

/** Inputs of 4 x 6, the same on every device. Ties and large numbers are among them. */
function makeInputs(): Inputs {
  const ints = (f: (i: number) => number) => tf.tensor2d(RANGE.map(f), [4, 6], "int32");
  return {
    x: ints((i) => (i * 7919) % 23 - 11),
    y: ints((i) => (i * 104729) % 5 - 2),
    rows: tf.tensor1d([3, 0, 0, 2], "int32"),
    yes: tf.tensor2d(RANGE.map((i) => i % 3 === 0), [4, 6], "bool"),
    no: tf.tensor2d(RANGE.map((i) => i % 4 === 1), [4, 6], "bool"),
    floats: tf.tensor2d(RANGE.map((i) => ((i * 31) % 7) / 2 - 1.25), [4, 6]),
  };
}

const OPERATIONS: Readonly<Record<string, (inputs: Inputs) => tf.Tensor>> = {
  "upload int32": ({ x }) => tf.clone(x),
  "upload bool": ({ yes }) => tf.clone(yes),
  "gather int32": ({ x, rows }) => tf.gather(x, rows as tf.Tensor1D),
  "gather bool": ({ yes, rows }) => tf.gather(yes, rows as tf.Tensor1D),
  "gather float32": ({ floats, rows }) => tf.gather(floats, rows as tf.Tensor1D),
  "gather computed rows": ({ floats, x }) => tf.gather(floats, tf.argMax(x, 0) as tf.Tensor1D),
  add: ({ x, y }) => tf.add(x, y),
  sub: ({ x, y }) => tf.sub(x, y),
  mul: ({ x, y }) => tf.mul(x, y),
  neg: ({ x }) => tf.neg(x),
  square: ({ x }) => tf.square(x),
  maximum: ({ x, y }) => tf.maximum(x, y),
  minimum: ({ x, y }) => tf.minimum(x, y),
  floorDiv: ({ x }) => tf.floorDiv(x, tf.scalar(3, "int32")),
  mod: ({ x }) => tf.mod(x, tf.scalar(3, "int32")),
  "large mul": ({ x }) => tf.mul(x, tf.scalar(16777217, "int32")).div(tf.scalar(16777217, "int32")),
  equal: ({ x, y }) => tf.equal(x, y),
  notEqual: ({ x, y }) => tf.notEqual(x, y),
  less: ({ x, y }) => tf.less(x, y),
  lessEqual: ({ x, y }) => tf.lessEqual(x, y),
  greater: ({ x, y }) => tf.greater(x, y),
  greaterEqual: ({ x, y }) => tf.greaterEqual(x, y),
  "greater float32": ({ floats }) => tf.greater(floats, 0),
  logicalAnd: ({ yes, no }) => tf.logicalAnd(yes, no),
  logicalOr: ({ yes, no }) => tf.logicalOr(yes, no),
  logicalNot: ({ yes }) => tf.logicalNot(yes),
  "int32 to float32": ({ x }) => tf.cast(x, "float32"),
  "float32 to int32": ({ floats }) => tf.cast(floats, "int32"),
  "bool to int32": ({ yes }) => tf.cast(yes, "int32"),
  "bool to float32": ({ yes }) => tf.cast(yes, "float32"),
  "int32 to bool": ({ y }) => tf.cast(y, "bool"),
  "argMax float32": ({ floats }) => tf.argMax(floats, -1),
  "argMax int32": ({ y }) => tf.argMax(y, -1),
  "argMax of ties": ({ floats }) => tf.argMax(tf.zerosLike(floats), -1),
  "argMin float32": ({ floats }) => tf.argMin(floats, 0),
  where: ({ yes, x, y }) => tf.where(yes, x, y),
  "where float32": ({ yes, floats }) => tf.where(yes, floats, tf.neg(floats)),
  sum: ({ x }) => tf.sum(x, 1),
  max: ({ x }) => tf.max(x, 0),
  min: ({ x }) => tf.min(x, 0),
  slice: ({ x }) => tf.slice(x, [1, 2], [2, 3]),
  concat: ({ x, y }) => tf.concat([x, y], 1),
  pad: ({ x }) => tf.pad(x, [[0, 0], [0, 1]]),
  reshape: ({ x }) => tf.reshape(x, [3, 8]),
  transpose: ({ x }) => tf.transpose(x),
  tile: ({ x }) => tf.tile(x, [2, 1]),
  range: ({ rows }) => tf.add(rows, tf.range(0, 4, 1, "int32")),
  expandDims: ({ x }) => tf.expandDims(x, 0),
  oneHot: ({ rows }) => tf.oneHot(rows, 5),
  "topk indices": ({ x }) => tf.topk(tf.add(tf.cast(x, "float32"), tf.mul(0.01, tf.range(0, 6))), 3).indices,
};

const WAYS = ["eager", "captured", "XLA"] as const;
const NAMES = Object.keys(OPERATIONS);

/** What the operations give one by one; those that fail are left out, and the first is named at the end. */
async function putEach({ put }: CheckContext, way: typeof WAYS[number], inputs: Inputs): Promise<void> {
  const results: Record<string, tf.Tensor> = {};
  const failures: string[] = [];
  const keys = Object.keys(inputs) as (keyof Inputs)[];
  for (const name of NAMES) {
    try {
      const step = (...tensors: tf.Tensor[]) =>
        OPERATIONS[name]!(Object.fromEntries(keys.map((key, i) => [key, tensors[i]])) as Inputs);
      using compiled = way === "eager" ? null : compile(step);
      results[name] = (compiled ?? step)(...keys.map((key) => inputs[key]));
      results[name].dataSync(); // what fails late must fail here
    } catch (error) {
      delete results[name];
      failures.push(`${name}: ${oneLine(error)}`);
    }
  }
  await put(way, results);
  if (failures.length > 0) throw new Error(`${failures.length} operations fail: ${failures.join("; ")}`);
}

/** All of them in one step: a compilation each would take a minute. */
async function putCompiled({ put }: CheckContext, inputs: Inputs): Promise<void> {
  const keys = Object.keys(inputs) as (keyof Inputs)[];
  using step = compile((...tensors: tf.Tensor[]) => {
    const given = Object.fromEntries(keys.map((key, i) => [key, tensors[i]])) as Inputs;
    return Object.fromEntries(NAMES.map((name) => [name, OPERATIONS[name]!(given)]));
  }, { xla: true });
  await put("XLA", step(...keys.map((key) => inputs[key])));
}

/** The check. */
export const INTEGERS: Check = {
  name: "integers",
  seconds: 60,
  async run(context) {
    for (const way of context.isReference ? ["eager" as const] : WAYS) {
      await context.part(way, async () => {
        tf.engine().startScope();
        try {
          const inputs = makeInputs();
          if (way === "XLA") await putCompiled(context, inputs);
          else await putEach(context, way, inputs);
        } finally {
          tf.engine().endScope();
        }
      });
    }
  },
  rows: () =>
    WAYS.map((way) => ({
      row: `int32 and bool, ${way}`,
      what: `results of ${NAMES.length} operations`,
      pairs: [{ part: way, reference: "eager" }],
      rule: "exact" as const,
      bound: 0,
    })),
};
