/**
 * `deno task quality:examples FOLDER [--missed]`: in how many of the examples of Nosey Parker's rules a secret is found, by
 * both profiles, and in how many of its negative examples; one document each. FOLDER is a checkout of it, or any folder
 * with rules in its YAML. Nothing of it is kept. `--missed` lists the rules whose examples the extended profile misses,
 * and whose negative ones it finds.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { detectSecrets, PROFILES } from "../../lib/secrets/detect.ts";
import { filterSecrets } from "../../lib/secrets/filter.ts";
import { findPeerPython } from "../bench/peer.ts";

interface Example {
  rule: string;
  text: string;
  isPositive: boolean;
}

const READ = `
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

const { values, positionals: [folder] } = parseArgs({
  options: { missed: { type: "boolean", default: false } },
  allowPositionals: true,
});
if (folder === undefined) throw new RangeError("Missing argument: the folder of a checkout of Nosey Parker");
const python = await findPeerPython((line) => console.error(line), ["PyYAML==6.0.3"]);
const { success, stdout } = await new Deno.Command(python, { args: ["-c", READ, folder], stderr: "inherit" })
  .output();
if (!success) throw new Error("Python failed");
const lines = new TextDecoder().decode(stdout).trimEnd();
const examples: Example[] = lines === "" ? [] : lines.split("\n").map((line) => JSON.parse(line));
if (examples.length === 0) {
  throw new Error(`Cannot find examples in "${folder}": there are no rules with any`);
}

for (const profile of PROFILES) {
  const isHit = ({ text }: Example) =>
    filterSecrets(text, detectSecrets(text, { profile }), { profile })
      .some(({ tag }) => ["KEY", "PASSWORD", "HASH"].includes(tag));
  const count = (isPositive: boolean) => {
    const all = examples.filter((one) => one.isPositive === isPositive);
    return `${all.filter(isHit).length} of ${all.length}`;
  };
  console.log(`${profile}: ${count(true)} examples, ${count(false)} negative examples`);
  if (!values.missed || profile !== "extended") continue;
  const wrong = examples.filter((one) => isHit(one) !== one.isPositive);
  for (const { rule, isPositive } of wrong) console.log(`${isPositive ? "missed" : "found"} ${rule}`);
}
