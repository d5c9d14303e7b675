/**
 * `deno task fuzz:detect [--count N] [--seed N] [--processes N] [--bigrams FILE]`: made-up documents in which the Python
 * tools that CodeEraser calls and ours must find the same. tests/fixtures/fuzz_secrets.py makes them and asks the tools;
 * without --count it goes on until it is told to stop. The first difference ends the run with the document and its seed.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { checkBigrams } from "../../lib/secrets/gibberish.ts";
import { findPeerPython, SECRETS_PACKAGES } from "../bench/peer.ts";
import { distinctSpans, type OracleSpan, toOracleSpans } from "../parity/oracle_spans.ts";

/** A document and what the Python tools said of it. */
interface Judged {
  text: string;
  /** In UTF-16; where they failed, `error` instead. */
  spans?: OracleSpan[];
  /** A score so near the limit that rounding decides. */
  near?: boolean;
  error?: string;
}

const DOCUMENTS_A_SEED = 500;

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "0" },
    seed: { type: "string", default: "1" },
    processes: { type: "string", default: String(navigator.hardwareConcurrency) },
    bigrams: {
      type: "string",
      default: fileURLToPath(new URL("../../data/english_bigrams.json", import.meta.url)),
    },
  },
});
const python = await findPeerPython((line) => console.error(line), SECRETS_PACKAGES);
const script = fileURLToPath(new URL("../fixtures/fuzz_secrets.py", import.meta.url));
const bigrams = checkBigrams(JSON.parse(await Deno.readTextFile(values.bigrams)));
const wanted = Number(values.count) || Infinity;
const totals = { documents: 0, spans: 0, withSecrets: 0, failed: 0, near: 0 };
let nextSeed = Number(values.seed);

await Promise.all(Array.from({ length: Number(values.processes) }, async () => {
  while (totals.documents < wanted) await runSeed(nextSeed++);
}));
console.log(describe());

/** Compares the documents of one seed. */
async function runSeed(seed: number): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(python, {
    args: [script, String(seed), String(DOCUMENTS_A_SEED), values.bigrams],
    stdout: "piped",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`The Python tools failed on seed ${seed}: ${new TextDecoder().decode(stderr)}`);
  }
  for (const line of new TextDecoder().decode(stdout).trimEnd().split("\n")) compare(JSON.parse(line), seed);
  console.log(`seed ${seed}: ${describe()}`);
}

function compare({ text, spans, near, error }: Judged, seed: number): void {
  const found = detectSecrets(text, { bigrams }); // it must not fail where they do
  if (error !== undefined) return void totals.failed++;
  if (near) return void totals.near++;
  totals.documents++;
  totals.spans += spans!.length;
  if (spans!.length > 0) totals.withSecrets++;
  const [a, b] = [toOracleSpans(found), spans!].map(distinctSpans);
  if (a!.join() === b!.join()) return;
  console.error(`seed ${seed}: difference in ${JSON.stringify(text)}`);
  console.error("only ours:", a!.filter((row) => !b!.includes(row)));
  console.error("only theirs:", b!.filter((row) => !a!.includes(row)));
  Deno.exit(1);
}

function describe(): string {
  const { documents, spans, withSecrets, failed, near } = totals;
  return `${documents} documents alike, ${withSecrets} of them with ${spans} secrets; ${failed} on which the tools ` +
    `fail, ${near} that rounding decides`;
}
