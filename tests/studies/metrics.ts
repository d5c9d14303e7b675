/**
 * `deno task study:metrics`: which metric tells a model that was trained on secrets from one that never saw them, and which
 * still does after either was trained further or rounded? Of two embedded models, the one with the secrets and the gold
 * standard, trained anew without them, twenty variants are made by the same treatments: ordinary training, and unlearning
 * to several depths by several methods. A metric is worth what it tells of them: the area under the ROC curve over the
 * variants (0.5 tells nothing, 1 all; below 0.5 the secrets look *less* known than where they were never seen).
 *
 * An hour or two; a model is a line of `models.jsonl` in the study's folder, or in `--tables DIR`, and is not measured again.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { depthScores } from "../../lib/attacks/depth.ts";
import { extractSecrets } from "../../lib/attacks/extraction.ts";
import { scoreControls } from "../../lib/attacks/matched_controls.ts";
import { membershipScores } from "../../lib/attacks/membership.ts";
import type { PlacedSecret } from "../../lib/attacks/placed_secret.ts";
import { quantizedModel } from "../../lib/attacks/quantized_model.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { forgetSecrets } from "../../lib/cli/attack_secrets.ts";
import { formatTable } from "../../lib/cli/console.ts";
import { secretKey } from "../../lib/cli/secret_key.ts";
import { openEngine } from "../../lib/cli/session.ts";
import { FORGET_COLUMNS, RETAIN_COLUMNS } from "../../lib/datasets/columns.ts";
import { readCorpus } from "../../lib/datasets/corpus.ts";
import { forgetExamples, retainExamples } from "../../lib/datasets/examples.ts";
import { findDocuments } from "../../lib/datasets/find_documents.ts";
import type { ForgetRow } from "../../lib/datasets/forget_set.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { readRows } from "../../lib/datasets/row_table.ts";
import { aucInterval } from "../../lib/metrics/auc.ts";
import { mean } from "../../lib/metrics/mean.ts";
import type { Model } from "../../lib/models/model.ts";
import { formatInterval } from "../../lib/report/format.ts";
import type { Tokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { afterTraining, furtherTrainer, trainFurther } from "../../lib/training/after_training.ts";
import { TRAIN_DEFAULTS } from "../../lib/training/train.ts";
import { unlearn, type UnlearnSets } from "../../lib/unlearning/unlearn.ts";
import preset from "../../data/embedded_preset.json" with { type: "json" };
import { setUpFirst } from "../set_up.ts";
import { MODEL, prepareStudy, trainGold } from "./embedded_study.ts";

/** What each kind of model is measured as. */
const STATES = ["as it is", "after 20 steps", "int4"] as const;
type State = typeof STATES[number];
type Origin = "secrets" | "never seen";
/** Further trainings are of windows of so many tokens. */
const WINDOW = { batch: TRAIN_DEFAULTS.batch, length: 128 };
const FURTHER = { learning_rate: 3e-4, steps: 20 };

/** A measured model: a line of the file. */
interface Measured {
  origin: Origin;
  treatment: string;
  state: State;
  /** Means over the secrets; larger is more memorized. */
  scores: Record<string, number>;
}

/** What all models are treated and measured with. */
interface Study {
  tokenizer: Tokenizer;
  endOfText: number;
  sets: UnlearnSets;
  secrets: PlacedSecret[];
  /** Innocent texts: those that treatments train on, and those of the attacker. */
  texts: { defender: Int32Array[]; attacker: Int32Array[] };
  before: Model;
  gold: Model;
}

/** Changes a model's weights in place. */
type Treatment = (model: Model, study: Study) => Promise<void>;

const TREATMENTS: Record<string, Treatment> = {
  "none": () => Promise.resolve(),
  ...Object.fromEntries(
    [[1e-4, 20], [3e-4, 20], [1e-3, 20], [1e-4, 100], [3e-4, 100], [1e-3, 100], [3e-4, 300]]
      .map(([rate, steps]) => [`${steps} steps at ${rate}`, training(rate!, steps!)]),
  ),
  ...Object.fromEntries(
    Object.entries({ ga: [4, 8, 12], cu: [3, 6, 9], codeeraser: [3, 6, 9], "codeeraser-held": [3, 6, 9] })
      .flatMap(([method, depths]) =>
        depths.map((epochs) => [`${method}, ${epochs} epochs`, unlearning(method, epochs)])
      ),
  ),
};

