/**
 * `analyze`: how strongly a model memorized the documents of a probe, as a histogram of document means, and the share of
 * documents above a threshold.
 *
 * @module
 */
import type pl from "../../npm/polars.ts";
import { DISTRIBUTION_COLUMNS } from "../../datasets/columns.ts";
import { writeRows } from "../../datasets/row_table.ts";
import { readTable } from "../../datasets/tables.ts";
import { memorizationDistribution, type SecretScore } from "../../evaluation/memorization_distribution.ts";
import { defineCommand } from "../command.ts";
import { formatTable } from "../console.ts";
import { openRunFiles } from "../run_files.ts";

/**
 * The command `analyze`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./analyze.ts";
 *
 * assertEquals(command.options.bins.default, 40);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    probe: { kind: "path", describe: "table that probe wrote", metavar: "F", required: true },
    threshold: {
      kind: "float",
      describe: "the mean MA over unseen texts",
      required: true,
      min: 0,
      max: 1,
    },
    bins: { kind: "int", describe: "bins over [0, 1]", default: 40, min: 1, max: 1000 },
    out: { kind: "path", describe: "table of the bins", metavar: "F", required: true },
  },
  config: true,
  writes: true,
  async run({ probe, threshold, bins, out }, context) {
    using run = await openRunFiles([out], { command: "analyze", context, inputs: { probe } });
    const frame = await readTable(probe, { columns: ["doc_id", "ma"] });
    const found = memorizationDistribution(scoresOf(frame, probe), { threshold, bins });
    const summary = {
      documents: found.documents,
      undefined_documents: found.undefinedDocuments,
      secrets: found.secrets,
      threshold,
      share_above: found.shareAbove,
      mean_ma: found.meanMa,
      max_ma: found.maxMa,
      out,
    };
    await run.finish(summary, () => writeRows(out, found.bins, DISTRIBUTION_COLUMNS));
    return { text: `${describeBins(found.bins)}\n\n${describe(summary)}`, summary };
  },
});

function scoresOf(frame: pl.DataFrame, path: string): SecretScore[] {
  return frame.toRecords().map(({ doc_id, ma }, row) => {
    if (typeof doc_id !== "string") {
      throw new TypeError(`Cannot read row ${row} of "${path}": it has no doc_id`);
    }
    // Whole numbers may come as integers, of which Polars makes bigints.
    if (ma === null || typeof ma === "number" || typeof ma === "bigint") {
      return { doc_id, ma: ma === null ? null : Number(ma) };
    }
    throw new TypeError(
      `Cannot read row ${row} of "${path}" as ma must be a number: it is a ${typeof ma}`,
    );
  });
}

type Bins = ReturnType<typeof memorizationDistribution>["bins"];

function describeBins(bins: Bins): string {
  const most = Math.max(1, ...bins.map(({ documents }) => documents));
  const rows = bins.map(({ bin_start, bin_end, documents }) => [
    `${bin_start.toFixed(3)}-${bin_end.toFixed(3)}`,
    documents,
    "█".repeat(Math.round(40 * documents / most)),
  ]);
  return formatTable(["mean MA", "documents", ""], rows);
}

function describe(summary: { [name: string]: string | number | null }): string {
  const { documents, undefined_documents, share_above, threshold, out } = summary;
  const share = share_above === null ? "-" : `${(100 * Number(share_above)).toFixed(2)} %`;
  const apart = undefined_documents ? `; ${undefined_documents} without a defined MA` : "";
  return `${share} of ${documents} documents above ${threshold}${apart}\nwritten: ${out}`;
}
