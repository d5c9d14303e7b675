/**
 * The files that tell `detect` what is likely a secret, and what is none.
 *
 * @module
 */
import { readAllowList } from "../datasets/allow_list.ts";
import { readBaseline } from "../datasets/baseline.ts";
import { readIgnoredPlaces } from "../datasets/ignored_places.ts";
import type { SecretRowsOptions } from "../datasets/secret_table.ts";
import { readRegularText } from "../files/read_file.ts";
import { reasonOf } from "../files/reason.ts";
import { type BigramTable, checkBigrams } from "../secrets/gibberish.ts";
import type { DetectValues } from "./detect_options.ts";

const MAX_BIGRAM_BYTES = 2 ** 24;

/** What was read. */
export type DetectLists = Pick<SecretRowsOptions, "bigrams" | "allow" | "ignored" | "baseline">;

/**
 * Reads those that were given.
 *
 * @param detectors the names that an allow-list may say
 * @throws {SyntaxError} If one is none; {Error} as `readRegularText`.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { readLists } from "./detect_lists.ts";
 *
 * assertEquals(await readLists({}, []), {});
 * await assertRejects(() => readLists({ ignore: "/nowhere" }, []), Error, 'Cannot read ignore list "/nowhere"');
 * ```
 */
export async function readLists(
  { bigrams, allow, ignore, baseline }: Partial<
    Pick<DetectValues, "bigrams" | "allow" | "ignore" | "baseline">
  >,
  detectors: readonly string[],
): Promise<DetectLists> {
  return {
    ...(bigrams !== undefined && { bigrams: await readBigrams(bigrams) }),
    ...(allow !== undefined && { allow: await readAllowList(allow, detectors) }),
    ...(ignore !== undefined && { ignored: await readIgnoredPlaces(ignore) }),
    ...(baseline !== undefined && { baseline: await readBaseline(baseline) }),
  };
}

async function readBigrams(path: string): Promise<BigramTable> {
  const text = await readRegularText(path, { what: "bigrams", maxBytes: MAX_BIGRAM_BYTES });
  try {
    return checkBigrams(JSON.parse(text));
  } catch (cause) {
    throw new SyntaxError(`Cannot read bigrams "${path}": ${reasonOf(cause)}`, { cause });
  }
}
