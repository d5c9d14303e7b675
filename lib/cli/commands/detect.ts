/**
 * `detect`: the secrets of a corpus as a table of spans and fingerprints, by all cores and in constant memory; as SARIF and
 * as a page for people. No value is written or shown without `--reveal`. The corpus is searched piece by piece; the parts
 * found so far stand beside the output until it is whole, so an interrupted run goes on where it was and ends with the
 * same bytes.
 *
 * @module
 */
import { basename, join, resolve } from "node:path";
import { countDistinct } from "../../datasets/assemble_parts.ts";
import type { Baseline } from "../../datasets/baseline.ts";
import { emptyCorpus } from "../../datasets/corpus.ts";
import { countDocuments } from "../../datasets/corpus_pieces.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { tableFormat } from "../../datasets/tables.ts";
import { walkRoot } from "../../datasets/walk_folder.ts";
import { SECRET_DETECTORS } from "../../secrets/detect.ts";
import { makeFolder, removePath } from "../../files/folders.ts";
import { defineCommand } from "../command.ts";
import { describeCorpus, givenCorpus } from "../corpus_options.ts";
import { describeCounts, type PieceCounts, summarizeCounts } from "../detect_counts.ts";
import { detectCorpus } from "../detect_corpus.ts";
import { readLists } from "../detect_lists.ts";
import { checkDetectOptions, DETECT_OPTIONS, readExtras } from "../detect_options.ts";
import { listPlaces, pathPrefix, writeDetected, writeSkipped } from "../detect_outputs.ts";
import { LEFT_OUT } from "../detect_piece.ts";
import { givenHistory } from "../given_history.ts";
import { isInside } from "../output.ts";
import { removeWithoutParts } from "../part_files.ts";
import { openRunFiles, type RunFiles, type RunFilesOptions } from "../run_files.ts";
import { keySetting, secretKey } from "../secret_key.ts";
import { shardOutput } from "../shard.ts";

/**
 * The command `detect`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./detect.ts";
 *
 * assertEquals(Object.keys(command.args), ["corpus"]);
 * ```
 */
