/**
 * The heads of grouped attention in config.json: of queries, of keys and values, and their width.
 *
 * @module
 */
import type { ConfigReader } from "./config.ts";
import type { RotaryAttentionSizes } from "./rotary_attention.ts";

/**
 * Reads `num_attention_heads`, `num_key_value_heads` (as many where it is missing) and `head_dim` (width / heads).
 *
 * @param defaults.width `hidden_size` @param defaults.heads of `num_attention_heads`
 * @throws {RangeError} when they do not divide, or the width of a head is odd and cannot be rotated
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ConfigReader } from "./config.ts";
 *
 * const read = new ConfigReader({ num_attention_heads: 4, num_key_value_heads: 2 }, "config.json");
 * assertEquals(readHeads(read, { width: 32, heads: 32 }), { heads: 4, cacheHeads: 2, headWidth: 8 });
 * ```
 */
export function readHeads(
  read: ConfigReader,
  defaults: { width: number; heads: number },
): RotaryAttentionSizes {
  const { width } = defaults;
  const heads = read.size("num_attention_heads", defaults.heads);
  const cacheHeads = read.size("num_key_value_heads", heads);
  if (heads % cacheHeads !== 0) {
    read.refuse("num_key_value_heads", `a divisor of num_attention_heads = ${heads}`);
  }
  if (!read.has("head_dim") && width % heads !== 0) {
    read.refuse("num_attention_heads", `a divisor of hidden_size = ${width}`);
  }
  const headWidth = read.has("head_dim") ? read.size("head_dim") : width / heads;
  if (headWidth % 2 !== 0) {
    read.refuse(
      read.has("head_dim") ? "head_dim" : "num_attention_heads",
      "heads of even width: they are rotated",
    );
  }
  return { heads, cacheHeads, headWidth };
}
