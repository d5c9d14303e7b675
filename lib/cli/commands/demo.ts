/**
 * `demo`: the main job on the embedded model, from detection to report, by the same commands that a user runs: each
 * reads the tables of those before it from out/demo. Everything that is missing is set up first.
 *
 * @module
 */
import { join } from "node:path";
import preset from "../../../data/embedded_preset.json" with { type: "json" };
import {
  DUPLICATION_COLUMNS,
  EVALUATION_COLUMNS,
  FOUND_COLUMNS,
  INTERVAL_COLUMNS,
  PROBE_COLUMNS,
  THRESHOLD_COLUMNS,
} from "../../datasets/columns.ts";
import { findDocuments } from "../../datasets/find_documents.ts";
import { PLANTING_BIGRAMS_FILE } from "../../embedded/planting_bigrams.ts";
import { METRIC_NAMES, type MetricValues, perMetric } from "../../datasets/metrics.ts";
import { readRows, writeRows } from "../../datasets/row_table.ts";
import { type EmbeddedCorpusFiles, writeEmbeddedCorpus } from "../../embedded/write_embedded_corpus.ts";
import { writeFileAtomic } from "../../files/write_file.ts";
import { maByCopies } from "../../evaluation/duplication.ts";
import type { MeasuredSet } from "../../evaluation/evaluate_sets.ts";
import { mostMemorized } from "../../evaluation/most_memorized.ts";
import { isBelowThreshold } from "../../metrics/threshold.ts";
import { RUN_FILES } from "../../report/run_files.ts";
import { describeSecret } from "../../secrets/fingerprint.ts";
import { fromCodePoints } from "../../tokenizers/code_points.ts";
import { command as analyze } from "./analyze.ts";
import { type CommandResult, defineCommand, type Json } from "../command.ts";
import { formatTable } from "../console.ts";
import { roundedSeconds, Stages } from "../stages.ts";
import { command as detect } from "./detect.ts";
import { setUpWithProgress } from "./doctor.ts";
import { describeRelearned, formatSets } from "../evaluated_sets.ts";
import { command as evaluate } from "./evaluate.ts";
import { LASTING_OPTIONS } from "../lasting_options.ts";
import { EMBEDDED_MODEL } from "../model_folder.ts";
import { resolvePath } from "../options.ts";
import { command as probe } from "./probe.ts";
import { command as report } from "./report.ts";
import { command as retain } from "./retain.ts";
import { openRunFolder, readRunRecord } from "../run_folder.ts";
import { command as select } from "./select.ts";
import { openEngine } from "../session.ts";
import { command as thresholds } from "./thresholds.ts";
import { command as unlearn } from "./unlearn.ts";

const METHODS = ["codeeraser", "ga"] as const;
/** Unseen texts for thresholds: enough for a standard error of 0.01 in MA. */
const UNSEEN_TEXTS = 64;
/** Steps of the ordinary training after which the forget set is measured once more. */
const BENIGN_STEPS = LASTING_OPTIONS.benignSteps.default;
/** Texts tried for the retain set. */
const RETAIN_TEXTS = 600;
/** How much retain-set MA CodeEraser may cost. */
const RETAIN_TOLERANCE = 0.05;

