/**
 * `attack`: what an adversary gets out of a model that is said to have forgotten. Each attack on each model is a part on
 * the disk, so that a run that was killed goes on with the next; every number stands beside that of made-up secrets in the
 * same places.
 *
 * @module
 */
import { readConfig } from "../../checkpoints/load.ts";
import { windowTokensOf } from "../../datasets/token_counts.ts";
import { join } from "node:path";
import { RELEARN_LENGTH, RELEARN_RATES, RELEARN_STEPS } from "../../attacks/relearn.ts";
import { type AttackName, ATTACKS } from "../../attacks/run_attack.ts";
import { openModelTokenizer } from "../../checkpoints/model_tokenizer.ts";
import { ATTACK_COLUMNS, FORGET_COLUMNS } from "../../datasets/columns.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows } from "../../datasets/row_table.ts";
import { writeFileAtomic } from "../../files/write_file.ts";
import { AttackedModels } from "../attack_models.ts";
import { attackPlan } from "../attack_plan.ts";
import { describeAttacks, summaryOfAttacks } from "../attack_report.ts";
import { forgetSecrets, otherText } from "../attack_secrets.ts";
import { attackUnits, ON_AFTER_ONLY, startStage } from "../attack_units.ts";
import { MODEL_OPTIONS, modelInputs } from "../adapter_options.ts";
import { defineCommand, type Json, UsageError } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { modelFolder, modelInput } from "../model_folder.ts";
import { makeParts, writeParts } from "../part_files.ts";
import { ownRate } from "../own_rate.ts";
import { PLAN_OPTION } from "../plan.ts";
import { startReading } from "../reading.ts";
import { openTrainings, relearnGrid } from "../relearn_texts.ts";
import { openRunFolder } from "../run_folder.ts";
import { keySetting, secretKey } from "../secret_key.ts";
import { openEngine } from "../session.ts";

const NAMES = Object.keys(ATTACKS) as AttackName[];
const NAMES_BEFORE = NAMES.filter((name) => !ON_AFTER_ONLY.includes(name));
/** The others take long and say little of a model that has forgotten nothing. */
const DEFAULT_BEFORE: readonly AttackName[] = ["exposure", "membership", "extract"];
const PARTS = "parts";

/**
 * The command `attack`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./attack.ts";
 *
 * assertEquals(command.options.controls.default, 1000);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: {
    ...MODEL_OPTIONS,
    dtype: DTYPE_OPTION,
    before: {
      kind: "string",
      describe: "the model before: attacked too, and compared with",
      metavar: "MODEL",
    },
    neverSeen: {
      kind: "string",
      describe:
        "a model that never saw the secrets, such as one trained anew without them: depth is relative to it",
      metavar: "MODEL",
    },
    corpus: { kind: "path", describe: "the corpus", metavar: "C", required: true, orInput: true },
    ...CORPUS_OPTIONS,
    forget: { kind: "path", describe: "forget set that select wrote", metavar: "F", required: true },
    attacks: { kind: "list", describe: `${NAMES.join(", ")}; all by default`, metavar: "NAME,..." },
    attacksBefore: {
      kind: "list",
      describe: `those of them that the model before meets too; ${DEFAULT_BEFORE.join(", ")} by default`,
      metavar: "NAME,...",
    },
    benign: { kind: "path", describe: "texts without the secrets, for relearn", metavar: "TEXTS" },
    maxBenign: { kind: "int", describe: "texts of --benign, chosen by the seed", default: 256, min: 1 },
    relearnSteps: {
      kind: "list",
      describe: `numbers of steps; ${RELEARN_STEPS.join(",")} by default`,
      metavar: "N,...",
    },
    relearnRates: {
      kind: "list",
      describe: `highest learning rates; ${
        RELEARN_RATES.join(",")
      },own by default, own the one that the model was trained with, where its record says so`,
      metavar: "X,...",
    },
    relearnLength: {
      kind: "int",
      describe: `tokens of a window that relearn trains on; ${RELEARN_LENGTH} by default`,
      min: 2,
    },
    controls: {
      kind: "int",
      describe: "made-up secrets among which exposure ranks each secret",
      default: 1000,
      min: 1,
    },
    attackedControls: {
      kind: "int",
      describe: "made-up secrets that the other attacks are tried on beside each secret",
      default: 7,
      min: 1,
    },
    draws: {
      kind: "int",
      describe: "texts that extract draws for leak@k, such as 200, in place of exact probabilities; slow",
      default: 0,
      min: 0,
    },
    plan: PLAN_OPTION,
    out: {
      kind: "path",
      describe: "folder of attacks.parquet and attacks.json",
      metavar: "DIR",
      required: true,
    },
  },
  config: true,
  writes: true,
  async run(values, context) {
    const { out, forget, before, neverSeen, benign } = values;
    const after = namedAttacks(values.attacks, NAMES) ?? NAMES;
    const own = after.includes("relearn") ? await ownRate([values.model, before], context) : null;
    const grid = relearnGrid(values, own);
    const chosen = chosenAttacks(values);
    const lacksRate = after.includes("relearn") && own === null && values.relearnRates.length === 0;
    if (neverSeen !== undefined && !chosen.after.includes("depth")) {
      throw new UsageError(
        '"--never-seen" is for depth, which takes "--before": give both, and depth in --attacks',
      );
    }
    const rows = await readRows(forget, FORGET_COLUMNS);
    if (rows.length === 0) throw new RangeError(`Cannot attack with "${forget}": it has no rows`);
    if (values.plan) return await attackPlan({ ...values, chosen, grid, rows }, context);
    using corpus = await givenCorpus(values.corpus, values);
    const key = await secretKey();
    const { plan: _, ...settings } = context.settings;
    using engine = await openEngine();
    using run = await openRunFolder(out, {
      command: "attack",
      context: { ...context, settings: { ...settings, attacks: after, key: keySetting(key) } },
      inputs: {
        ...await modelInputs(values, context),
        "model before": before === undefined ? undefined : await modelInput(before, context),
        "model that never saw the secrets": neverSeen === undefined
          ? undefined
          : await modelInput(neverSeen, context),
        corpus: corpus.input,
        forget,
        benign,
      },
      outputs: ["attacks.parquet", "attacks.json"],
      scratch: [PARTS],
      versions: { tensorflow: engine.version },
    });
    const source = await resolveCorpus(corpus.path, corpus.options);
    const reading = await startReading({ source, options: corpus.options }, context);
    const folder = await modelFolder(values.model, context);
    const tokenizer = await openModelTokenizer(folder);
    const windowTokens = windowTokensOf((await readConfig(folder)).config);
    const found = { source, options: reading.options, tokenizer, key, windowTokens };
    const forgotten = await forgetSecrets(found, rows);
    const secrets = forgotten.flatMap(({ secrets }) => secrets);
    if (secrets.length === 0) throw new RangeError(`Cannot attack with "${forget}": it names no secrets`);
    const host = after.includes("prefix") ? await otherText(found, secrets) : undefined;
    reading.done();
    const { trainings, leftOut } = after.includes("relearn")
      ? await openTrainings(forgotten, { ...values, corpus, tokenizer, grid }, context)
      : { trainings: [], leftOut: [] };
    using models = new AttackedModels({ after: values.model, before, neverSeen }, { ...values, context });
    const amounts = { ...values, seed: context.seed, host };
    const work = { values: amounts, chosen, secrets, models, trainings };
    const { parts, counts } = await makeParts(attackUnits(work, context), {
      folder: join(run.folder, PARTS),
      columns: ATTACK_COLUMNS,
      onPart: ({ model, attack }, wasThere) => {
        if (!wasThere) return;
        const stage = startStage(attack, model, { secrets: secrets.length, context });
        stage.skip(secrets.length);
        stage.done("of an earlier run");
      },
    });
    const table = await run.path("attacks.parquet");
    await writeParts(parts, table, { columns: ATTACK_COLUMNS });
    const report = summaryOfAttacks(await readRows(table, ATTACK_COLUMNS), counts, {
      secrets: secrets.map(({ place }) => place),
      leftOut: [...leftOutOf({ before, after, chosen, host, lacksRate }), ...leftOut],
    });
    await writeFileAtomic(await run.path("attacks.json"), JSON.stringify(report, null, 2) + "\n");
    const read = describeCorpus(source);
    const summary = { ...report as unknown as { [key: string]: Json }, ...read.summary, out };
    await run.finish(summary);
    return { text: [...read.lines, describeAttacks(report), `written: ${out}`].join("\n"), summary };
  },
});

/**
 * The attacks that options name, on each model and in their own order; all where they name none.
 *
 * @throws {UsageError} when a name is unknown
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chosenAttacks } from "./attack.ts";
 *
 * const options = { attacks: ["prefix,exposure"], attacksBefore: [], before: "model" };
 * assertEquals(chosenAttacks(options), { after: ["exposure", "prefix"], before: ["exposure"] });
 * ```
 */
