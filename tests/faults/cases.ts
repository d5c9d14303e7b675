/**
 * The command lines that are disturbed: every command that writes, on a tiny run; and those of them that go on where
 * an earlier one was stopped, or replace what it wrote. All outputs are called `out`, all else is input.
 *
 * @module
 */
import { generateKeyPairSync } from "node:crypto";
import { join } from "node:path";
import { type GithubServer, serveGithub, TOKEN } from "../collection/github_server.ts";
import { lua, makeRepository, repositoryPath } from "../collection/git_repositories.ts";
import { argumentsOf, certifiedCommands, type Flags } from "../cli/tiny_cases.ts";
import { type TinyRun, writeCertainModel, writeTexts } from "../cli/tiny_run.ts";
import { writeSweep } from "../cli/tiny_sweep.ts";
import { corpusAs, writeCertainTexts, writeCompressed, writeLargeTable, writeSource } from "./corpora.ts";
import type { Operation } from "./plan.ts";

/** A command line that is disturbed. */
export interface Scenario {
  /** The command and what is made of it, such as `redact table`. */
  name: string;
  /** The command line, over the files of a tiny run; with the address of what is served. */
  args: (files: TinyRun, endpoint: string) => string[];
  /** Starts a GitHub on this machine that all runs ask. */
  serve?: () => GithubServer;
  /** Writes what it reads beside the tiny run. */
  prepare?: (files: TinyRun, run: (args: string[]) => Promise<void>) => Promise<void> | void;
  /** Where an earlier run of the same command line was stopped, so that this one goes on there. */
  stoppedAt?: (operation: Operation) => boolean;
  /** Files that hold how long something took, and records with their content. */
  times?: RegExp;
  /** More of the environment. */
  env?: { [name: string]: string };
}

const KEY = { CODESCRUB_KEY: "a key for tests of faults" };

/** A command of the tiny run with some flags changed. */
function tiny(command: string, changes: Flags = {}, more: Partial<Scenario> = {}): Scenario {
  return { name: command, args: (files) => argumentsOf(command, files, changes), env: KEY, ...more };
}

function at(name: string, path: RegExp): Scenario["stoppedAt"] {
  return (operation) => operation.name === name && path.test(operation.path);
}

const TRAIN = [
  ...["--vocabulary", "260", "--steps", "105", "--batch", "2", "--save-dtype", "float32"],
  ...["--layers", "1", "--width", "16", "--heads", "2", "--positions", "64", "--length", "32"],
];
const train: Scenario = {
  name: "train",
  prepare: async ({ folder }) => {
    const texts = Array.from({ length: 8 }, (_, i) => [`t${i}`, `x = ${i}\ny = x + ${i}\n`.repeat(20)]);
    await writeTexts(join(folder, "texts.jsonl"), Object.fromEntries(texts));
  },
  args: (
    { folder },
  ) => ["train", "--corpus", join(folder, "texts.jsonl"), ...TRAIN, "--out", join(folder, "out")],
};

const UNLEARN = { thresholds: undefined, ma: 0, el10: 0, lr: 1e-7, epochs: 2 };
/** The model knows each secret's first letter, and goes on knowing it at that rate. */
const unlearn = tiny("unlearn", UNLEARN, { prepare: ({ model }) => writeCertainModel(model, "n") });

/** Detection's output and then the redaction of `corpus`. */
function redact(
  name: string,
  corpus: (files: TinyRun) => Promise<void> | void,
  file: string,
  more: string[] = [],
): Scenario {
  const paths = ({ folder }: TinyRun) => ({
    from: join(folder, file),
    secrets: join(folder, "found.parquet"),
    out: join(folder, "out"),
  });
  return {
    name,
    env: KEY,
    args: (files) => {
      const { from, secrets, out } = paths(files);
      return ["redact", from, "--secrets", secrets, "--out", out, ...more];
    },
    prepare: async (files, run) => {
      const { from, secrets, out } = paths(files);
      await corpus(files);
      await run(["detect", from, "--out", secrets]);
      if (more.includes("--force")) {
        await run(["redact", from, "--secrets", secrets, "--out", out, "--by", "tag"]);
      }
    },
  };
}

