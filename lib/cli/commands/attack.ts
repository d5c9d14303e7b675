/**
 * `attack`: what an adversary gets out of a model that is said to have forgotten. Each attack on each model is a part on
 * the disk, so that a run that was killed goes on with the next; every number stands beside that of made-up secrets in the
 * same places.
 *
 * @module
 */
import { join } from "node:path";
import { type AttackName, ATTACKS, runAttack } from "../../attacks/run_attack.ts";
import { openModelTokenizer } from "../../checkpoints/model_tokenizer.ts";
import { ATTACK_COLUMNS, FORGET_COLUMNS } from "../../datasets/columns.ts";
import { resolveCorpus } from "../../datasets/resolve_corpus.ts";
import { readRows } from "../../datasets/row_table.ts";
import type { Products } from "../../engine/compile.ts";
import { writeFileAtomic } from "../../files/write_file.ts";
import { attackPlan } from "../attack_plan.ts";
import { type AttackCounts, describeAttacks, summaryOfAttacks } from "../attack_report.ts";
import { type ForgetSecret, forgetSecrets, otherText } from "../attack_secrets.ts";
import { type Context, defineCommand, type Json, UsageError } from "../command.ts";
import { CORPUS_OPTIONS, describeCorpus, givenCorpus } from "../corpus_options.ts";
import { DTYPE_OPTION } from "../dtype_options.ts";
import { MODEL_OPTION, modelFolder, modelInput } from "../model_folder.ts";
import { makeParts, type WorkUnit, writeParts } from "../part_files.ts";
import { PLAN_OPTION } from "../plan.ts";
import type { Stage } from "../progress.ts";
import { startReading } from "../reading.ts";
import { openRunFolder } from "../run_folder.ts";
import { keySetting, secretKey } from "../secret_key.ts";
import { type ModelSession, openEngine, openModel } from "../session.ts";

const NAMES = Object.keys(ATTACKS) as AttackName[];
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
    model: MODEL_OPTION,
    dtype: DTYPE_OPTION,
    before: {
      kind: "string",
      describe: "the model before: attacked too, and compared with",
      metavar: "MODEL",
    },
    corpus: { kind: "path", describe: "the corpus", metavar: "C", required: true, orInput: true },
    ...CORPUS_OPTIONS,
    forget: { kind: "path", describe: "forget set that select wrote", metavar: "F", required: true },
    attacks: { kind: "list", describe: `${NAMES.join(", ")}; all by default`, metavar: "NAME,..." },
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
      describe: "texts that extract draws besides, for leak@k; slow",
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
    const { out, forget, before } = values;
    const chosen = chosenAttacks(values.attacks);
    const rows = await readRows(forget, FORGET_COLUMNS);
    if (rows.length === 0) throw new RangeError(`Cannot attack with "${forget}": it has no rows`);
    if (values.plan) return await attackPlan({ ...values, attacks: chosen, rows }, context);
    using corpus = await givenCorpus(values.corpus, values);
    const key = await secretKey();
    const { plan: _, ...settings } = context.settings;
    using engine = await openEngine();
    using run = await openRunFolder(out, {
      command: "attack",
      context: { ...context, settings: { ...settings, attacks: chosen, key: keySetting(key) } },
      inputs: {
        model: await modelInput(values.model, context),
        "model before": before === undefined ? undefined : await modelInput(before, context),
        corpus: corpus.input,
        forget,
      },
      outputs: ["attacks.parquet", "attacks.json"],
      scratch: [PARTS],
      versions: { tensorflow: engine.version },
    });
    const source = await resolveCorpus(corpus.path, corpus.options);
    const reading = await startReading({ source, options: corpus.options }, context);
    const tokenizer = await openModelTokenizer(await modelFolder(values.model, context));
    const found = { source, options: reading.options, tokenizer, key };
    const secrets = await forgetSecrets(found, rows);
    if (secrets.length === 0) throw new RangeError(`Cannot attack with "${forget}": it names no secrets`);
    const host = chosen.includes("prefix") ? await otherText(found, secrets) : undefined;
    reading.done();
    using models = new Models({ after: values.model, before }, { dtype: values.dtype, context });
    const work = { values: { ...values, seed: context.seed, host }, chosen, secrets, models };
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
      leftOut: leftOutOf({ before, chosen, host }),
    });
    await writeFileAtomic(await run.path("attacks.json"), JSON.stringify(report, null, 2) + "\n");
    const read = describeCorpus(source);
    const summary = { ...report as unknown as { [key: string]: Json }, ...read.summary, out };
    await run.finish(summary);
    return { text: [...read.lines, describeAttacks(report), `written: ${out}`].join("\n"), summary };
  },
});

/**
 * The attacks that `--attacks` names; all where it names none.
 *
 * @throws {UsageError} when a name is unknown
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chosenAttacks } from "./attack.ts";
 *
 * assertEquals(chosenAttacks(["extract,exposure"]), ["exposure", "extract"]);
 * ```
 */
