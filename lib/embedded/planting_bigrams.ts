/**
 * The letter pairs by which the embedded corpus' secrets were found to be gibberish when they were planted. The default
 * table of detection is a newer one, nearer to CodeEraser's; the corpus stays as the embedded model was trained on it, so
 * what reads it takes this one: two of its 210 secrets, hexadecimal ones, read like words to the newer table.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import planting from "../../data/planting_bigrams.json" with { type: "json" };
import type { BigramTable } from "../secrets/gibberish.ts";

/** The table. */
export const PLANTING_BIGRAMS: BigramTable = planting;

/** Its file, for `--bigrams`. */
export const PLANTING_BIGRAMS_FILE = fileURLToPath(
  new URL("../../data/planting_bigrams.json", import.meta.url),
);
