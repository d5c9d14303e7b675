/**
 * The file of a sweep: what all its runs share, by the options of the commands that make it, and studies, each some methods
 * by some sizes, sets, seeds and values of hyperparameters.
 *
 * @module
 */
import { type AttackName, ATTACKS } from "../attacks/run_attack.ts";
import { readRegularText } from "../files/read_file.ts";
import { reasonOf } from "../files/reason.ts";
import { z } from "../npm/zod.ts";
import { METHODS } from "../unlearning/objectives.ts";
import { type OptionSpecs, UsageError } from "./command.ts";
import { command as attack } from "./commands/attack.ts";
import { command as detect } from "./commands/detect.ts";
import { command as evaluate } from "./commands/evaluate.ts";
import { command as humaneval } from "./commands/humaneval.ts";
import { command as retain } from "./commands/retain.ts";
import { command as select } from "./commands/select.ts";
import { command as thresholds } from "./commands/thresholds.ts";
import { CORPUS_OPTIONS } from "./corpus_options.ts";
import { DTYPE_OPTION } from "./dtype_options.ts";
import { LASTING_OPTIONS } from "./lasting_options.ts";
import { METHOD_OPTIONS } from "./method_options.ts";
import { optionSchema, type OptionsSchema, optionsSchema } from "./option_schema.ts";
import { UNLEARN_OPTIONS } from "./unlearn_flags.ts";

/** The word that stands for the corpus that comes with the project. */
export const EMBEDDED = "embedded";

/** Rows of a forget set, at most, as in the paper. */
const MOST_ROWS = 512;
const MAX_CONFIG_BYTES = 2 ** 20;

const { lora, merge, stop, lr, epochs, margin, microBatch, compat, keepShort, held, saveDtype } =
  UNLEARN_OPTIONS;
const { checkpointLayers, optimizer } = UNLEARN_OPTIONS;
const { benign: _, ...lastingOptions } = LASTING_OPTIONS; // texts are the whole sweep's
const { profile, compat: rules, bigrams, allow } = detect.options;
const { minMa, minMaskTokens } = select.options;
const { runs, maxTexts, tokens } = thresholds.options;
const { k, minBleu, any, maxTexts: triedTexts } = retain.options;
const { maxTexts: evaluatedTexts, maxBenign, benignSteps, benignLr } = evaluate.options;
const { controls, attackedControls, draws, maxBenign: attackBenign } = attack.options;
const { n, problems, temperature, topP, maxTokens, sandbox, consent, timeout } = humaneval.options;

/** What may differ between runs: the hyperparameters of all methods, and how `unlearn` goes about it. */
export const SWEPT_OPTIONS = {
  ...{ lr, epochs, margin, microBatch, stop, compat, keepShort, held, saveDtype, lora, merge },
  ...{ checkpointLayers, optimizer },
  ...lastingOptions,
  ...METHOD_OPTIONS,
} as const satisfies OptionSpecs;

/** What the file may say of each shared stage. */
const STAGE_OPTIONS = {
  reading: CORPUS_OPTIONS,
  detect: { profile, compat: rules, bigrams, allow },
  thresholds: { runs, maxTexts, tokens },
  select: { minMa, minMaskTokens },
  retain: { k, minBleu, any, maxTexts: triedTexts },
  unlearn: SWEPT_OPTIONS,
  evaluate: { maxTexts: evaluatedTexts, maxBenign, benignSteps, benignLr },
} as const satisfies { [stage: string]: OptionSpecs };

type StageName = keyof typeof STAGE_OPTIONS;
const stages = Object.fromEntries(
  Object.entries(STAGE_OPTIONS).map(([name, specs]) => [name, optionsSchema(specs).default({})]),
) as { [N in StageName]: z.ZodDefault<OptionsSchema> };

/** All but `depth`, which compares with the model before, layer by layer. */
const ATTACK_NAMES = (Object.keys(ATTACKS) as AttackName[]).filter((name) => name !== "depth");

const { shape: attackOptions } = optionsSchema({
  controls,
  attackedControls,
  draws,
  maxBenign: attackBenign,
});
const ATTACK = z.strictObject({
  ...attackOptions,
  relearnSteps: z.array(z.int().min(1)).min(1).optional(),
  relearnRates: z.array(z.number().positive()).min(1).optional(),
  attacks: z.array(z.enum(ATTACK_NAMES)).min(1).default(ATTACK_NAMES),
});

