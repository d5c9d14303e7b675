/**
 * The stages of `scrub` that change the model, measure what became of it and attack it, in their order.
 *
 * @module
 */
import { join } from "node:path";
import { RELEARN_RATES } from "../attacks/relearn.ts";
import { reasonOf } from "../files/reason.ts";
import { RUN_FILES } from "../report/run_files.ts";
import { isAboveThen } from "../report/untreated_place.ts";
import { addAttacksToCard } from "./attacked_card.ts";
import type { Json } from "./command.ts";
import { command as attack } from "./commands/attack.ts";
import { command as certify } from "./commands/certify.ts";
import { command as evaluate } from "./commands/evaluate.ts";
import { command as probe } from "./commands/probe.ts";
import { command as retain } from "./commands/retain.ts";
import { command as select } from "./commands/select.ts";
import { command as unlearn } from "./commands/unlearn.ts";
import { ALONE, inWords } from "./method_options.ts";
import { corpusFlags, furtherTexts, retains, unlearnFlags } from "./scrub_options.ts";
import { aboveWhat, SCRUB_FILES, type ScrubWork } from "./scrub_stages.ts";
import type { Stages } from "./stages.ts";
import { judgesEach } from "./stop_rule.ts";
import { untreatedPlaces } from "./untreated_places.ts";

/** What the stages that change the model and measure it gave. */
export interface ErasedSecrets {
  select: { [key: string]: Json };
  unlearn: { [key: string]: Json };
  evaluate: { [key: string]: Json };
  attack: { [key: string]: Json };
  /** Requested places outside the forget set, and those above their thresholds under the new model. */
  untreated: { places: number; above: number };
}

/**
 * Erases what is known, measures the result and attacks it.
 *
 * @param noted what the checkpoint's record says of requests
 * @throws {Error} as the commands
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { createProgress } from "./progress.ts";
 * import { eraseSecrets } from "./scrub_erase.ts";
 * import type { ScrubWork } from "./scrub_stages.ts";
 * import { Stages } from "./stages.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const signal = new AbortController().signal;
 * const context = { progress: createProgress(), signal, breathe: async () => {}, log: () => {}, cwd: "/", seed: 1 };
 * const stages = new Stages({ ...context, force: false, settings: {} }, folder);
 * const values = { model: "embedded", corpus: "/nowhere", method: "ga", k: 9 } as ScrubWork["values"];
 * const work = { values, request: undefined, key: new Uint8Array(32) };
 * await assertRejects(() => eraseSecrets(stages, work, {}), Error, "probe.parquet");
 * ```
 */
export async function eraseSecrets(
  stages: Stages,
  work: ScrubWork,
  noted: { [name: string]: string[] },
): Promise<ErasedSecrets> {
  const { values } = work;
  const { model, dtype, corpus, method, unseen, k } = values;
  const reading = corpusFlags(values);
  const above = aboveWhat(stages, values);
  const forget = stages.path(FORGET_FILE);
  const selected = await stages.run("select", select, {
    ...{ ...reading, corpus, k, above, probe: stages.path(RUN_FILES.probe) },
    out: stages.path(RUN_FILES.sets),
  });
  const kept = retains(values) ? await keepTexts(stages, work) : undefined;
  const after = stages.path(method);
  const unlearned = await stages.run("unlearn", unlearn, {
    ...{ ...reading, model, dtype, corpus, forget, retain: kept, thresholds: above, method },
    ...unlearnFlags(values),
    out: after,
  }, noted);
  const further = { benign: furtherTexts(values), maxBenign: values.maxBenign }; // those that were looked through
  const evaluated = await stages.run("evaluate", evaluate, {
    ...{ ...reading, before: model, model: [after], dtype, corpus, forget, retain: kept, unseen },
    ...further,
    skipUnseenEl: unseen !== undefined, // what it costs unseen code is its loss
    out: stages.path(RUN_FILES.evaluation),
  });
  const untreated = await measureUntreated(stages, work);
  const summaries = { select: selected.summary, unlearn: unlearned.summary, evaluate: evaluated.summary };
  return { ...summaries, untreated, attack: await attackAndCertify(stages, work, further) };
}

/** What an adversary gets, in the model card and the certificate too. */
async function attackAndCertify(
  stages: Stages,
  { values }: ScrubWork,
  further: { benign: string | undefined; maxBenign: number },
): Promise<ErasedSecrets["attack"]> {
  const { model, dtype, corpus, method, attacks, exposureControls: controls } = values;
  const [after, forget] = [stages.path(method), stages.path(FORGET_FILE)];
  const out = stages.path(SCRUB_FILES.attacks);
  const attacked = await stages.run("attack", attack, {
    ...{ ...corpusFlags(values), model: after, before: model, dtype, corpus, forget, ...further },
    ...{ attacks, controls, out, relearnRates: RELEARN_RATES.map(String) },
  });
  await stages.time("model card", () => addAttacksToCard(after, out));
  if (judgesEach(values)) {
    await stages.run("certify", certify, {
      ...{ model: after, before: model, forget, attacks: out, ...requestFiles(stages) },
      out: join(after, SCRUB_FILES.certificate),
    });
  }
  return attacked.summary;
}

const FORGET_FILE = `${RUN_FILES.sets}/forget_0.parquet`;

/** The retain set, of the corpus itself. */
async function keepTexts(stages: Stages, { values }: ScrubWork): Promise<string> {
  const { model, dtype, corpus, method, maxTexts, minBleu, any } = values;
  const kept = stages.path(RUN_FILES.retain);
  await stages.run("retain", retain, {
    ...{ ...corpusFlags(values), model, dtype, texts: corpus, secrets: stages.path(RUN_FILES.secrets) },
    ...{ maxTexts, minBleu, any },
    out: kept,
  }).catch((cause) => {
    if (!(cause instanceof RangeError)) throw cause;
    const what = reasonOf(cause).replace(/^Cannot/, "cannot");
    const others = inWords(ALONE, "or");
    throw new RangeError(
      `Cannot scrub by ${method}, which keeps a retain set: ${what}, or --any, or --method ${others}, which have none`,
      { cause },
    );
  });
  return kept;
}

/** The tables that tell what was requested, what the model knew of it and what it knows now. */
function requestFiles(stages: Stages) {
  return {
    requested: stages.path(RUN_FILES.secrets),
    probe: stages.path(RUN_FILES.probe),
    probeAfter: stages.path(SCRUB_FILES.requested),
  };
}

/** Scores all that was requested under the new model: what is in no row of the forget set is measured nowhere else. */
async function measureUntreated(
  stages: Stages,
  { values }: ScrubWork,
): Promise<ErasedSecrets["untreated"]> {
  const files = requestFiles(stages);
  const { dtype, corpus, method } = values;
  await stages.run("probe of the request", probe, {
    ...{ ...corpusFlags(values), model: stages.path(method), dtype, corpus, secrets: files.requested },
    ...{ el: true, out: files.probeAfter },
  });
  const places = await untreatedPlaces({ ...files, forget: stages.path(FORGET_FILE) }, {
    ...{ thresholds: aboveWhat(stages, values), ma: undefined, el10: undefined },
  });
  return { places: places.length, above: places.filter((place) => isAboveThen(place, "after")).length };
}