export function chosenAttacks(given: readonly string[]): AttackName[] {
  const names = given.flatMap((list) => list.split(",")).map((name) => name.trim());
  const unknown = names.find((name) => !NAMES.some((known) => known === name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Unknown attack ${JSON.stringify(unknown)}: expected ${NAMES.map((name) => `"${name}"`).join(", ")}`,
    );
  }
  return names.length === 0 ? NAMES : NAMES.filter((name) => names.includes(name));
}

/** What is not done, and why. */
function leftOutOf(
  { before, chosen, host }: {
    before: string | undefined;
    chosen: readonly AttackName[];
    host: string | undefined;
  },
): string[] {
  return [
    ...NAMES.filter((name) => !chosen.includes(name)).map((name) => `${name}: not chosen by --attacks`),
    ...chosen.includes("membership") && before === undefined
      ? ['membership "before": it takes the model before, --before']
      : [],
    ...chosen.includes("prefix") && host === undefined
      ? ['prefix "moved": the corpus has no other text to move snippets into']
      : [],
  ];
}

type ModelRole = "after" | "before";

interface AttackWork {
  values: {
    controls: number;
    attackedControls: number;
    draws: number;
    seed: number;
    host: string | undefined;
  };
  chosen: readonly AttackName[];
  secrets: readonly ForgetSecret[];
  models: Models;
}

/** Each attack on each model. */
function* attackUnits(
  { values, chosen, secrets, models }: AttackWork,
  context: Context,
): Generator<WorkUnit<typeof ATTACK_COLUMNS, AttackCounts & { [key: string]: Json }>> {
  let index = 0;
  for (const role of models.roles) {
    for (const attack of chosen) {
      const make = async () => {
        const { loaded, tokenizer } = await models.open(role);
        const other = role === "after" && attack === "membership" && models.has("before")
          ? await models.open("before")
          : null;
        const isAlike = other === null || haveSameTokens({ loaded, tokenizer }, other);
        const stage = startStage(attack, role, { secrets: secrets.length, context });
        const { scores, controlsFound, aucs } = await runAttack(attack, {
          ...values,
          model: loaded.model,
          tokenizer,
          before: other && isAlike ? other.loaded.model : null,
          secrets: secrets.map(({ secret }) => secret),
          onProgress: async (done) => {
            stage.advance(done);
            await context.breathe();
          },
        });
        stage.done();
        const rows = scores.map(({ secret, ...score }) => {
          const { place, secret: { fingerprint } } = secrets[secret]!;
          return { ...place, fingerprint, model: role, attack, ...score };
        });
        const leftOut = isAlike ? [] : ['membership "before": the model before has other tokens'];
        return {
          rows,
          counts: { model: role, attack, controlsFound, aucs, leftOut } as AttackCounts & {
            [key: string]: Json;
          },
        };
      };
      yield { index: index++, key: `${attack}${role}`, make };
    }
  }
}

/** Whether a token is the same for both. */
function haveSameTokens(a: Pick<ModelSession, "loaded" | "tokenizer">, b: typeof a): boolean {
  const { vocabularySize } = a.loaded.model.config;
  if (b.loaded.model.config.vocabularySize !== vocabularySize) return false;
  if (a.tokenizer.vocabularySize !== b.tokenizer.vocabularySize) return false;
  for (let id = 0; id < a.tokenizer.vocabularySize; id++) {
    if (a.tokenizer.token(id) !== b.tokenizer.token(id)) return false;
  }
  return true;
}

function startStage(
  attack: string,
  model: string,
  { secrets, context }: { secrets: number; context: Pick<Context, "progress"> },
): Stage {
  return context.progress.start(
    `${attack[0]!.toUpperCase()}${attack.slice(1)} (${model})`,
    secrets,
    "secrets",
  );
}

/** The models, each opened when it is first asked for. */
class Models implements Disposable {
  /** Those that were given. */
  readonly roles: readonly ModelRole[];
  readonly #open = new Map<ModelRole, ModelSession>();
  readonly #names: Partial<Record<ModelRole, string | undefined>>;
  readonly #options: { dtype: Products; context: Context };

  constructor(
    names: { after: string; before: string | undefined },
    options: { dtype: Products; context: Context },
  ) {
    this.#names = names;
    this.#options = options;
    this.roles = names.before === undefined ? ["after"] : ["after", "before"];
  }

  has(role: ModelRole): boolean {
    return this.#names[role] !== undefined;
  }

  async open(role: ModelRole): Promise<ModelSession> {
    const { dtype, context } = this.#options;
    const known = this.#open.get(role) ?? await openModel(this.#names[role]!, context, { products: dtype });
    this.#open.set(role, known);
    return known;
  }

  [Symbol.dispose](): void {
    for (const session of this.#open.values()) session[Symbol.dispose]();
  }
}
