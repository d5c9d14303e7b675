/**
 * Rows written in place into a cache: eagerly, in a captured step, and in a step of which XLA compiles the rest; into a
 * cache that an operation made and into one that was uploaded. The contents must be right, read as the result and as the
 * cache itself, after two writes one after the other.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { compile } from "../../../lib/engine/compile.ts";
import { writeRows } from "../../../lib/engine/kernels.ts";
import { appendToCache, cachePlaces, newCacheBuffer } from "../../../lib/decoding/kv_cache.ts";
import type { Check, CheckContext, Comparison } from "../check_types.ts";

const WAYS = ["eager", "captured", "XLA"] as const;
type Way = typeof WAYS[number];
const CACHES = {
  "made by an operation": () => tf.fill([5, 3], 7),
  uploaded: () => tf.tensor2d(new Float32Array(15).fill(7), [5, 3]),
} as const;
const WRITES = [{ rows: [3, 1], first: 10 }, { rows: [4, 3], first: 30 }] as const;
/** B, H, T, K of a KV cache, and each row's position in three steps. */
const [B, H, T, K] = [3, 2, 5, 2];
const POSITIONS = [[0, 4, 2], [1, 4, 3], [4, 0, 0]] as const;

const count = (first: number, size: number) => Float32Array.from({ length: size }, (_, i) => first + i);

/** What must stand in the cache of the plain writes: each write's values are doubled on the way. */
function expectedRows(): number[] {
  const cache = new Array<number>(15).fill(7);
  for (const { rows, first } of WRITES) {
    rows.forEach((row, i) => [0, 1, 2].forEach((k) => cache[3 * row + k] = 2 * (first + 3 * i + k)));
  }
  return cache;
}

function expectedCache(): number[] {
  const cache = new Array<number>(B * H * T * K).fill(0);
  POSITIONS.forEach((places, step) => {
    for (let i = 0; i < B * H * K; i++) {
      const [b, h, k] = [Math.floor(i / (H * K)), Math.floor(i / K) % H, i % K];
      cache[((b * H + h) * T + places[b]!) * K + k] = 2 * (100 * step + i);
    }
  });
  return cache;
}

/** A function in one of the ways. */
function inWay<A extends tf.Tensor[]>(step: (...inputs: A) => tf.Tensor, way: Way) {
  const compiled = way === "eager" ? null : compile(step, { xla: way === "XLA" });
  return {
    run: (...inputs: A) => compiled ? compiled(...inputs) : tf.tidy(() => step(...inputs)),
    [Symbol.dispose]: () => compiled?.[Symbol.dispose](),
  };
}

async function putRows({ put }: CheckContext, part: string, way: Way, make: () => tf.Tensor): Promise<void> {
  using step = inWay(
    (cache: tf.Tensor, rows: tf.Tensor, values: tf.Tensor) => writeRows(cache, rows, tf.mul(values, 2)),
    way,
  );
  const cache = make();
  let written: tf.Tensor | undefined;
  for (const { rows, first } of WRITES) {
    const inputs = [tf.tensor1d([...rows], "int32"), tf.tensor2d(count(first, 6), [2, 3])] as const;
    written?.dispose();
    written = step.run(cache, ...inputs);
    tf.dispose([...inputs]);
  }
  await put(part, { result: tf.reshape(written!, [15]), cache: tf.reshape(cache, [15]) });
}

async function putCache({ put }: CheckContext, part: string, way: Way): Promise<void> {
  using step = inWay((cache: tf.Tensor, positions: tf.Tensor, values: tf.Tensor) => {
    const places = cachePlaces(positions, { heads: H, length: T });
    return tf.sum(appendToCache(cache, places, tf.mul(values, 2)));
  }, way);
  const cache = newCacheBuffer({ rows: B, heads: H, length: T, width: K });
  POSITIONS.forEach((places, i) => {
    const inputs = [
      tf.tensor1d([...places], "int32"),
      tf.tensor4d(count(100 * i, B * H * K), [B, H, 1, K]),
    ] as const;
    tf.dispose([step.run(cache, ...inputs), ...inputs]);
  });
  await put(part, { cache: tf.reshape(cache, [B * H * T * K]) });
}

const partsOf = (cache: string) => WAYS.map((way) => `${cache}.${way}`);

/** The check. */
export const CACHE_WRITES: Check = {
  name: "cache_writes",
  seconds: 30,
  async run(context) {
    if (context.isReference) {
      await context.put("rows", { result: expectedRows(), cache: expectedRows() });
      return await context.put("cache", { cache: expectedCache() });
    }
    for (const way of WAYS) {
      for (const [name, make] of Object.entries(CACHES)) {
        const part = `${name}.${way}`;
        await context.part(part, async () => {
          tf.engine().startScope();
          try {
            await putRows(context, part, way, make);
          } finally {
            tf.engine().endScope();
          }
        });
      }
      await context.part(`KV cache.${way}`, () => putCache(context, `KV cache.${way}`, way));
    }
  },
  rows: () => {
    const row = (name: string, reference: string): Comparison => ({
      row: "cache writes",
      what: `into ${name}: eager, captured, XLA`,
      pairs: partsOf(name).map((part) => ({ part, reference })),
      rule: "exact",
      bound: 0,
    });
    return [
      ...Object.keys(CACHES).map((name) => ({
        ...row(name, "rows"),
        what: `into one ${name}: ${WAYS.join(", ")}`,
      })),
      row("KV cache", "cache"),
    ];
  },
};
