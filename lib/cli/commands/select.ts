/**
 * `select`: forget sets of strongly memorized secrets, in disjoint groups.
 *
 * @module
 */
import { chooseForgetSets, qualifyingIds, SET_ROWS } from "../../datasets/forget_set.ts";
import { knownWindows } from "../../datasets/known_windows.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows, writeRows } from "../../datasets/row_table.ts";
import { defineCommand } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { readDigests } from "../read_digests.ts";
import { openRunFolder } from "../run_folder.ts";
import { REFERENCE_OPTIONS } from "../reference_options.ts";
import { FORGET_COLUMNS, PROBE_COLUMNS, PROOF_COLUMNS, PROOF_NAMES } from "../../datasets/columns.ts";
import { readKnown } from "../known_secrets.ts";
import { MATCHED } from "../unlearn_thresholds.ts";

/**
 * The command `select`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./select.ts";
 *
 * assertEquals(command.options.groups.default, 5);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    probe: { kind: "path", describe: "table that probe wrote", metavar: "F", required: true },
    corpus: { kind: "path", describe: "the corpus", metavar: "C", required: true, orInput: true },
    ...CORPUS_OPTIONS,
    k: { kind: "int", describe: "rows a group (default 32, or fewer where fewer qualify)", min: 1 },
    groups: { kind: "int", describe: "disjoint groups", default: 5, min: 1 },
    minMa: { kind: "float", describe: "least mean MA of a row", default: 0.9, min: 0, max: 1 },
    minMaskTokens: { kind: "int", describe: "least secret tokens of a row", default: 32, min: 1 },
    above: {
      kind: "path",
      describe:
        "instead one set of all windows with a secret above its threshold, at most k: table that thresholds " +
        'wrote, or "matched" where probe had --controls',
      metavar: "F",
      orWord: MATCHED,
    },
    compat: {
      ...REFERENCE_OPTIONS.compat,
      describe: "which windows: all with a secret, or as the reference a document's first alone",
    },
    out: { kind: "path", describe: "folder of forget_0.parquet ...", metavar: "DIR", required: true },
  },
  config: true,
  writes: true,
  async run({ probe, k, groups, minMa, minMaskTokens, above, compat, out, ...values }, context) {
    using corpus = await givenCorpus(values.corpus, values);
    using run = await openRunFolder(out, {
      command: "select",
      context,
      inputs: { probe, corpus: corpus.input, thresholds: above === MATCHED ? undefined : above },
      outputs: ["forget_*.parquet"],
    });
    const rows = await readRows(probe, { ...PROBE_COLUMNS, ...PROOF_COLUMNS }, { optional: PROOF_NAMES });
    const isKnown = above === undefined ? undefined : await readKnown(probe, above);
    const source = await resolveCorpus(corpus.path, corpus.options);
    const read = describeCorpus(source);
    const firstOnly = compat === "reference";
    const options = { k, groups, seed: context.seed, minMa, minMaskTokens, isKnown, firstOnly };
    const wanted = qualifyingIds(rows, options);
    const digests = await readDigests({ rows, wanted }, { source, options: corpus.options }, context);
    const known = isKnown && knownWindows(rows, (id) => digests.get(id), { k, isKnown, firstOnly });
    const sets = known ? [known.rows] : chooseForgetSets(rows, (id) => digests.get(id), options);
    const size = sets[0]!.length;
    if (size === 0) {
      throw new RangeError(
        `Cannot choose a forget set: of ${rows.length} secrets none is above its threshold`,
      );
    }
    for (const [i, set] of sets.entries()) {
      await writeRows(await run.path(`forget_${i}.parquet`), set, FORGET_COLUMNS);
    }
    const meanMa = sets.map((set) => set.reduce((sum, { ma }) => sum + ma, 0) / set.length);
    const left = known && { left: known.left, left_values: known.leftValues };
    const summary = { groups: sets.length, k: size, mean_ma: meanMa, ...left, ...read.summary, out };
    await run.finish(summary);
    const fewer = k === undefined && size < SET_ROWS ? `: too few windows qualify for ${SET_ROWS}` : "";
    const text = known
      ? `a forget set of ${size} rows${describeLeft(known)}`
      : `${groups} forget sets of ${size} rows${fewer}`;
    return { text: [...read.lines, text, `written: ${out}`].join("\n"), summary };
  },
});

function describeLeft({ left, leftValues }: { left: number; leftValues: number }): string {
  if (left === 0) return "";
  const values = leftValues === 0 ? "no value" : `${leftValues} value${leftValues === 1 ? "" : "s"}`;
  return `; ${left} window${left === 1 ? "" : "s"} with known secrets are left, and ${values} without a row`;
}
