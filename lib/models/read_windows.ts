/**
 * The sliding windows of config.json: how long they are, and which layers have them.
 *
 * @module
 */
import type { AttentionWindows } from "./architecture.ts";
import type { ConfigReader } from "./config.ts";

/** What windows depend on. */
interface WindowFields {
  /** L */
  layers: number;
  /** The longest sequence: a window as long hides nothing. */
  maxPositions: number;
  /** Whether a layer has a window where `layer_types` does not say so. Default: all do. */
  isSliding?: (layer: number) => boolean;
}

/**
 * Reads `sliding_window`, and `layer_types` where a file has it, as transformers 4.53 and later write it.
 *
 * @returns undefined where no layer hides anything
 * @throws {RangeError} when either is not what it should be
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ConfigReader } from "./config.ts";
 *
 * const read = new ConfigReader({ sliding_window: 8 }, "config.json");
 * const isSliding = (layer: number) => layer >= 1;
 * assertEquals(readWindows(read, { layers: 2, maxPositions: 32, isSliding }), [null, 8]);
 * assertEquals(readWindows(read, { layers: 2, maxPositions: 8 }), undefined);
 * ```
 */
export function readWindows(
  read: ConfigReader,
  { layers, maxPositions, isSliding = () => true }: WindowFields,
): AttentionWindows | undefined {
  const types = read.choices("layer_types", ["full_attention", "sliding_attention"], layers);
  if (!read.has("sliding_window")) return undefined;
  const window = read.size("sliding_window");
  const isOne = types ? (layer: number) => types[layer] === "sliding_attention" : isSliding;
  const windows = Array.from({ length: layers }, (_, layer) => isOne(layer) ? window : null);
  return window < maxPositions && windows.some((one) => one !== null) ? windows : undefined;
}
