/**
 * `scrub --plan`: what was found, which is done, and how long and how much memory each stage takes, by the plans of its
 * commands. Nothing is left behind.
 *
 * @module
 */
import { CONTROL_SETS } from "../attacks/control_rows.ts";
import { removePath } from "../files/folders.ts";
import { SECRET_COLUMNS } from "../datasets/columns.ts";
import { placeKey } from "../datasets/place.ts";
import { readRows } from "../datasets/row_table.ts";
import { SET_ROWS } from "../datasets/forget_set.ts";
import { writeForgetSpans } from "../datasets/forget_spans.ts";
import { RETAIN_TOKENS } from "../datasets/token_counts.ts";
import { RELEARN_LENGTH } from "../attacks/relearn.ts";
import { RELEARNED_OPTIONS } from "./evaluate_relearned.ts";
import { RUN_FILES } from "../report/run_files.ts";
import { attackPlan } from "./attack_plan.ts";
import { timeStep } from "../training/time_step.ts";
import { LASTING_WINDOWS } from "../unlearning/lasting.ts";
import type { CommandResult, Context, Json } from "./command.ts";
import { relearnGrid } from "./relearn_texts.ts";
import { chosenAttacks } from "./commands/attack.ts";
import { command as measure } from "./commands/measure.ts";
import { command as probe } from "./commands/probe.ts";
import { command as retain } from "./commands/retain.ts";
import { command as thresholds } from "./commands/thresholds.ts";
import { formatTable } from "./console.ts";
import { readEarlier } from "./scrub_earlier.ts";
import { type EvaluatedAmounts, planEarlier, planEvaluation, type StagePlan } from "./scrub_plan_measures.ts";
import { describeRequest } from "./scrub_request.ts";
import { corpusFlags, furtherTexts, retains } from "./scrub_options.ts";
import { methodParameters } from "./method_options.ts";
import { readMemory } from "./memory_options.ts";
import { trainedOptions } from "./adapter_options.ts";
import { findSecrets, type ScrubWork } from "./scrub_stages.ts";
import { formatSeconds } from "./progress.ts";
import { openEngine, openModel } from "./session.ts";
import { Stages } from "./stages.ts";
import { fitUnlearning } from "./unlearn_memory.ts";
import { timeEpoch } from "./unlearn_plan.ts";

/** Made-up secrets that attacks other than exposure are tried on; attack's default. */
const ATTACKED_CONTROLS = 7;

/**
 * Finds what is requested, and says what the rest would take, as if the model knew all of it.
 *
 * @throws {Error} as `findSecrets` and `openModel`
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { scrubPlan } from "./scrub_plan.ts";
 * import type { ScrubWork } from "./scrub_stages.ts";
 *
 * const corpus = `${await Deno.makeTempDir()}/a.py`;
 * await Deno.writeTextFile(corpus, "x = 1\n");
 * const request = { entries: [{ line: 1, kind: "value" as const, text: "hunter2" }], digest: "", textDigest: "" };
 * const work = { values: { corpus } as ScrubWork["values"], request, key: new Uint8Array(32) };
 * const signal = new AbortController().signal;
 * const context = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * await assertRejects(() => scrubPlan(work, { ...context, force: false, settings: {} }), RangeError, "none of its 1");
 * ```
 */
export async function scrubPlan(work: ScrubWork, context: Context): Promise<CommandResult> {
  const folder = await Deno.makeTempDir({ prefix: "codescrub-" }); // of mode 700
  try {
    const stages = new Stages(context, folder);
    const { fingerprints: _, ...found } = await findSecrets(stages, work);
    const plans = await planStages(stages, work, context);
    const seconds = plans.reduce((sum, plan) => sum + (plan.seconds ?? 0), 0);
    const cell = (bytes: number | undefined) => bytes === undefined ? null : `${(bytes / 1e9).toFixed(1)} GB`;
    const { request, places, values, documents } = found;
    return {
      text: [
        ...request ? describeRequest(request as unknown as Parameters<typeof describeRequest>[0]) : [],
        `${places} places of ${values} values in ${documents} documents`,
        formatTable(
          ["stage", "of", "at most about", "memory"],
          plans.map(({ stage, of, seconds, memory_bytes }) => [
            stage,
            of,
            seconds === null ? null : formatSeconds(1000 * seconds),
            cell(memory_bytes),
          ]),
        ),
        `Time: at most about ${formatSeconds(1000 * seconds)}, and that of reading the corpus`,
      ].join("\n"),
      summary: {
        plan: true,
        ...found,
        stages: plans as unknown as Json,
        seconds: Number(seconds.toPrecision(3)),
      },
    };
  } finally {
    await removePath(folder);
  }
}

type Planned = typeof measure | typeof probe | typeof retain | typeof thresholds;

