/**
 * `scrub`: a deletion request from end to end, by the commands that a user would run one after the other: what is requested
 * is found, what the model knows of it is erased, and the result is measured and attacked. A scrub that was killed goes on
 * with the stage that was under way.
 *
 * @module
 */
import { basename } from "node:path";
import { RUN_FILES } from "../../report/run_files.ts";
import { trainedOptions } from "../adapter_options.ts";
import { type Context, defineCommand, type Json, UsageError } from "../command.ts";
import { type GivenCorpus, givenCorpus } from "../corpus_options.ts";
import { engineDevices } from "../devices_option.ts";
import { readMemory } from "../memory_options.ts";
import { methodParameters } from "../method_options.ts";
import { modelFolder, modelInput } from "../model_folder.ts";
import { checkApart } from "../output.ts";
import { openRunFolder } from "../run_folder.ts";
import { type EarlierScrub, measureEarlier, readEarlier, requestedBefore } from "../scrub_earlier.ts";
import { chosenAttacks } from "./attack.ts";
import { requestCorpus } from "../request_corpus.ts";
import { type GivenScrubValues, innocentTexts, SCRUB_OPTIONS } from "../scrub_options.ts";
import { eraseSecrets } from "../scrub_erase.ts";
import { scrubPlan } from "../scrub_plan.ts";
import { describeScrub, type ScrubSummary } from "../scrub_report.ts";
import { readRequest } from "../scrub_request.ts";
import { checkTexts } from "../scrub_texts.ts";
import { findSecrets, probeSecrets, type ScrubWork, writeReport } from "../scrub_stages.ts";
import { keySetting, secretKey } from "../secret_key.ts";
import { openEngine } from "../session.ts";
import { roundedSeconds, Stages } from "../stages.ts";
import { checkLasting, judgesEach } from "../stop_rule.ts";

/**
 * The command `scrub`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./scrub.ts";
 *
 * assertEquals([command.options.method.default, command.options.k.default], ["codeeraser", 256]);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: SCRUB_OPTIONS,
  config: true,
  writes: true,
  async run(given, context) {
    const startedAt = performance.now();
    const { out, unseen, bigrams, allow, benign, attackBenign } = given;
    checkRule(given);
    methodParameters(given); // refuses what its method does not take
    trainedOptions({ lora: given.lora }, context.seed);
    const limit = readMemory(given.memory);
    chosenAttacks({ attacks: given.attacks, attacksBefore: [], before: given.model }); // refuses unknown ones before the work
    const work = await scrubWork(given, { key: await secretKey(), cwd: context.cwd });
    const { values, request, key } = work;
    using engine = await openEngine({ ...engineDevices(values), memory: limit });
    if (values.plan) return await scrubPlan(work, context);
    const earlier = await readEarlier(values.earlier, { cwd: context.cwd, key });
    using corpus = await givenCorpus(values.corpus, values);
    if (values.request !== undefined && values.request !== "-") await checkApart(out, [values.request]);
    const { plan: _, ...settings } = context.settings;
    using run = await openRunFolder(out, {
      command: "scrub",
      context: {
        ...context,
        settings: {
          ...settings,
          ...{ corpus: values.corpus, exclude: [...values.exclude], key: keySetting(key) },
          ...request && { request: request.digest },
        },
      },
      inputs: {
        model: await modelInput(values.model, context),
        corpus: corpus.input,
        ...{ unseen, bigrams, "allow-list": allow, benign, "attack-benign": attackBenign },
        ...Object.fromEntries(earlier.map(({ folder }, i) => [`earlier run ${i + 1}`, `${folder}/run.json`])),
      },
      outputs: [],
      versions: { tensorflow: engine.version },
    });
    const stages = new Stages(context, out, { goesOn: true });
    const summary = await scrub(stages, work, { corpus, earlier, context });
    await writeReport(stages);
    await run.finish({ ...summary as unknown as { [key: string]: Json }, out });
    const times = { stages: stages.seconds, seconds: roundedSeconds(startedAt) };
    return describeScrub({ ...summary, ...times, out }, values.compat);
  },
});

/** What is asked, and where it stands: in the corpus, or in the texts that the request itself names. */
async function scrubWork(
  { corpus, ...given }: GivenScrubValues,
  { key, cwd }: { key: Uint8Array; cwd: string },
): Promise<ScrubWork> {
  const request = given.request === undefined ? undefined : await readRequest(given.request, key);
  if (corpus !== undefined) return { values: { ...given, corpus }, request, key };
  if (!request) {
    throw new UsageError(
      'Missing option "--corpus": where the secrets stand, or --request FILE with path: lines that name their texts',
    );
  }
  const { textColumn, idColumn, pathColumn, format, exclude } = given;
  const columns = { textColumn, idColumn, pathColumn };
  const reading = { ...columns, exclude, ...format !== "jsonl" && format !== "csv" && { format } };
  const own = await requestCorpus(request.entries, { ...reading, cwd });
  const values = { ...given, corpus: own.corpus, exclude: own.exclude };
  return { values, request: { ...request, entries: own.entries }, key };
}

/** @throws {UsageError} where the rule of stopping needs unseen texts, or a training between secrets that are judged alone */
function checkRule(values: GivenScrubValues): void {
  checkLasting(values);
  if (values.unseen !== undefined || judgesEach(values)) return;
  throw new UsageError(
    'Missing option "--unseen": --stop group and --compat paper and reference judge by such texts',
  );
}

/** All stages up to the report. */
async function scrub(
  stages: Stages,
  work: ScrubWork,
  { corpus, earlier, context }: { corpus: GivenCorpus; earlier: readonly EarlierScrub[]; context: Context },
): Promise<ScrubSummary> {
  const { values } = work;
  const { fingerprints, ...found } = await findSecrets(stages, work);
  const [texts, secrets] = [innocentTexts(values), stages.path(RUN_FILES.secrets)];
  if (texts.length > 0) await checkTexts({ texts, count: values.maxBenign, corpus, secrets }, context);
  const known = await probeSecrets(stages, work);
  const before = await requestedBefore(await modelFolder(values.model, context));
  const measured = new Set(earlier.flatMap((run) => run.fingerprints));
  const erased = known.known === 0 ? undefined : await eraseSecrets(stages, work, {
    requested: fingerprints,
    requested_before: [...new Set([...before, ...measured])].sort(),
  });
  const model = erased ? stages.path(values.method) : values.model;
  return {
    ...found,
    ...known,
    method: basename(values.method),
    ...erased && { erased },
    earlier: await measureEarlier(stages, earlier, { model, dtype: values.dtype }),
    earlier_not_measured: before.filter((fingerprint) => !measured.has(fingerprint)).length,
  };
}