export const command = defineCommand({
  args: {
    corpus: {
      kind: "path",
      describe: "source files, table of texts or folder of such, git repository, or - for standard input",
      required: true,
      orInput: true,
    },
  },
  options: DETECT_OPTIONS,
  config: true,
  writes: true,
  async run(values, context) {
    const { corpus: given, bigrams, allow, ignore, baseline, skipped, sarif, html, reveal, ...options } =
      values;
    const { shard, out: table, setting } = shardOutput(values.out ?? "findings.csv", options.shard);
    checkDetectOptions(values, shard !== undefined);
    const out = values.out === undefined ? undefined : table;
    for (const path of [out, skipped]) if (path !== undefined) tableFormat(path);
    const rules = options.rules === undefined ? undefined : await readRuleFiles(options.rules);
    const profile = rules?.useDefault ? "extended" : options.profile;
    const also = readExtras({ ...options, profile });
    const isHistory = options.git || options.staged;
    const places = options.places || options.failOnFindings || isHistory || [sarif, html].some(Boolean);
    const shown = isHistory || given === "-" ? [] : [sarif, html].filter((path) => path !== undefined);
    const history = isHistory ? await givenHistory(given, options) : null;
    using input = history ?? await givenCorpus(given, { ...options, ...besides(given, shown, options) });
    const key = await secretKey();
    const { workers: _, skipped: _1, sarif: _2, html: _3, failOnFindings: _4, ...settings } =
      context.settings;
    const outputs = [out, sarif, html, skipped].filter((path) => path !== undefined);
    using run = await openOutputs(outputs, {
      command: "detect",
      context: { ...context, settings: { ...settings, places, shard: setting, key: keySetting(key) } },
      inputs: {
        corpus: { ...input.input, besides: shown },
        bigrams,
        "allow-list": allow,
        "ignore list": ignore,
        baseline,
        ...rules?.files,
      },
      kind: "file",
      hasScratch: true,
    });
    const detectors = [...SECRET_DETECTORS, ...rules?.set.rules.map(({ id }) => id) ?? []];
    const lists = await readLists({ bigrams, allow, ignore, baseline }, detectors);
    const piece = {
      ...lists,
      ...(rules && { rules: rules.set }),
      ...{ key, profile, also, reveal, places, compat: options.compat, unfiltered: options.unfiltered },
      ...{ cells: options.decode, anyEncoding: options.decode, comments: options.allowComments },
      numbered: shard !== undefined,
    };
    const reading = { ...input.options, breathe: context.breathe, shard };
    // Refuses what is no corpus before anything is written.
    const source = history?.source ?? await resolveCorpus(input.path, reading);
    const total = await countDocuments(source, reading);
    await makeFolder(run.scratch, { mode: 0o700 });
    const found = await detectCorpus({ ...reading, source, total }, {
      options: { ...piece, folder: run.scratch },
      workers: options.workers ?? navigator.hardwareConcurrency,
    }, context).catch(async (error) => {
      await removeWithoutParts(run.scratch);
      throw error;
    });
    if (found.total.documents === 0 && !shard && !history?.mayBeEmpty) { // a shard of a small corpus may be
      await removePath(run.scratch);
      await writeSkipped(skipped, found.total.skipped); // it tells why
      throw emptyCorpus(given, found.total.skipped);
    }
    const counts = {
      ...summarizeCounts(found.total),
      values: await countDistinct(found.parts, "fingerprint"),
    };
    const read = describeCorpus(source);
    const summary = {
      ...{ ...counts, ...read.summary },
      ...(out !== undefined && { out }),
      ...(sarif !== undefined && { sarif }),
      ...(html !== undefined && { html }),
    };
    const root = history ? history.root : walkRoot(input.path);
    const isOfRows = source.columns !== null || given === "-";
    const prefix = isOfRows ? null : root === null ? "" : pathPrefix(root, context.cwd);
    const notes = [...history?.notes ?? [], ...noteBaseline(lists.baseline, counts)];
    const listed = options.failOnFindings ? await listPlaces(found.parts, { all: counts.spans, prefix }) : [];
    await run.finish(summary, async () => {
      await writeDetected({ out, sarif, html, skipped, reveal, places, numbered: shard !== undefined }, {
        ...{ parts: found.parts, skipped: found.total.skipped, summary: counts, prefix: prefix ?? "", notes },
        title: basename(resolve(given)),
        key: keySetting(key),
      });
    });
    const written = outputs.filter((path) => path !== skipped);
    const lines = [
      ...listed,
      ...notes,
      ...read.lines,
      ...rules?.lines ?? [],
      describeCounts(counts, written),
    ];
    const { spans, values: different } = counts;
    return {
      text: lines.join("\n"),
      summary,
      ...(options.failOnFindings && spans > 0 && {
        failure: `Found secrets: ${spans} places of ${different} values`,
      }),
    };
  },
});

/** What else to leave out of a folder: outputs that lie in it. */
function besides(
  corpus: string,
  outputs: readonly string[],
  { exclude }: { exclude: readonly string[] },
): { exclude: string[] } {
  const inside = outputs.filter((path) => isInside(resolve(path), resolve(corpus)));
  const names = inside.map((path) => resolve(path).slice(resolve(corpus).replace(/\/$/, "").length));
  return { exclude: [...exclude, ...names.map((name) => name.replace(/[\\*?[\] ]/g, "\\$&"))] };
}

/** Files for a run; without any its parts stand in a folder of their own, which goes with it. */
async function openOutputs(
  paths: readonly string[],
  options: RunFilesOptions,
): Promise<Pick<RunFiles, "scratch" | "finish" | typeof Symbol.dispose>> {
  if (paths.length > 0) return await openRunFiles(paths, options);
  const folder = await Deno.makeTempDir({ prefix: "codescrub-" }); // of mode 700
  return {
    scratch: join(folder, "parts"),
    finish: (_summary, write) => write(),
    [Symbol.dispose]: () => Deno.removeSync(folder, { recursive: true }),
  };
}

/** Rules and what reads them, which is loaded only where there are some. */
async function readRuleFiles(path: string) {
  const { readRules } = await import("../../datasets/read_rules.ts");
  return await readRules(path);
}

/** What is likely wrong where nothing of a baseline is found any more. */
function noteBaseline(
  baseline: Baseline | undefined,
  { spans, left_out: leftOut = {} }: Pick<PieceCounts, "spans" | "left_out">,
): string[] {
  const isStrange = baseline !== undefined && baseline.size > 0 && spans > 0 && !leftOut[LEFT_OUT.baseline];
  return isStrange
    ? ["Nothing that the baseline knows was found: with another key of fingerprints nothing can be"]
    : [];
}
