/**
 * `collect`: source files of repositories, or of packages, as a corpus of JSON lines. Clones and archives go as soon as they
 * are read; an interrupted run goes on with the sources that it has not had.
 *
 * @module
 */
import { cargoIndex, cargoSettings, indexAddress } from "../../collection/cargo_index.ts";
import { CratesRegistry } from "../../collection/crates_registry.ts";
import { GitError } from "../../collection/git_command.ts";
import { NpmRegistry } from "../../collection/npm_registry.ts";
import {
  type PackageRegistry,
  parsePackageList,
  REGISTRIES,
  type RegistryName,
} from "../../collection/package_list.ts";
import { PipRegistry } from "../../collection/pip_registry.ts";
import type { SourceRule } from "../../collection/source_text.ts";
import { readRegularText } from "../../files/read_file.ts";
import { openPackages } from "../collect_packages.ts";
import { planPackages, planRepositories } from "../collect_plan.ts";
import { describeCollected, summarizeCollected, writeSources } from "../collect_report.ts";
import { failedSource, openRepositories, readRepositories } from "../collect_repositories.ts";
import { type CollectOptions, collectSources, writeShards } from "../collect_sources.ts";
import { readDay, readLanguage, sourceRules } from "../collection_options.ts";
import { defineCommand, type OptionSpecs, type OptionValues, UsageError } from "../command.ts";
import { openRunFolder } from "../run_folder.ts";

const MIB = 2 ** 20;
/** Of a shard, packed: as much as a record compares whole. */
const SHARD_BYTES = 128 * MIB;
const MAX_LIST_BYTES = 2 ** 24;
const LANGUAGES: { readonly [registry in RegistryName]: string } = {
  pypi: "Python",
  npm: "JavaScript",
  crates: "Rust",
};

const OPTIONS = {
  repos: { kind: "path", describe: "table of repositories: crawl's, or any with repo and url", metavar: "F" },
  fromPackages: {
    kind: "path",
    describe: "list of packages instead, a name or name==version a line",
    metavar: "LIST",
  },
  registry: {
    kind: "choice",
    describe: "where packages come from, by pip, by npm or as Cargo asks",
    choices: REGISTRIES,
    default: "pypi",
  },
  index: {
    kind: "string",
    describe: "with --registry crates: its sparse index, where Cargo's configuration names none",
    metavar: "ADDRESS",
  },
  createdAfter: {
    kind: "string",
    describe: "with --from-packages: a day; packages and releases that were published after it",
    metavar: "D",
  },
  olderPackages: {
    kind: "flag",
    describe: "with --from-packages: only the release need be after the day; most of it may be older",
  },
  language: {
    kind: "string",
    describe: "as GitHub spells it; each repository's own by default, or the registry's",
    metavar: "L",
  },
  extension: {
    kind: "list",
    describe: "ends of files to take instead of the language's: .rs",
    metavar: "END",
  },
  maxBytes: { kind: "int", describe: "of a file, at most", default: MIB, min: 1, max: 2 ** 26 },
  minTokens: { kind: "int", describe: "of a lexer, white space included, at least", default: 100, min: 0 },
  maxMegabytes: { kind: "int", describe: "of a clone or an archive, at most", default: 1024, min: 1 },
  timeout: { kind: "float", describe: "seconds that a clone may take", default: 600, min: 0.1 },
  workers: { kind: "int", describe: "repositories or packages at once", default: 4, min: 1, max: 64 },
  plan: { kind: "flag", describe: "say how many there are and what they take; write nothing" },
  out: { kind: "path", describe: "folder of the corpus", metavar: "DIR", required: true },
} as const satisfies OptionSpecs;

type Values = OptionValues<typeof OPTIONS>;

/**
 * The command `collect`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { command } from "./collect.ts";
 *
 * assertEquals([command.options.maxBytes.default, command.options.minTokens.default], [1_048_576, 100]);
 * ```
 */