function training(learning_rate: number, steps: number): Treatment {
  return async (model, { texts, endOfText }) => {
    using trainer = furtherTrainer(model);
    const how = { texts: texts.defender, endOfText, ...WINDOW, warmup: 1, seed: 7 };
    await trainFurther(model, trainer, { ...how, learning_rate, steps });
  };
}

/** As many epochs as are asked for: no mean is below thresholds of nothing. */
function unlearning(method: string, epochs: number): Treatment {
  return async (model, { sets, endOfText }) => {
    const options = { ...preset, method, epochs, compat: "sound" as const, endOfText };
    await unlearn(model, sets, { ...options, thresholds: { ma: -1, el_10: -1 } });
  };
}

/** All metrics of one model, each so that more is more memorized. */
async function measure(model: Model, study: Study): Promise<Record<string, number>> {
  const { tokenizer, secrets, before, gold } = study;
  const given = { model, tokenizer };
  const meanOf = (values: readonly (number | null)[]) => mean(values.filter((value) => value !== null));
  const controlled = await scoreControls(given, secrets, { controls: 50, elControls: 1 });
  const extracted = await extractSecrets(given, secrets, { beams: false });
  const { secrets: members } = await membershipScores(given, secrets, { before, controls: 1 });
  const deep = await depthScores({ model, before, neverSeen: gold, tokenizer }, secrets);
  const lensOf = (layer: number) => deep.layers.filter((row) => row.layer === layer).map(({ lens }) => lens);
  const last = model.config.layers - 1;
  return {
    "MA": meanOf(controlled.rows.map(({ ma }) => ma)),
    "EL_10": meanOf(controlled.rows.map(({ el_10 }) => el_10)),
    "loss": -meanOf(controlled.rows.map(({ nll }) => nll)),
    "MA above controls": meanOf(
      controlled.rows.map(({ ma }, i) => ma === null ? null : ma - meanOf(controlled.distributions[i]!.ma)),
    ),
    "loss below controls": meanOf(
      controlled.rows.map(({ nll }, i) =>
        nll === null ? null : meanOf(controlled.distributions[i]!.nll) - nll
      ),
    ),
    "exposure": meanOf(controlled.rows.map(({ exposure }) => exposure)),
    "extraction strength": meanOf(extracted.map(({ strength }) => strength)),
    "extracted by 100 draws": meanOf(extracted.map(({ discoverable_100 }) => discoverable_100)),
    "zlib": meanOf(members.map(({ zlib }) => zlib)),
    "Min-K%": meanOf(members.map(({ min_k }) => min_k)),
    "Min-K%++": meanOf(members.map(({ min_k_plus }) => min_k_plus)),
    "logit lens, a layer before the last": meanOf(lensOf(last - 1)),
    "Unlearning Depth Score": 1 - meanOf(deep.secrets.map(({ uds }) => uds)),
  };
}

/** The model as it is, trained further, and rounded. */
async function measureStates(
  model: Model,
  study: Study,
  add: (state: State, scores: Record<string, number>) => Promise<void>,
): Promise<void> {
  const { texts, endOfText } = study;
  await add("as it is", await measure(model, study));
  const further = { texts: texts.attacker, endOfText, runs: [FURTHER] };
  const [scores] = await afterTraining(model, further, () => measure(model, study), WINDOW);
  await add("after 20 steps", scores!);
  using rounded = await quantizedModel(model, "int4");
  await add("int4", await measure(rounded, study));
}

