/**
 * `deno task parity FOLDER`: the cases of detect-secrets' own plugin tests, from a checkout of its repository (tag v1.5.0),
 * and what our plugins yield from them beside its own. Apart from the tests, as the cases are not ours to keep.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { type DetectorName, DETECTORS } from "../../lib/secrets/api_key.ts";
import { scanKeys } from "../../lib/secrets/scan_keys.ts";
import { findPeerPython, SECRETS_PACKAGES } from "../bench/peer.ts";

/** A case and what the plugins said of it. */
interface PluginCase {
  text: string;
  /** [type, value]; where they failed, `error` instead. */
  keys?: [string, string][];
  error?: string;
}

const [folder] = Deno.args;
if (folder === undefined) {
  throw new RangeError("Missing argument: the folder of a checkout of detect-secrets");
}
const python = await findPeerPython((line) => console.error(line), SECRETS_PACKAGES);
const script = fileURLToPath(new URL("../fixtures/plugin_cases.py", import.meta.url));
const { success, stdout } = await new Deno.Command(python, { args: [script, folder], stderr: "inherit" })
  .output();
if (!success) throw new Error("The plugins failed");
const cases: PluginCase[] = new TextDecoder().decode(stdout).trimEnd().split("\n").map((line) =>
  JSON.parse(line)
);

let [alike, yielding, failed, different] = [0, 0, 0, 0];
for (const { text, keys, error } of cases) {
  const own = [...scanKeys(text.toWellFormed())].flatMap(([name, values]) =>
    Array.from(values, (value) => [DETECTORS[name as DetectorName].type, value.replace(/^\\+|\\+$/g, "")])
  );
  if (error !== undefined) {
    failed++;
    continue;
  }
  const [a, b] = [own, keys!].map((rows) => [...new Set(rows.map((row) => JSON.stringify(row)))].sort());
  if (a!.join() === b!.join()) {
    alike++;
    if (b!.length > 0) yielding++;
    continue;
  }
  different++;
  console.error(`difference in ${JSON.stringify(text).slice(0, 300)}:`, { ours: a, theirs: b });
}
console.log(
  `${alike} cases alike, ${yielding} of them yield something; ${different} differ; the plugins fail on ${failed}`,
);
Deno.exit(different > 0 ? 1 : 0);