/**
 * The command `demo`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./demo.ts";
 *
 * assertEquals(command.options.out.default, "out/demo");
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    out: {
      kind: "string",
      describe: "folder of everything; an earlier demo in it is replaced",
      default: "out/demo",
      metavar: "DIR",
    },
  },
  writes: true,
  async run({ out: name }, context) {
    const startedAt = performance.now();
    const out = resolvePath(name, context.cwd);
    const isOwn = (await readRunRecord(out))?.command === "demo";
    await setUpWithProgress(context);
    using engine = await openEngine();
    using run = await openRunFolder(out, {
      command: "demo",
      context: {
        ...context,
        settings: { ...preset, seed: context.seed },
        force: context.force || isOwn,
      },
      outputs: [RUN_FILES.summary, RUN_FILES.duplication],
      versions: { tensorflow: engine.version },
    });
    context.log(`${STAGES.length} stages, about five minutes on two cores`);
    const stages = new Stages(context, out, { names: STAGES });
    const files = await stages.time("corpus", () => embeddedFiles());
    await runPipeline(stages, files);
    const summary = await summarize(out, { stages: stages.seconds, seconds: roundedSeconds(startedAt) });
    await writeFileAtomic(join(out, RUN_FILES.summary), JSON.stringify(summary, null, 2) + "\n");
    await stages.run("report", report, { tables: [out], out: join(out, "report.html") });
    await run.finish(summary);
    return await describe(out, files, summary);
  },
});

async function embeddedFiles(): Promise<EmbeddedCorpusFiles> {
  const tokenizer = await Deno.readTextFile(join(EMBEDDED_MODEL, "tokenizer.json"));
  return await writeEmbeddedCorpus(undefined, { tokenizer });
}

/** All stages, in order. */
const STAGES = ["corpus", "detect", "thresholds", "probe", "probe twins", "analyze", "select", "retain"]
  .concat(METHODS, "evaluate", "report");

/** Detect to evaluate. */
async function runPipeline(stages: Stages, files: EmbeddedCorpusFiles): Promise<void> {
  const path = (name: string) => join(stages.out, name);
  const model = "embedded";
  const corpus = files.train;
  const [secrets, probed, twins] = [path(RUN_FILES.secrets), path(RUN_FILES.probe), path(RUN_FILES.twins)];
  const [forget, kept] = [path("sets/forget_0.parquet"), path(RUN_FILES.retain)];
  await stages.run("detect", detect, { corpus, bigrams: PLANTING_BIGRAMS_FILE, out: secrets });
  await stages.run("thresholds", thresholds, {
    model,
    texts: files.unseen,
    maxTexts: UNSEEN_TEXTS,
    runs: 1,
    out: path(RUN_FILES.thresholds),
  });
  await stages.run("probe", probe, { model, corpus, secrets, out: probed });
  await stages.run("probe twins", probe, {
    model,
    corpus: files.twins,
    secrets: files.plantedTwins,
    out: twins,
  });
  const bounds = await readRows(path(RUN_FILES.thresholds), THRESHOLD_COLUMNS);
  const threshold = bounds.find(({ metric }) => metric === "ma")!.mean!;
  await stages.run("analyze", analyze, { probe: probed, threshold, out: path("distribution.csv") });
  await stages.run("select", select, { probe: probed, corpus, out: path(RUN_FILES.sets) });
  await stages.run("retain", retain, { model, texts: corpus, secrets, maxTexts: RETAIN_TEXTS, out: kept });
  for (const method of METHODS) {
    await stages.run(method, unlearn, {
      ...preset,
      model,
      corpus,
      forget,
      retain: kept,
      thresholds: path(RUN_FILES.thresholds),
      method,
      stop: "group", // the paper's rule, as the paper's methods are compared
      out: path(method),
    });
  }
  await stages.run("evaluate", evaluate, {
    before: model,
    model: METHODS.map(path),
    corpus,
    forget,
    retain: kept,
    unseen: files.unseen,
    maxTexts: UNSEEN_TEXTS,
    skipUnseenEl: true, // what a model costs unseen code is its loss; EL_n of it would take longest of all
    benign: files.unseen,
    maxBenign: UNSEEN_TEXTS,
    benignSteps: BENIGN_STEPS,
    out: path(RUN_FILES.evaluation),
  });
  const truth = { doc_id: "text", secret_id: "text", copies: "int", start: "int", end: "int" } as const;
  const places = [...await readRows(probed, PROBE_COLUMNS), ...await readRows(twins, PROBE_COLUMNS)];
  const planted = [...await readRows(files.planted, truth), ...await readRows(files.plantedTwins, truth)];
  await writeRows(path(RUN_FILES.duplication), maByCopies(places, planted), DUPLICATION_COLUMNS);
}

