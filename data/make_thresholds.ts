/**
 * `deno task thresholds`: from nothing to a table of thresholds, by the commands that a user runs: `crawl` and `collect`, or
 * `collect` from packages; `dedupe`, `sample`, `thresholds`. Each reads what the one before it wrote into the folder. What is
 * finished is left as it is, so the same command line goes on where it was stopped or killed.
 *
 * `--endpoint` of another host than GitHub's needs that host's name:
 * `deno run -P=codescrub --allow-net=git.example data/make_thresholds.ts ...`.
 *
 * @module
 */
import { join } from "node:path";
import { readRows } from "../lib/datasets/mod.ts";
import { THRESHOLD_GROUP_COLUMNS } from "../lib/datasets/unseen_columns.ts";
import { modelInputs } from "../lib/cli/adapter_options.ts";
import { readDay } from "../lib/cli/collection_options.ts";
import {
  type CommandResult,
  defineCommand,
  type OptionSpecs,
  type OptionValues,
  UsageError,
} from "../lib/cli/command.ts";
import { command as collect } from "../lib/cli/commands/collect.ts";
import { command as crawl } from "../lib/cli/commands/crawl.ts";
import { command as dedupe } from "../lib/cli/commands/dedupe.ts";
import { command as sample } from "../lib/cli/commands/sample.ts";
import { command as thresholds } from "../lib/cli/commands/thresholds.ts";
import { main } from "../lib/cli/main.ts";
import { MODEL_OPTION } from "../lib/cli/model_folder.ts";
import { resolvePath } from "../lib/cli/options.ts";
import { openRunFolder } from "../lib/cli/run_folder.ts";
import { Stages } from "../lib/cli/stages.ts";
import { reportThresholds } from "../lib/cli/threshold_report.ts";
import { THRESHOLD_TABLE_COLUMNS } from "../lib/cli/threshold_table.ts";

const { minStars, limit, endpoint } = crawl.options;
const { fromPackages, registry, index, workers } = collect.options;
const { count } = sample.options;
const { dtype, runs, tokens, error } = thresholds.options;

const OPTIONS = {
  language: {
    kind: "string",
    describe: "as GitHub spells it: Rust; needed but with --from-packages",
    metavar: "L",
  },
  createdAfter: {
    kind: "string",
    describe: "the day of the model's data: repositories or packages that were made after it",
    metavar: "D",
    required: true,
  },
  ...{ minStars, limit, endpoint, fromPackages, registry, index, workers },
  near: { ...dedupe.options.near, default: 0.7 },
  against: dedupe.options.against,
  model: { kind: "string", describe: MODEL_OPTION.describe, default: "embedded", metavar: "MODEL" },
  dtype,
  tokenizer: { ...sample.options.tokenizer, describe: "model whose tokenizer counts; --model by default" },
  ...{ count, runs, tokens, error },
  out: { kind: "string", describe: "folder of everything", default: "out/thresholds", metavar: "DIR" },
} as const satisfies OptionSpecs;

type Values = OptionValues<typeof OPTIONS>;

/** What the stages write, by their names in the folder. */
const FILES = {
  repos: "repos.parquet",
  collected: "collected",
  unseen: "unseen",
  dropped: "dropped.csv",
  texts: "unseen.parquet",
  groups: "groups.csv",
  thresholds: "thresholds.parquet",
} as const;

/** All of it as one command. */
export const command = defineCommand({
  args: {},
  options: OPTIONS,
  config: true,
  writes: true,
  async run(values, context) {
    const { fromPackages, language, createdAfter, against, model } = values;
    if (fromPackages === undefined && language === undefined) {
      throw new UsageError("Cannot search without --language: give it, or --from-packages LIST");
    }
    readDay(createdAfter); // refused before anything is written
    const out = resolvePath(values.out, context.cwd);
    const { workers: _, ...settings } = context.settings;
    using run = await openRunFolder(out, {
      command: "thresholds from nothing",
      context: { ...context, settings },
      inputs: {
        ...await modelInputs({ model, adapter: undefined }, context),
        ...{ packages: fromPackages, "training corpus": against },
      },
      outputs: [],
      goesOn: () => true,
    });
    const summary = await runChain(new Stages(context, out, { goesOn: true }), values);
    await run.finish({ ...summary, out });
    return await describe(values, out, summary);
  },
});

/** The stages in their order; what each found. */
async function runChain(stages: Stages, values: Values): Promise<CommandResult["summary"]> {
  const { fromPackages, registry, index, language, createdAfter, minStars, limit, endpoint } = values;
  const { workers, model, dtype, tokenizer = model, near, against, count, runs, tokens, error } = values;
  const path = (name: keyof typeof FILES) => stages.path(FILES[name]);
  if (fromPackages === undefined) {
    const search = { language, createdAfter, minStars, limit, endpoint };
    await stages.run("crawl", crawl, { ...search, out: path("repos") });
  }
  const source = fromPackages === undefined
    ? { repos: path("repos") }
    : { fromPackages, registry, index, createdAfter, language };
  const collected = await stages.run("collect", collect, { ...source, workers, out: path("collected") });
  const kept = await stages.run("dedupe", dedupe, {
    ...{ corpus: path("collected"), near, against },
    ...{ dropped: path("dropped"), out: path("unseen") },
  });
  const taken = await stages.run("sample", sample, {
    ...{ corpus: path("unseen"), tokenizer, count },
    out: path("texts"),
  });
  await stages.run("thresholds", thresholds, {
    ...{ model, dtype, texts: path("texts"), runs, tokens, error },
    ...{ groups: path("groups"), out: path("thresholds") },
  });
  const { sources, documents } = collected.summary;
  const { kept: unseen, exact, near: alike, shared } = kept.summary;
  return { sources, documents, exact, near: alike, shared, unseen, texts: taken.summary.texts } as {
    [name: string]: number;
  };
}

/** What the user reads at the end. */
async function describe(
  { model, tokens, error }: Values,
  out: string,
  summary: CommandResult["summary"],
): Promise<CommandResult> {
  const rows = await readRows(join(out, FILES.thresholds), THRESHOLD_TABLE_COLUMNS);
  const groups = await readRows(join(out, FILES.groups), THRESHOLD_GROUP_COLUMNS);
  const { sources, documents, exact, near, shared, unseen, texts } = summary;
  const table = { rows, groups, means: {}, texts: Number(texts) };
  const text = [
    `${documents} files of ${sources} sources`,
    `${unseen} kept: ${exact} are the same as an earlier one, ${near} nearly so, ${shared} share code with the training corpus`,
    `${texts} texts by lot`,
    ...reportThresholds(table, { model, tokens, error }),
    `written: ${join(out, FILES.thresholds)}`,
  ];
  const means = Object.fromEntries(rows.map(({ metric, mean }) => [metric, mean]));
  return { text: text.join("\n"), summary: { ...summary, thresholds: means, out } };
}

/** The command as the task runs it. */
export const rows = {
  thresholds: {
    description: "from repositories or packages that a model cannot have seen to its table of thresholds",
    example: "thresholds --language Rust --created-after 2023-06-01 --model my-model --out run",
    more: ["thresholds --from-packages names.txt --created-after 2025-01-01 --model smollm2 --out run"],
    load: () => Promise.resolve({ command }),
  },
};
if (import.meta.main) Deno.exit(await main(["thresholds", ...Deno.args], rows, { program: "deno task" }));
