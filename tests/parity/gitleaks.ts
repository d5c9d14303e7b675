/**
 * `deno task parity:rules MODULE [FOLDER ...] [--documents FILE]`: what gitleaks and our machine find by gitleaks' own rules, place by place, in
 * the values of gitleaks' own tests and in the files of folders; and how many of those values the extended profile finds
 * alone. MODULE is the folder of gitleaks' Go module (`go mod download -json github.com/zricethezav/gitleaks/v8@v8.30.1`
 * tells it). A copy of it is built, which needs Go; nothing of it is kept, but the values in FILE where one is named, as
 * `quality:examples` reads them.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { readRules } from "../../lib/datasets/read_rules.ts";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { RuleDetector } from "../../lib/secrets/rule_detector.ts";

interface Values {
  rule: string;
  positive: { [name: string]: string } | null;
  negative: { [name: string]: string } | null;
}

interface Finding {
  RuleID: string;
  Secret: string;
  File: string;
  StartLine: number;
}

/** gitleaks reads a file in pieces; a smaller one is one piece. */
const PIECE = 100_000;

const { values: options, positionals: [module, ...folders] } = parseArgs({
  options: { documents: { type: "string" } },
  allowPositionals: true,
});
if (module === undefined) throw new RangeError("Missing argument: the folder of gitleaks' Go module");
const scratch = await Deno.makeTempDir();
try {
  await main(module);
} finally {
  await Deno.remove(scratch, { recursive: true });
}

async function main(module: string): Promise<void> {
  const copy = join(scratch, "module");
  await run("cp", ["-r", module, copy], scratch);
  await run("chmod", ["-R", "u+w", copy], scratch);
  const gitleaks = join(scratch, "gitleaks");
  await run("go", ["build", "-o", gitleaks, "."], copy);
  const generator = join(copy, "cmd/generate/config");
  const patch = fileURLToPath(new URL("gitleaks_values.go.txt", import.meta.url));
  await Deno.copyFile(patch, join(generator, "utils/validate.go"));
  const values = join(scratch, "values.jsonl");
  await run("go", ["run", ".", join(scratch, "made.toml")], generator, {
    VALUES: values,
    GOFLAGS: "-mod=mod",
  });
  const folder = join(scratch, "values");
  const documents = (await Deno.readTextFile(values)).trim().split("\n").map((line) => JSON.parse(line))
    .flatMap((one: Values) => [
      ...Object.entries(one.positive ?? {}).map(([name, text]) => ({ ...one, name, text, isPositive: true })),
      ...Object.entries(one.negative ?? {}).map(([name, text]) => ({
        ...one,
        name,
        text,
        isPositive: false,
      })),
    ]);
  for (const [i, { name, text }] of documents.entries()) {
    const path = join(folder, String(i), name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, text + "\n"); // else its line allow lists see all of the text
  }
  if (options.documents !== undefined) {
    const lines = documents.map(({ rule, text, isPositive }) => JSON.stringify({ rule, text, isPositive }));
    await Deno.writeTextFile(options.documents, lines.join("\n") + "\n");
  }
  const config = join(module, "config/gitleaks.toml");
  let different = 0;
  for (const one of [folder, ...folders]) different += await compare(one, { gitleaks, config });
  const positives = documents.filter(({ isPositive }) => isPositive);
  const missed = new Map<string, [missed: number, all: number]>();
  for (const { rule, text } of positives) {
    const counts = missed.get(rule) ?? [0, 0];
    missed.set(rule, counts);
    counts[1]++;
    if (!isFound(text)) counts[0]++;
  }
  const all = [...missed.values()];
  const shares = all.map(([missed, all]) => 1 - missed / all);
  const found = positives.length - all.reduce((sum, [missed]) => sum + missed, 0);
  const mean = shares.reduce((a, b) => a + b, 0) / shares.length;
  console.log(
    `the extended profile: ${found} of ${positives.length} true positives, mean of the ${shares.length} rules ` +
      `${mean.toFixed(3)}; ${documents.filter((one) => !one.isPositive && isFound(one.text)).length} of ` +
      `${documents.length - positives.length} false positives`,
  );
  const rest = [...missed].filter(([, [missed]]) => missed > 0).sort(([, a], [, b]) =>
    b[0] / b[1] - a[0] / a[1]
  );
  console.log(`missed: ${rest.map(([rule, [missed, all]]) => `${rule} ${missed}/${all}`).join(", ")}`);
  if (different > 0) Deno.exit(1);
}

function isFound(text: string): boolean {
  return detectSecrets(text, { profile: "extended" }).some(({ tag }) =>
    ["KEY", "PASSWORD", "HASH"].includes(tag)
  );
}

async function compare(
  folder: string,
  { gitleaks, config }: { gitleaks: string; config: string },
): Promise<number> {
  const report = join(scratch, "report.json");
  const options = [
    ...["dir", folder, "--config", config, "--report-path", report, "--report-format", "json"],
    ...["--max-decode-depth", "0", "--exit-code", "0", "--no-banner", "--log-level", "error"],
    ...["--gitleaks-ignore-path", scratch],
  ];
  await run(gitleaks, options, scratch);
  const theirs = Map.groupBy(JSON.parse(await Deno.readTextFile(report)) as Finding[], ({ File }) => File);
  const { set } = await readRules(config);
  const detector = new RuleDetector(set);
  let [alike, finds, different, larger] = [0, 0, 0, 0];
  for (const path of walk(folder)) {
    const bytes = await Deno.readFile(path);
    let text: string;
    try {
      text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      continue;
    }
    if (bytes.length >= PIECE) {
      larger++;
      continue;
    }
    const own = detector.find(text, { path }).map(({ detector, start, end }) =>
      `${detector} ${text.slice(start, end)}`
    ).sort();
    const other = (theirs.get(path) ?? []).filter(({ Secret }) => Secret !== "")
      .map(({ RuleID, Secret }) => `${RuleID} ${Secret}`).sort();
    if (own.join("\n") === other.join("\n")) {
      alike++;
      finds += own.length;
      continue;
    }
    different++;
    if (different > 10) continue;
    const only = (a: string[], b: string[]) => a.filter((one) => !b.includes(one));
    console.error(path.slice(folder.length), { ours: only(own, other), theirs: only(other, own) });
  }
  console.log(
    `${
      folder === join(scratch, "values") ? "values of its tests" : folder
    }: ${alike} files alike, ${finds} finds; ` +
      `${different} files differ; ${larger} of ${PIECE} bytes or more left out`,
  );
  return different;
}

function* walk(folder: string): Generator<string> {
  for (const { name, isDirectory, isFile } of Deno.readDirSync(folder)) {
    if (isDirectory) yield* walk(join(folder, name));
    else if (isFile && !/\.(?:tar|t?gz|zip|zst|xz|bz2|7z|jar)$/.test(name)) yield join(folder, name); // gitleaks unpacks them
  }
}

async function run(command: string, args: string[], cwd: string, env: Record<string, string> = {}) {
  const { success } = await new Deno.Command(command, {
    args,
    cwd,
    env,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${command} failed`);
}