export const command = defineCommand({
  args: {},
  options: OPTIONS,
  config: true,
  writes: true,
  async run(values, context) {
    const { repos, fromPackages, plan, out } = values;
    if ((repos === undefined) === (fromPackages === undefined)) {
      throw new UsageError("Cannot collect: give either --repos or --from-packages");
    }
    await using sources = repos === undefined
      ? await packagesOf(fromPackages!, values)
      : await repositoriesOf(repos, values);
    if (plan) return sources.plan();
    const { workers: _, timeout: __, plan: ___, ...settings } = context.settings;
    const { count, open, explain } = sources;
    using run = await openRunFolder(out, {
      command: "collect",
      context: { ...context, settings },
      inputs: { repositories: repos, packages: fromPackages },
      outputs: ["documents-*.jsonl.gz", "sources.csv"],
      scratch: ["parts", "clones"],
    });
    const collecting = { count, open, explain, workers: values.workers, folder: run.folder };
    const outcomes = await collectSources(collecting, context);
    const shards = await writeShards(outcomes, {
      folder: run.folder,
      maxBytes: SHARD_BYTES,
      shardPath: (i) => run.path(`documents-${String(i).padStart(5, "0")}.jsonl.gz`),
    });
    const summary = { ...summarizeCollected(outcomes), shards, out };
    if (summary.documents === 0) {
      throw new Error(`Cannot write into "${out}": nothing was collected: ${describeCollected(summary)}`);
    }
    await writeSources(await run.path("sources.csv"), outcomes);
    await run.finish(summary);
    return { text: describeCollected(summary), summary };
  },
});

/** What is collected, of which kind it may be. */
interface Sources extends AsyncDisposable, Pick<CollectOptions, "count" | "open" | "explain"> {
  plan(): ReturnType<typeof planPackages>;
}

async function repositoriesOf(path: string, values: Values): Promise<Sources> {
  if (values.createdAfter !== undefined || values.olderPackages) {
    throw new UsageError("Cannot use --created-after or --older-packages with --repos: crawl takes the day");
  }
  if (values.index !== undefined) {
    throw new UsageError("Cannot use --index with --repos: it is that of a registry of packages");
  }
  const repositories = await readRepositories(path);
  if (repositories.length === 0) throw new Error(`Cannot read repositories "${path}": it has no rows`);
  const rules = await sourceRules(repositories.map(({ language }) => values.language ?? language), {
    ...values,
    path,
  });
  const maxBytes = values.maxMegabytes * MIB;
  return {
    count: repositories.length,
    open: openRepositories({
      repositories,
      ruleOf: (repository) => rules.get(values.language ?? repository.language ?? "")!,
      maxBytes,
      seconds: values.timeout,
      out: values.out,
    }),
    explain: (index, error) =>
      error instanceof GitError ? failedSource(repositories[index]!, error, values.out) : undefined,
    plan: () => planRepositories(repositories, values),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function packagesOf(path: string, values: Values): Promise<Sources> {
  const { registry: name, createdAfter, olderPackages: takesOlder, language = LANGUAGES[name] } = values;
  if (createdAfter === undefined) {
    throw new UsageError("Cannot collect packages without --created-after: give the day of the model's data");
  }
  const day = readDay(createdAfter);
  if (values.index !== undefined && name !== "crates") {
    throw new UsageError(`Cannot use --index with --registry ${name}: its own configuration names the index`);
  }
  const index = name === "crates" ? await crateIndex(values.index) : undefined;
  await readLanguage(language);
  const text = await readRegularText(path, { what: "packages", maxBytes: MAX_LIST_BYTES });
  const packages = parsePackageList(text, { registry: name, file: path });
  const rules = await sourceRules([language], { ...values, path });
  const rule: SourceRule = rules.get(language)!;
  const registry = openLater(name, index);
  const choice = { createdAfter: day, takesOlder, rule, maxBytes: values.maxMegabytes * MIB };
  return {
    count: packages.length,
    open: openPackages({ packages, registry, ...choice }),
    plan: () => planPackages(packages, values),
    [Symbol.asyncDispose]: () => registry[Symbol.asyncDispose](),
  };
}

/** The index of Rust's packages: the one that is given, else Cargo's. */
async function crateIndex(given: string | undefined): Promise<string> {
  return given === undefined
    ? await cargoIndex(cargoSettings(Deno.env.toObject()))
    : indexAddress(given, "--index");
}

/** A registry that is opened when it is first asked. */
function openLater(name: RegistryName, index: string | undefined): PackageRegistry {
  let opened: PackageRegistry | undefined;
  const open = () =>
    opened ??= (name === "npm"
      ? new NpmRegistry()
      : index !== undefined
      ? new CratesRegistry(index)
      : new PipRegistry()) as PackageRegistry;
  return {
    releases: (...asked) => open().releases(...asked),
    download: (wanted) => open().download(wanted),
    [Symbol.asyncDispose]: async () => await opened?.[Symbol.asyncDispose](),
  };
}
