/**
 * `deno task quality:examples SOURCE [--missed] [--gitleaks PATH] [--betterleaks PATH] [--detect-secrets PATH]`: in how many
 * examples of others' rules a secret is found by both profiles, and in how many that should hold none; one document each.
 * SOURCE is a checkout of Nosey Parker or any folder with rules in its YAML, a checkout of detect-secrets, whose cases of
 * plugins are read, one of secretlint with its rules' snapshots, one of TruffleHog with its detectors' tests, or a file of
 * documents that `parity:rules --documents` wrote. Nothing of it is kept. `--missed` lists the rules whose examples the
 * extended profile misses, and whose negative ones it finds. The other options name the programs of other scanners, which
 * are run on the same documents.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { detectSecrets, PROFILES } from "../../lib/secrets/detect.ts";
import { filterSecrets } from "../../lib/secrets/filter.ts";
import { findPeerPython } from "../bench/peer.ts";
import { readSecretlintCases, type RuleCase, SECRETLINT_FOLDER } from "./secretlint_cases.ts";
import { readTrufflehogCases, TRUFFLEHOG_FOLDER } from "./trufflehog_cases.ts";
import { OTHER_SCANNERS, scanFolder } from "./other_scanners.ts";

const READ_YAML = `
import json, pathlib, sys, yaml
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.y*ml")):
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        continue
    rules = content.get("rules") if isinstance(content, dict) else None
    for rule in rules if isinstance(rules, list) else []:
        for key in ["examples", "negative_examples"]:
            for text in rule.get(key) or []:
                one = {"rule": rule.get("id") or rule["name"], "text": str(text), "isPositive": key == "examples"}
                print(json.dumps(one))
`;
/** The cases that say whether a line should be flagged, as pytest gets them. */
const READ_CASES = `
import importlib, inspect, json, pathlib, sys
sys.path.insert(0, sys.argv[1])
for path in sorted(pathlib.Path(sys.argv[1], "tests/plugins").glob("*_test.py")):
    module = importlib.import_module(f"tests.plugins.{path.stem}")
    classes = [one for _, one in inspect.getmembers(module, inspect.isclass)]
    for holder in [module, *classes]:
        for _, test in inspect.getmembers(holder, inspect.isfunction):
            for mark in getattr(test, "pytestmark", []):
                names = mark.args[0].replace(" ", "").split(",") if mark.name == "parametrize" else []
                if len(names) != 2 or names[1] != "should_flag":
                    continue
                for text, should_flag in mark.args[1]:
                    print(json.dumps({"rule": path.stem, "text": text, "isPositive": bool(should_flag)}))
`;

const { values, positionals: [source] } = parseArgs({
  options: {
    "missed": { type: "boolean", default: false },
    "gitleaks": { type: "string" },
    "betterleaks": { type: "string" },
    "detect-secrets": { type: "string" },
  },
  allowPositionals: true,
});
if (source === undefined) throw new RangeError("Missing argument: a checkout, or a file of documents");
const lines = (await readSource(source)).trimEnd();
const examples: RuleCase[] = lines === "" ? [] : lines.split("\n").map((line) => JSON.parse(line));
if (examples.length === 0) {
  throw new Error(`Cannot find examples in "${source}": there are no rules with any`);
}
const positives = examples.filter(({ isPositive }) => isPositive);

for (const profile of PROFILES) {
  const start = performance.now();
  const found = examples.map(({ text }) =>
    filterSecrets(text, detectSecrets(text, { profile }), { profile })
      .filter(({ tag }) => ["KEY", "PASSWORD", "HASH"].includes(tag))
      .map(({ start, end }) => text.slice(start, end))
  );
  tell(profile, (i) => found[i]!.length > 0, (performance.now() - start) / 1000);
  if (profile !== "extended") continue;
  const isElsewhere = (value: string) => positives.some(({ text }) => text.includes(value));
  const elsewhere = examples.filter((one, i) => !one.isPositive && found[i]!.some(isElsewhere));
  console.log(`of these negative examples ${elsewhere.length} hold a value that an example holds too`);
  if (!values.missed) continue;
  for (const [i, { rule, isPositive }] of examples.entries()) {
    if (found[i]!.length > 0 !== isPositive) console.log(`${isPositive ? "missed" : "found"} ${rule}`);
  }
}
const folder = await Deno.makeTempDir();
try {
  await Promise.all(examples.map(({ text }, i) => Deno.writeTextFile(join(folder, `${i}.txt`), text + "\n")));
  for (const scanner of OTHER_SCANNERS) {
    const program = values[scanner];
    if (program === undefined) continue;
    const { files, seconds } = await scanFolder(scanner, { program, folder });
    tell(scanner, (i) => files.has(`${i}.txt`), seconds);
  }
} finally {
  await Deno.remove(folder, { recursive: true });
}

function tell(name: string, isHit: (i: number) => boolean, seconds: number): void {
  const count = (isPositive: boolean) =>
    examples.filter((one, i) => one.isPositive === isPositive && isHit(i)).length;
  console.log(
    `${name}: ${count(true)} of ${positives.length} examples, ${count(false)} of ` +
      `${examples.length - positives.length} negative examples, ${seconds.toFixed(1)} s`,
  );
}

async function readSource(source: string): Promise<string> {
  if (/\.jsonl$/.test(source)) return await Deno.readTextFile(source);
  for (
    const [folder, read] of [
      [SECRETLINT_FOLDER, readSecretlintCases],
      [TRUFFLEHOG_FOLDER, readTrufflehogCases],
    ] as const
  ) {
    if (!existsSync(join(source, folder))) continue;
    return (await read(join(source, folder))).map((one) => JSON.stringify(one)).join("\n");
  }
  const isCases = [...Deno.readDirSync(source)].some(({ name }) => name === "detect_secrets");
  const packages = isCases ? ["pytest==9.0.1", "detect-secrets==1.5.0", "responses"] : ["PyYAML==6.0.3"];
  const python = await findPeerPython((line) => console.error(line), packages);
  const args = ["-c", isCases ? READ_CASES : READ_YAML, source];
  const { success, stdout } = await new Deno.Command(python, { args, stderr: "inherit" }).output();
  if (!success) throw new Error("Python failed");
  return new TextDecoder().decode(stdout);
}
