/**
 * Qwen2 and Qwen2.5-Coder (transformers, modeling_qwen2.py): Llama with biases on queries, keys and values. Where
 * `use_sliding_window` is true, layers from `max_window_layers` on see a window.
 *
 * @module
 */
import type { Architecture, AttentionWindows } from "./architecture.ts";
import { ConfigReader } from "./config.ts";
import { llama, type LlamaConfig, readLlamaConfig } from "./llama.ts";
import { readWindows } from "./read_windows.ts";

/** Where transformers' defaults differ from Llama's. */
const DEFAULTS = {
  vocab_size: 151936,
  intermediate_size: 22016,
  max_position_embeddings: 32768,
  sliding_window: 4096,
};

/** The Qwen2 family. */
export const qwen2: Architecture<LlamaConfig> = {
  ...llama,
  className: "Qwen2ForCausalLM",
  readConfig: (json, file) => {
    const fields = { ...DEFAULTS, ...json };
    const config = readLlamaConfig(fields, file);
    return {
      ...config,
      modelType: "qwen2",
      biases: { qkv: true, output: false, mlp: false },
      windows: readQwenWindows(new ConfigReader(fields, file), config),
    };
  },
};

/**
 * The windows of Qwen's layers: none unless `use_sliding_window` is true, else those from `max_window_layers` on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ConfigReader } from "./config.ts";
 *
 * const json = { use_sliding_window: true, sliding_window: 8, max_window_layers: 2 };
 * const read = new ConfigReader(json, "config.json");
 * assertEquals(readQwenWindows(read, { layers: 3, maxPositions: 32 }), [null, null, 8]);
 * assertEquals(readQwenWindows(read, { layers: 2, maxPositions: 32 }), undefined);
 * ```
 */
export function readQwenWindows(
  read: ConfigReader,
  sizes: Pick<LlamaConfig, "layers" | "maxPositions">,
): AttentionWindows | undefined {
  if (!read.flag("use_sliding_window", false)) return undefined;
  const first = read.count("max_window_layers", 28);
  return readWindows(read, { ...sizes, isSliding: (layer) => layer >= first });
}
