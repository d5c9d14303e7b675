/**
 * A column of texts in a frame, whatever type they are stored in: texts, categories, or bytes that are UTF-8.
 *
 * @module
 */
import pl from "../npm/polars.ts";

/**
 * A frame with a column as texts, bytes read as UTF-8, null where it holds neither; and the rows whose bytes are not
 * UTF-8.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { textAsText } from "./text_column.ts";
 *
 * assertEquals(textAsText(pl.DataFrame({ text: [1] }), "text").frame.toRecords(), [{ text: null }]);
 * ```
 */
export function textAsText(
  frame: pl.DataFrame,
  name: string,
): { frame: pl.DataFrame; isNotUtf8: ReadonlySet<number> } {
  const kind = kindOf(frame, name);
  const isNotUtf8 = new Set<number>();
  if (kind === "text") return { frame, isNotUtf8 };
  if (kind === "other") return { frame: frame.withColumn(pl.lit(null).cast(pl.Utf8).alias(name)), isNotUtf8 };
  const decode = (from: number, part: pl.DataFrame): pl.DataFrame => {
    try {
      return part.select(pl.col(name).cast(pl.Utf8));
    } catch { // one of them is not UTF-8: Polars does not say which
      if (part.height === 1) {
        isNotUtf8.add(from);
        return part.select(pl.lit(null).cast(pl.Utf8).alias(name));
      }
      const half = part.height >> 1;
      return pl.concat([
        decode(from, part.slice(0, half)),
        decode(from + half, part.slice(half, part.height)),
      ]);
    }
  };
  const texts = decode(0, frame.select(name)).getColumn(name);
  return { frame: frame.drop(name).withColumn(texts), isNotUtf8 };
}

/**
 * What a column holds as far as texts are concerned.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import pl from "nodejs-polars";
 * import { kindOf } from "./text_column.ts";
 *
 * assertEquals(kindOf(pl.DataFrame({ text: ["x"] }), "text"), "text");
 * ```
 */
export function kindOf(frame: pl.DataFrame, name: string): "text" | "bytes" | "category" | "other" {
  const variant = variantOf(frame.getColumn(name));
  if (variant === null) return isBytes(frame, name) ? "bytes" : "other";
  if (/Utf8|String/.test(variant)) return "text";
  return /Categorical|Enum/.test(variant) ? "category" : "other";
}

/** A column's type; null for one that Polars has no word of JavaScript for. */
function variantOf(column: pl.Series): string | null {
  try {
    return column.dtype.variant;
  } catch {
    return null;
  }
}

/** Whether it is of bytes: only those stay such beside a text, where all else becomes a text or fits no text. */
function isBytes(frame: pl.DataFrame, name: string): boolean {
  try {
    const beside = pl.when(pl.lit(true)).then(pl.lit("")).otherwise(pl.col(name)).alias(name);
    return variantOf(frame.slice(0, 0).select(beside).getColumn(name)) === null;
  } catch {
    return false;
  }
}
