/**
 * Mutated files for fuzzing: bytes anywhere, values of JSON.
 *
 * @module
 */

/** Draws a whole number from 0 to below a bound. */
export type Draw = (bound: number) => number;

/** Numbers from 0 to below a bound, the same for the same seed (a linear congruential generator: Numerical Recipes). */
export function drawer(seed: number): Draw {
  let state = seed >>> 0;
  return (bound) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

/** One to four changes, mostly near the beginning, where headers are; now and then the end is cut off. */
export function mutateBytes(file: Uint8Array, draw: Draw): Uint8Array {
  const bytes = file.slice();
  const reach = Math.min(bytes.length, [64, 1024, bytes.length][draw(3)]!);
  for (let changes = 1 + draw(4); changes > 0; changes--) {
    const at = draw(reach);
    const mutation = draw(6);
    if (mutation === 0) bytes[at] = draw(256);
    else if (mutation === 1) bytes[at] = bytes[at]! ^ 1 << draw(8);
    else if (mutation === 2) bytes.fill(255, at, at + 8);
    else if (mutation === 3) bytes.fill(0, at, at + 8);
    else if (mutation === 4) bytes.copyWithin(at, draw(reach), draw(bytes.length));
    else new DataView(bytes.buffer).setUint32(Math.min(at, bytes.length - 4), 2 ** draw(32), true);
  }
  return draw(8) === 0 ? bytes.subarray(0, draw(bytes.length)) : bytes;
}

const ODD_VALUES = [
  ...[null, true, false, 0, -1, 1, 1.5, -0, 7, 1e308, 2 ** 31, 2 ** 53, 1e-30, 65536],
  ...["", "x", "../x", "gelu", "float16", "\ud800", "x".repeat(5000), "__proto__", "\0"],
  ...[[], [[]], [1, 2], {}, { a: 1 }, { type: "linear", factor: 2 }],
];

/** One to three values of a JSON text replaced by odd ones, removed or renamed; one text in four is mutated by bytes. */
export function mutateJson(file: Uint8Array, draw: Draw): Uint8Array {
  if (draw(4) === 0) return mutateBytes(file, draw);
  const json = JSON.parse(new TextDecoder().decode(file));
  for (let changes = 1 + draw(3); changes > 0; changes--) mutateValue(json, draw);
  return new TextEncoder().encode(JSON.stringify(json));
}

/** Changes an entry of an object or a list, or goes down into it. */
function mutateValue(parent: Record<string, unknown>, draw: Draw): void {
  const keys = Object.keys(parent);
  const key = keys[draw(keys.length)];
  if (key === undefined) return;
  const child = parent[key];
  if (typeof child === "object" && child !== null && draw(4) > 0) {
    return mutateValue(child as Record<string, unknown>, draw);
  }
  const mutation = draw(6);
  if (mutation === 0 && !Array.isArray(parent)) delete parent[key];
  else if (mutation === 1) parent[key] = parent[keys[draw(keys.length)]!];
  else if (mutation === 2 && typeof child === "number") {
    parent[key] = child + [-1, 1, 0.5, -2 * child][draw(4)]!;
  } else parent[key] = structuredClone(ODD_VALUES[draw(ODD_VALUES.length)]);
}