export function chosenAttacks(
  { attacks, attacksBefore, before }: {
    attacks: readonly string[];
    attacksBefore: readonly string[];
    before: string | undefined;
  },
): { after: readonly AttackName[]; before: readonly AttackName[] } {
  const after = namedAttacks(attacks, NAMES) ?? NAMES;
  const others = namedAttacks(attacksBefore, NAMES_BEFORE) ?? DEFAULT_BEFORE;
  return {
    after: before === undefined ? after.filter((name) => name !== "depth") : after,
    before: others.filter((name) => after.includes(name)),
  };
}

/** The attacks of a list, in their own order; undefined where none is given. */
function namedAttacks(
  given: readonly string[],
  known: readonly AttackName[],
): AttackName[] | undefined {
  const names = given.flatMap((list) => list.split(",")).map((name) => name.trim());
  const unknown = names.find((name) => !known.some((other) => other === name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Unknown attack ${JSON.stringify(unknown)}: expected ${known.map((name) => `"${name}"`).join(", ")}`,
    );
  }
  return names.length === 0 ? undefined : known.filter((name) => names.includes(name));
}

/** What is not done, and why. */
function leftOutOf(
  { before, after, chosen, host, lacksRate }: {
    before: string | undefined;
    after: readonly AttackName[];
    chosen: { before: readonly AttackName[] };
    host: string | undefined;
    /** Whether `relearn` should train at the model's own rate, and it is not known. */
    lacksRate: boolean;
  },
): string[] {
  const lines: [isLeftOut: boolean, line: string][] = [
    ...NAMES.map((name): [boolean, string] => [!after.includes(name), `${name}: not chosen by --attacks`]),
    ...NAMES_BEFORE.map((name): [boolean, string] => [
      before !== undefined && after.includes(name) && !chosen.before.includes(name),
      `${name} of the model before: not chosen by --attacks-before`,
    ]),
    [
      before === undefined && after.includes("membership"),
      'membership "before": it takes the model before, --before',
    ],
    [
      lacksRate,
      "relearn at the model's own rate: no record of a training is beside it or the model before, name it by --relearn-rates",
    ],
    [before === undefined && after.includes("depth"), "depth: it takes the model before, --before"],
    [
      host === undefined && after.includes("prefix"),
      'prefix "moved": the corpus has no other text to move snippets into',
    ],
  ];
  return lines.filter(([isLeftOut]) => isLeftOut).map(([, line]) => line);
}
