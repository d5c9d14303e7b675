/**
 * `deno task parity:masks [KIND...] [--count N] [--seed N]`: secret masks, windows, secret tokens and prefixes of made-up documents beside
 * the plain definition over transformers' tokenizers, for small tokenizers of the kinds of CodeParrot, CodeGen and Qwen.
 * tests/fixtures/masks_parity.py makes tokenizers and documents. The exit code is 1 where a document differs.
 *
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { findPeerPython } from "../bench/peer.ts";
import { differences, type JudgedDocument } from "./judged_masks.ts";

const KINDS = ["codeparrot", "codeparrot-nfc", "codegen", "codegen-nfc", "qwen", "qwen-plain", "trimmed"];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { count: { type: "string", default: "1000" }, seed: { type: "string", default: "1" } },
});
const python = await findPeerPython((line) => console.error(line));
const script = fileURLToPath(new URL("../fixtures/masks_parity.py", import.meta.url));
const folder = await Deno.makeTempDir({ prefix: "codescrub-masks-" });
const queue = positionals.length > 0 ? positionals : [...KINDS];
const totals = { alike: 0, different: 0, secrets: 0 };
try {
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, async () => {
    for (let kind = queue.shift(); kind !== undefined; kind = queue.shift()) await compareKind(kind);
  }));
} finally {
  await Deno.remove(folder, { recursive: true });
}
console.log(`${totals.alike} documents alike, ${totals.different} differ; ${totals.secrets} secrets in them`);
Deno.exit(totals.different > 0 ? 1 : 0);

/** The documents of one tokenizer. */
async function compareKind(kind: string): Promise<void> {
  const files = join(folder, kind);
  const { success, stdout } = await new Deno.Command(python, {
    args: [script, kind, values.seed, values.count, files],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`The oracle failed on ${kind}`);
  const tokenizer = await openTokenizer(files);
  let [documents, different, secrets] = [0, 0, 0];
  for (const line of new TextDecoder().decode(stdout).trimEnd().split("\n")) {
    const judged = JSON.parse(line) as JudgedDocument;
    const names = await differences(tokenizer, judged);
    documents++;
    secrets += judged.spans.length;
    if (names.length === 0) continue;
    different++;
    console.error(
      `${kind}: other ${names.join(", ")} in ${JSON.stringify([judged.text, judged.spans]).slice(0, 400)}`,
    );
  }
  console.log(`${kind}: ${documents - different} documents alike, ${different} differ; ${secrets} secrets`);
  totals.alike += documents - different;
  totals.different += different;
  totals.secrets += secrets;
}