/** A row a metric, a column a state: how well it tells the variants of the two models apart. */
function sumUp(lines: readonly Measured[], isCounted: (treatment: string) => boolean): string[][] {
  const own = lines.filter(({ treatment }) => isCounted(treatment));
  return Object.keys(own[0]?.scores ?? {}).map((metric) => [
    metric,
    ...STATES.map((state) => {
      const sampleOf = (origin: Origin) => {
        const rows = own.filter((row) => row.origin === origin && row.state === state);
        return {
          values: rows.map(({ scores }) => scores[metric]!),
          clusters: rows.map(({ treatment }) => treatment),
        };
      };
      const [known, unknown] = [sampleOf("secrets"), sampleOf("never seen")];
      return known.values.length === 0 || unknown.values.length === 0
        ? "-"
        : formatInterval(aucInterval(known, unknown), 2);
    }),
  ]);
}

async function openStudy(out: string, held: DisposableStack): Promise<Study> {
  const files = await prepareStudy(out);
  const goldFolder = await trainGold(files);
  const tokenizer = await openModelTokenizer(MODEL);
  const source = await resolveCorpus(files.train);
  const reading = { source, options: { onRead: () => {} } };
  const rows = await readRows(join(files.sets, "forget_0.parquet"), FORGET_COLUMNS) as ForgetRow[];
  const kept = (await readRows(files.retain, RETAIN_COLUMNS)).map(({ doc_id }) => doc_id);
  const documents = await findDocuments(
    source,
    [...rows.map(({ doc_id }) => doc_id), ...kept],
    reading.options,
  );
  const key = await secretKey();
  const found = await forgetSecrets({ ...reading, tokenizer, key }, rows);
  const textsOf = async (file: string) =>
    await tokenizer.encodeIds((await readCorpus(file)).documents.map(({ text }) => text));
  return {
    tokenizer,
    endOfText: tokenizer.endOfText!,
    sets: {
      forget: await forgetExamples({ tokenizer, documents, key: () => key }, rows),
      retain: await retainExamples({ tokenizer, documents }, kept),
    },
    secrets: found.flatMap(({ secrets }) => secrets.slice(0, 1).map(({ secret }) => secret)),
    texts: { defender: await textsOf(files.defender), attacker: await textsOf(files.attacker) },
    before: held.use(await loadModel(MODEL)).model,
    gold: held.use(await loadModel(goldFolder)).model,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      out: { type: "string", default: "out/erasure" },
      tables: { type: "string" },
      treatments: { type: "string", default: Object.keys(TREATMENTS).join(";") },
    },
  });
  await setUpFirst();
  await Deno.mkdir(values.tables ?? values.out, { recursive: true });
  const file = join(values.tables ?? values.out, "models.jsonl");
  const text = await Deno.readTextFile(file).catch(() => "");
  const lines = text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Measured);
  using held = new DisposableStack();
  held.use(await openEngine());
  const study = await openStudy(values.out, held);
  for (const treatment of values.treatments.split(";")) {
    for (const origin of ["secrets", "never seen"] as const) {
      const isKnown = (line: Measured) => line.treatment === treatment && line.origin === origin;
      if (lines.filter(isKnown).length === STATES.length) continue;
      const treat = TREATMENTS[treatment];
      if (!treat) {
        throw new RangeError(`Unknown treatment "${treatment}": expected ${Object.keys(TREATMENTS)}`);
      }
      console.error(`${new Date().toISOString().slice(11, 19)} ${origin}: ${treatment}`);
      using loaded = await loadModel(origin === "secrets" ? MODEL : join(values.out, "gold"));
      await treat(loaded.model, study);
      const own: Measured[] = [];
      await measureStates(loaded.model, study, (state, scores) => {
        own.push({ origin, treatment, state, scores });
        return Promise.resolve();
      });
      lines.push(...own);
      await Deno.writeTextFile(file, own.map((line) => JSON.stringify(line) + "\n").join(""), {
        append: true,
      });
    }
  }
  const isUnlearning = (treatment: string) => treatment.endsWith("epochs");
  for (
    const [title, isCounted] of [
      ["all treatments", () => true],
      ["unlearning", isUnlearning],
    ] as const
  ) {
    console.log(`${title}\n${formatTable(["metric", ...STATES], sumUp(lines, isCounted))}\n`);
  }
}