interface DemoSummary {
  [key: string]: Json;
  thresholds: Record<string, Json>;
  forget: Record<string, MetricValues>;
  retain: Record<string, MetricValues>;
  unseen: Record<string, MetricValues>;
  unseen_nll: Record<string, Json>;
}

/** summary.json: the numbers of the written checkpoints. */
async function summarize(
  out: string,
  times: { stages: Record<string, number>; seconds: number },
): Promise<DemoSummary> {
  const thresholds = await readRows(join(out, RUN_FILES.thresholds), THRESHOLD_COLUMNS);
  const rows = await readRows(join(out, RUN_FILES.evaluation), EVALUATION_COLUMNS);
  const bySet = (set: string): Record<string, MetricValues> =>
    Object.fromEntries(
      rows.filter((row) => row.set === set)
        .map((row) => [row.model, perMetric(METRIC_NAMES, (name) => row[name])]),
    );
  const unseen = bySet("unseen");
  return {
    thresholds: Object.fromEntries(thresholds.map(({ metric, mean }) => [metric, mean])),
    forget: bySet("forget"),
    retain: bySet("retain"),
    unseen,
    unseen_nll: Object.fromEntries(Object.entries(unseen).map(([model, { nll }]) => [model, nll])),
    ...times,
  };
}

/** What the user reads at the end. */
async function describe(
  out: string,
  files: EmbeddedCorpusFiles,
  summary: DemoSummary,
): Promise<CommandResult> {
  const rows = await readRows(join(out, RUN_FILES.evaluation), {
    ...EVALUATION_COLUMNS,
    ...INTERVAL_COLUMNS,
  });
  const { ma, el_10 } = summary.thresholds as { ma: number; el_10: number };
  const [before, after] = [summary.retain.before!, summary.retain.codeeraser!];
  const erased = summary.forget.codeeraser!;
  const isErased = isBelowThreshold(erased.ma, ma) && isBelowThreshold(erased.el_10, el_10);
  const isKept = Math.abs(after.ma! - before.ma!) <= RETAIN_TOLERANCE;
  const text = [
    "The five secrets the model knows best:",
    await bestKnown(out, files),
    "",
    formatSets(rows as MeasuredSet[]),
    describeRelearned(BENIGN_STEPS),
    "",
    `thresholds from unseen text: MA ${ma.toFixed(4)}, EL_10 ${el_10.toFixed(4)}`,
    `report: ${join(out, "report.html")}`,
    `checkpoint: ${join(out, "codeeraser")}`,
    `${summary.seconds} seconds`,
  ].join("\n");
  return {
    text,
    summary: { ...summary, out },
    ...(!(isErased && isKept) && {
      failure: `Cannot call the demo done: CodeEraser ${
        isErased ? "erased" : "did not erase"
      } the forget set and ${isKept ? "kept" : "did not keep"} the retain set`,
    }),
  };
}

async function bestKnown(out: string, files: EmbeddedCorpusFiles): Promise<string> {
  const found = await readRows(join(out, RUN_FILES.secrets), FOUND_COLUMNS);
  const best = mostMemorized(found, await readRows(join(out, RUN_FILES.probe), PROBE_COLUMNS), 5);
  const documents = await findDocuments(files.train, best.map(({ place }) => place.doc_id));
  const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
  return formatTable(
    ["detector", "secret", "documents", "MA"],
    best.map(({ place, ma, documents }) => {
      const text = texts.get(place.doc_id)!;
      const units = fromCodePoints(text);
      const value = text.slice(units[place.start], units[place.end]);
      return [place.detector, describeSecret(place.tag, value), documents, ma.toFixed(4)];
    }),
  );
}
