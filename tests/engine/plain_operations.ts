/**
 * The tensor operations that the models use, in double precision and without any library: what the engine's results
 * are compared with.
 *
 * @module
 */

/** Numbers with their shape. */
export interface Plain {
  /** Its dimensions. */
  shape: readonly number[];
  /** Row by row. */
  values: readonly number[];
}

/** A tensor whose number at each index is given by a function. */
export function build(shape: readonly number[], at: (index: number[]) => number): Plain {
  const size = shape.reduce((product, dim) => product * dim, 1);
  const index = shape.map(() => 0);
  const values = Array.from({ length: size }, () => {
    const value = at(index);
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis]! === shape[axis]; axis--) index[axis] = 0;
    return value;
  });
  return { shape, values };
}

/** The number at an index; axes of size 1 are broadcast, missing leading axes too. */
export function at({ shape, values }: Plain, index: readonly number[]): number {
  const own = index.slice(index.length - shape.length);
  return values[shape.reduce((position, dim, axis) => position * dim + (dim === 1 ? 0 : own[axis]!), 0)]!;
}

/** Number by number, broadcast. */
export function zip(a: Plain, b: Plain, combine: (x: number, y: number) => number): Plain {
  const rank = Math.max(a.shape.length, b.shape.length);
  const dims = [a, b].map(({ shape }) => [...Array(rank - shape.length).fill(1), ...shape]);
  const shape = Array.from({ length: rank }, (_, axis) => Math.max(dims[0]![axis], dims[1]![axis]));
  return build(shape, (index) => combine(at(a, index), at(b, index)));
}

/** Number by number. */
export function each({ shape, values }: Plain, change: (x: number) => number): Plain {
  return { shape, values: values.map(change) };
}

/** Products of matrices over the last two axes, broadcast over the others. */
export function matMul(a: Plain, b: Plain, transposeA = false, transposeB = false): Plain {
  const [ra, rb] = [a.shape.length, b.shape.length];
  const inner = a.shape[ra - (transposeA ? 2 : 1)]!;
  const batch = (ra >= rb ? a : b).shape.slice(0, -2);
  const shape = [...batch, a.shape[ra - (transposeA ? 1 : 2)]!, b.shape[rb - (transposeB ? 2 : 1)]!];
  return build(shape, (index) => {
    const [i, j] = index.slice(-2) as [number, number];
    const front = index.slice(0, -2);
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      sum += at(a, [...front, ...(transposeA ? [k, i] : [i, k])]) *
        at(b, [...front, ...(transposeB ? [j, k] : [k, j])]);
    }
    return sum;
  });
}

/** One number for each row of the last axis. */
export function reduceLast(x: Plain, reduce: (row: readonly number[]) => number, keep = false): Plain {
  const width = x.shape.at(-1)!;
  const front = x.shape.slice(0, -1);
  const rows = x.values.length / width;
  const values = Array.from({ length: rows }, (_, r) => reduce(x.values.slice(r * width, (r + 1) * width)));
  return { shape: keep ? [...front, 1] : front, values };
}

/** exp(x) / sum of exp over the last axis. */
export function softmax(x: Plain): Plain {
  const top = reduceLast(x, (row) => Math.max(...row), true);
  const powers = each(zip(x, top, (a, b) => a - b), Math.exp);
  return zip(powers, reduceLast(powers, sum, true), (a, b) => a / b);
}

/** Axes in another order. */
export function transpose(x: Plain, order: readonly number[]): Plain {
  return build(order.map((axis) => x.shape[axis]!), (index) => {
    const source: number[] = [];
    order.forEach((axis, i) => source[axis] = index[i]!);
    return at(x, source);
  });
}

/** Part of a tensor. */
export function slice(x: Plain, begin: readonly number[], size: readonly number[]): Plain {
  return build(size, (index) => at(x, index.map((i, axis) => i + begin[axis]!)));
}

/** Rows of the first axis by number. */
export function gather(x: Plain, rows: Plain): Plain {
  return build([...rows.shape, ...x.shape.slice(1)], (index) => {
    const row = at(rows, index.slice(0, rows.shape.length));
    return at(x, [row, ...index.slice(rows.shape.length)]);
  });
}

/** The error function, by its series and, far out, its continued fraction. */
export function erf(x: number): number {
  const size = Math.abs(x);
  if (size > 3) {
    let fraction = 0;
    for (let k = 60; k > 0; k--) fraction = k / 2 / (size + fraction);
    return Math.sign(x) * (1 - Math.exp(-size * size) / Math.sqrt(Math.PI) / (size + fraction));
  }
  let [term, total] = [x, x];
  for (let k = 1; k < 100; k++) total += (term *= -x * x / k) / (2 * k + 1);
  return 2 / Math.sqrt(Math.PI) * total;
}

/** The sum of a list. */
export function sum(row: readonly number[]): number {
  return row.reduce((total, value) => total + value, 0);
}

/** The gradient of a scalar function of some tensors, by central differences. */
export function differences(
  inputs: readonly Plain[],
  which: number,
  scalar: (inputs: readonly Plain[]) => number,
  step = 1e-5,
): Plain {
  const x = inputs[which]!;
  const moved = (i: number, by: number) =>
    inputs.map((input, k) =>
      k === which ? { ...input, values: input.values.map((v, j) => j === i ? v + by : v) } : input
    );
  const values = x.values.map((_, i) => (scalar(moved(i, step)) - scalar(moved(i, -step))) / (2 * step));
  return { shape: x.shape, values };
}