async function planStages(stages: Stages, work: ScrubWork, context: Context): Promise<StagePlan[]> {
  const { values } = work;
  const { model, dtype, corpus, unseen, controls, method, k, epochs } = values;
  const secrets = stages.path(RUN_FILES.secrets);
  const reading = corpusFlags(values);
  const planOf = async (name: string, command: Planned, flags: Record<string, unknown>) =>
    (await stages.run(name, command as typeof probe, {
      ...{ model, dtype, plan: true, out: stages.path("plan.parquet") },
      ...flags,
    })).summary as { seconds?: number; memory_bytes?: number; texts?: number | null };
  const textsOf = ({ texts }: { texts?: number | null }) => texts ? `${texts} texts` : "texts";
  const place = { ...reading, corpus, secrets, el: true };
  const probed = await planOf("probe", probe, { ...place, controls: unseen === undefined ? controls : 0 });
  const scored = await planOf("evaluate", probe, place);
  const rows = await assumedRows(secrets, k);
  const count = rows.reduce((sum, { secrets }) => sum + secrets, 0);
  const plans: StagePlan[] = [];
  if (unseen !== undefined) {
    const seen = await planOf("thresholds", thresholds, { texts: unseen });
    plans.push({ stage: "thresholds", of: textsOf(seen), seconds: seen.seconds ?? null, ...memory(seen) });
  }
  const all = await countPlaces(secrets);
  plans.push({ stage: "probe", of: `${all} secrets`, seconds: probed.seconds ?? null, ...memory(probed) });
  if (retains(values)) {
    const { maxTexts, any } = values;
    const kept = await planOf("retain", retain, { ...reading, texts: corpus, secrets, maxTexts });
    plans.push({
      stage: "retain",
      of: textsOf(kept),
      seconds: any ? 0 : kept.seconds ?? null,
      ...memory(kept),
    });
  }
  const retainRows = Array.from({ length: retains(values) ? SET_ROWS : 0 }, (_, i) => ({
    doc_id: String(i),
    bleu4: null,
  }));
  const controlSets = unseen === undefined ? CONTROL_SETS : 0;
  using _engine = await openEngine();
  const sets = { forgetRows: rows, retainRows };
  const fitting = { ...context, limit: readMemory(values.memory), log: () => {} };
  const { bytes: unlearnBytes, microBatch } = await fitUnlearning({ ...values, controlSets }, sets, fitting);
  let epoch: number, step = 0, training: EvaluatedAmounts["training"];
  {
    const trained = trainedOptions({ ...values, adapter: undefined }, context.seed);
    using session = await openModel(model, context, { products: dtype, ...trained });
    if (furtherTexts(values) !== undefined) {
      const secondsOfStep = await timeStep(session.loaded.model, RELEARN_LENGTH);
      training = { steps: RELEARNED_OPTIONS.benignSteps.default, secondsOfStep };
    }
    if (values.lasting) step = await timeStep(session.loaded.model, LASTING_WINDOWS.length);
    epoch = await timeEpoch(session.loaded.model, {
      ...{ ...methodParameters(values), method, microBatch, checkpointLayers: values.checkpointLayers },
      ...{ forgetRows: rows.length, retainRows: retainRows.length, controlSets },
    });
  }
  const trainings = values.lasting ? values.cycles * values.benignSteps : 0;
  plans.push({
    stage: "unlearn",
    of: `${rows.length} rows, ${epochs} epochs of ${formatSeconds(1000 * epoch)}` +
      (trainings > 0 ? `, ${trainings} training steps` : ""),
    seconds: epoch * epochs + step * trainings,
    memory_bytes: unlearnBytes,
  });
  const texts = { maxTexts: retainRows.length, tokens: RETAIN_TOKENS };
  const kept = retainRows.length > 0
    ? await planOf("evaluate", thresholds, { ...reading, texts: corpus, ...texts })
    : undefined;
  const measured = unseen === undefined ? undefined : await planOf("evaluate", measure, { texts: unseen });
  const secondsOfSecret = (scored.seconds ?? 0) / all;
  plans.push({
    ...planEvaluation({
      secrets: { count, seconds: secondsOfSecret },
      ...{ retain: kept, unseen: measured, training },
    }),
    ...memory(scored),
  });
  plans.push({
    stage: "probe of the request",
    of: `${all} secrets`,
    seconds: scored.seconds ?? null,
    ...memory(scored),
  });
  const attacked = await attackPlan({
    ...{ model, before: model, dtype, rows, draws: 0, benign: furtherTexts(values) },
    chosen: chosenAttacks({ attacks: values.attacks, attacksBefore: [], before: model }),
    grid: relearnGrid({ relearnSteps: [], relearnRates: [] }, null),
    ...{ controls: values.exposureControls, attackedControls: ATTACKED_CONTROLS },
  }, context);
  const attackSeconds = Number(attacked.summary.seconds);
  const bytes = attacked.summary.memory_bytes as number;
  plans.push({
    stage: "attack",
    of: `${count} secrets, 2 models`,
    seconds: attackSeconds,
    memory_bytes: bytes,
  });
  const earlier = await readEarlier(values.earlier, { cwd: context.cwd, key: work.key });
  const again = await planEarlier(earlier, secondsOfSecret);
  return [...plans, ...again.map((plan) => ({ ...plan, ...memory(scored) }))];
}

function memory({ memory_bytes }: { memory_bytes?: number }): { memory_bytes?: number } {
  return memory_bytes === undefined ? {} : { memory_bytes };
}

async function countPlaces(secrets: string): Promise<number> {
  return new Set((await readRows(secrets, SECRET_COLUMNS)).map(placeKey)).size;
}

/** Rows as `select` might choose them: a document each, as its windows are not known without its tokens. */
async function assumedRows(secrets: string, k: number) {
  const documents = Map.groupBy(await readRows(secrets, SECRET_COLUMNS), ({ doc_id }) => doc_id);
  return [...documents].slice(0, k).map(([doc_id, places]) => ({
    ...{ doc_id, window: 0, ma: 1, secrets: places.length },
    mask_tokens: places.reduce((sum, { start, end }) => sum + end - start, 0),
    spans: writeForgetSpans(places),
  }));
}