/** A corpus without what is there twice; with what went in a table. */
function dedupe(name: string, corpus: (files: TinyRun) => Promise<void> | void, file: string): Scenario {
  return {
    name,
    env: KEY,
    prepare: corpus,
    args: ({ folder, corpus: training }) => {
      const [from, out, dropped] = [file, "out", "out_dropped.csv"].map((own) => join(folder, own));
      const beside = ["--near", "0.7", "--against", training, "--dropped", dropped!];
      return ["dedupe", "--corpus", from!, ...file === "src" ? beside : [], "--out", out!];
    },
  };
}

/** A scenario that replaces what the same command wrote before with another seed. */
function forced(scenario: Scenario): Scenario {
  return {
    ...scenario,
    name: `${scenario.name} --force`,
    args: (files, endpoint) => [...scenario.args(files, endpoint), "--force"],
    prepare: async (files, run) => {
      await scenario.prepare?.(files, run);
      await run([...scenario.args(files, ""), "--seed", "7"]);
    },
  };
}

const attack = tiny("attack", { attacks: "exposure,membership" });
/** The model knows the requested secret, and goes on knowing it at that rate. */
const scrub = tiny("scrub", { method: "ssga", lr: 1e-7, epochs: 1 }, {
  prepare: async ({ model, corpus, request }) => {
    await writeCertainModel(model, "n");
    const texts = [0, 1].map((i) => [`d${i}`, `${"x = 1\n".repeat(9 + i)}key = "${"n".repeat(16)}"\n`]);
    await writeTexts(corpus, Object.fromEntries(texts));
    await Deno.writeTextFile(request, "n".repeat(16));
  },
});
const sweep = tiny("sweep", {}, {
  prepare: async (files) => void await writeSweep(files),
  times:
    /(result|run|report\.html)\.json$|(runs|means)\.(csv|parquet)$|tables\.md$|report\.html$|runs\/.*\.codescrub\//,
});
const certify: Scenario = {
  ...tiny("certify"),
  args: (files) => {
    const [out, key] = ["out.json", "key.pem"].map((name) => join(files.folder, name));
    return argumentsOf("certify", files, { out, "sign-key": key });
  },
  prepare: async (files, run) => {
    const key = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    Deno.writeTextFileSync(join(files.folder, "key.pem"), key, { mode: 0o600 });
    for (const args of certifiedCommands(files).slice(0, -1)) await run(args);
  },
};
const select = tiny("select", { "min-mask-tokens": 1, k: 4, groups: 2 });
const detectTable: Scenario = {
  name: "detect table",
  env: KEY,
  prepare: writeLargeTable,
  args: (
    { folder },
  ) => ["detect", join(folder, "large.jsonl"), "--out", join(folder, "out.csv"), "--workers", "1"],
};

/** Two repositories in the folder, and one that is gone. */
const collect = tiny("collect", {}, {
  prepare: async ({ folder }) => {
    const urls = await Promise.all(
      ["a", "b"].map((name, i) =>
        makeRepository(repositoryPath(folder, name), { "x.lua": lua(i), "y.lua": "return 1\n" })
      ),
    );
    const rows = [...urls, `file://${folder}/gone.git`].map((url, i) => `ada/${i},${url}\n`);
    Deno.writeTextFileSync(join(folder, "repos.csv"), `repo,url\n${rows.join("")}`);
  },
});