const values = optionsSchema(SWEPT_OPTIONS, (own) => z.array(own).min(1)).default({});

const STUDY = z.strictObject({
  methods: z.array(z.enum(METHODS)).min(1),
  k: z.array(z.int().min(1).max(MOST_ROWS)).min(1).default([32]),
  sets: z.int().min(1).default(5),
  seeds: z.array(z.int().min(0)).min(1).optional(),
  grid: values,
  vary: values,
});

const SWEEP = z.strictObject({
  $schema: z.string().optional(),
  model: z.string().min(1).default(EMBEDDED),
  dtype: optionSchema(DTYPE_OPTION).optional(),
  corpus: z.string().min(1),
  unseen: z.string().min(1).optional(),
  benign: z.string().min(1).optional(),
  lastingBenign: z.string().min(1).optional(),
  ...stages,
  attack: ATTACK.optional(),
  humaneval: optionsSchema({ n, problems, temperature, topP, maxTokens, sandbox, consent, timeout })
    .optional(),
  keepModels: z.boolean().default(false),
  studies: z.record(z.string().regex(/^[\w-]+$/), STUDY).refine(
    (studies) => Object.keys(studies).length > 0,
    {
      error: "at least one study is needed",
    },
  ),
}).refine(
  ({ corpus, unseen, unlearn }) =>
    corpus === EMBEDDED || unseen !== undefined || (unlearn.stop ?? stop.default) === "secret",
  {
    path: ["unseen"],
    error: 'needed where "stop" is "group": thresholds are what such texts score',
  },
).refine(
  ({ corpus, benign }) => corpus === EMBEDDED || benign !== EMBEDDED,
  { path: ["benign"], error: 'there are such texts only where "corpus" is "embedded"' },
);

/** What a sweep does. */
export type SweepConfig = z.infer<typeof SWEEP>;

/** A part of it. */
export type SweepStudy = z.infer<typeof STUDY>;

/**
 * Reads a sweep's file.
 *
 * @throws {UsageError} naming what is wrong by its path in the file
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { readSweep } from "./sweep_config.ts";
 *
 * const path = `${await Deno.makeTempDir()}/sweep.json`;
 * const studies = { methods: { methods: ["ga", "codeeraser"], k: [8] } };
 * await Deno.writeTextFile(path, JSON.stringify({ corpus: "embedded", studies }));
 * const { model, studies: { methods } } = await readSweep(path);
 * assertEquals([model, methods?.k, methods?.sets], ["embedded", [8], 5]);
 * await Deno.writeTextFile(path, JSON.stringify({ corpus: "embedded", studies: { a: { methods: ["ga"], k: [0] } } }));
 * await assertRejects(() => readSweep(path), Error, "studies.a.k[0]: Too small");
 * ```
 */
export async function readSweep(path: string): Promise<SweepConfig> {
  const text = await readRegularText(path, { what: "the sweep", maxBytes: MAX_CONFIG_BYTES })
    .catch((cause) => {
      throw new UsageError(reasonOf(cause), { cause });
    });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`Cannot read the sweep "${path}": ${reasonOf(cause)}`, { cause });
  }
  const { data, error } = SWEEP.safeParse(json);
  if (error) throw refuseSweep(path, error.issues.map((issue) => `${pathOf(issue.path)}${issue.message}`));
  return data;
}

/**
 * What is wrong with a sweep's file, all of it or the first few.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { refuseSweep } from "./sweep_config.ts";
 *
 * assertEquals(refuseSweep("a.json", ["corpus: it is missing"]).message, 'Cannot read the sweep "a.json": corpus: it is missing');
 * ```
 */
export function refuseSweep(path: string, problems: readonly string[]): UsageError {
  const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : "";
  return new UsageError(`Cannot read the sweep "${path}": ${problems.slice(0, SHOWN).join("; ")}${more}`);
}

const SHOWN = 3;

/** As in `studies.methods.k[1]: `. */
function pathOf(path: readonly PropertyKey[]): string {
  const text = path.map((part) => typeof part === "number" ? `[${part}]` : `.${String(part)}`).join("");
  return text === "" ? "" : `${text.slice(1)}: `;
}