/** Two pages of repositories. */
const crawl: Scenario = {
  name: "crawl",
  env: { GITHUB_TOKEN: TOKEN },
  serve: () => {
    const about = { created: "2024-02-29T12:00:00Z", licence: "MIT" };
    return serveGithub({
      repositories: Array.from({ length: 150 }, (_, i) => ({ ...about, repo: `ada/r${i}`, stars: 900 - i })),
    });
  },
  args: ({ folder }, endpoint) => [
    ...["crawl", "--language", "lua", "--created-after", "2023-06-01", "--min-stars", "1"],
    ...["--endpoint", endpoint, "--out", join(folder, "out.parquet")],
  ],
};

/** All of them, the longest first. */
export const SCENARIOS: readonly Scenario[] = [
  train,
  { ...train, name: "train continued", stoppedAt: at("rename", /checkpoint-100$/) },
  unlearn,
  { ...unlearn, name: "unlearn continued", stoppedAt: at("rename", /checkpoint-2$/) },
  tiny("evaluate"),
  attack,
  { ...attack, name: "attack continued", stoppedAt: at("rename", /part-00000000-.*\.json$/) },
  scrub,
  { ...scrub, name: "scrub continued", stoppedAt: at("rename", /history\.parquet$/) },
  sweep,
  { ...sweep, name: "sweep continued", stoppedAt: at("rename", /runs\/.*history\.parquet$/) },
  certify,
  collect,
  crawl,
  { ...crawl, name: "crawl continued", stoppedAt: at("rename", /state\.json$/) },
  { ...collect, name: "collect continued", stoppedAt: at("rename", /part-00000000.*\.json$/) },
  tiny("merge-adapter", {}, {
    prepare: (files, run) =>
      run(argumentsOf("train", files, { lora: "r=2", out: join(files.folder, "adapter") })),
  }),
  tiny("humaneval"),
  { ...tiny("humaneval"), name: "humaneval continued", stoppedAt: at("write", /verdicts\.jsonl/) },
  tiny("retain", {}, { prepare: writeCertainTexts }),
  tiny("measure"),
  dedupe("dedupe folder", writeSource, "src"),
  forced(dedupe("dedupe gzip", writeCompressed, "texts.jsonl.gz")),
  tiny("sample"),
  tiny("thresholds"),
  tiny("probe"),
  {
    name: "detect folder", // with a key of its own
    prepare: writeSource,
    args: ({ folder }) => {
      const path = (name: string) => join(folder, name);
      return ["detect", path("src"), "--out", path("out.parquet"), "--skipped", path("out_skipped.csv")];
    },
  },
  {
    name: "detect findings",
    env: KEY,
    prepare: writeSource,
    args: ({ folder }) => {
      const path = (name: string) => join(folder, name);
      return ["detect", path("src"), "--sarif", path("out.sarif"), "--html", path("out.html"), "--decode"];
    },
  },
  detectTable,
  { ...detectTable, name: "detect continued", stoppedAt: at("rename", /part-\d+.*\.json$/) },
  forced(detectTable),
  {
    name: "merge",
    env: KEY,
    prepare: async ({ folder, corpus }, run) => {
      const out = join(folder, "shards.parquet");
      for (const shard of ["0/2", "1/2"]) {
        await run(["detect", corpus, "--places", "--shard", shard, "--out", out]);
      }
    },
    args: ({ folder }) => [
      ...["merge", join(folder, "shards.parquet"), "--out", join(folder, "out.parquet")],
      ...["--sarif", join(folder, "out.sarif")],
    ],
  },
  redact("redact folder", writeSource, "src"),
  redact("redact lines", corpusAs("texts.jsonl"), "texts.jsonl"),
  redact("redact csv", corpusAs("texts.csv"), "texts.csv"),
  redact("redact gzip", writeCompressed, "texts.jsonl.gz"),
  redact("redact parquet", corpusAs("texts.parquet"), "texts.parquet"),
  redact("redact --force", writeSource, "src", ["--force"]),
  select,
  forced(select),
  tiny("analyze"),
  tiny("report", {}, {
    prepare: async ({ corpus, secrets }, run) => {
      await Deno.remove(secrets);
      await run(["detect", corpus, "--out", secrets]);
    },
  }),
];
