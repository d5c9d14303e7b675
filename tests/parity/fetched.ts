/**
 * `deno task parity:fetched [NAME ...]`: models as `fetch NAME` gets them, beside what transformers makes of the same file:
 * token ids, loss (transformers' in float64) and 64 greedy tokens of each prompt. Apart from the tests, as it needs the
 * models, which they do not; by default those that are there.
 *
 * A greedy token may differ where transformers' two best logits are closer than 1e-3; such a row is compared up to there.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Decoder } from "../../lib/decoding/decoder.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { fetchedModel, fetchedModelFile, type FetchedModelName } from "../../lib/setup/fetched_models.ts";

/** What make_smollm2.py writes of a prompt. */
interface Row {
  text: string;
  prompt: number[];
  continuation: number[];
  nll: number;
  margins: number[];
}

const CLOSE = 1e-3;
const PROMPT = 64;
const TOTAL = 128;
const NAMES = ["smollm2", "qwen2.5-coder-0.5b"] as const satisfies FetchedModelName[];

let failures = 0;
using _engine = await openTensorFlow({ device: "cpu" });
for (const name of NAMES) {
  if (Deno.args.length > 0 ? Deno.args.includes(name) : isFetched(name)) await compare(name);
}
Deno.exit(failures > 0 ? 1 : 0);

function isFetched(name: FetchedModelName): boolean {
  return existsSync(fetchedModelFile(name));
}

async function compare(name: FetchedModelName): Promise<void> {
  console.log(name);
  const file = new URL(`../fixtures/fetched/${name}.json`, import.meta.url);
  const rows: Row[] = JSON.parse(await Deno.readTextFile(file));
  const path = fetchedModel(name);
  const tokenizer = await openModelTokenizer(path);
  const encoded = await tokenizer.encodeBatch(rows.map(({ text }) => text));
  const wrongIds =
    rows.filter(({ prompt }, i) => encoded[i]!.ids.slice(0, PROMPT).join() !== prompt.join()).length;
  report("prompts with other token ids", wrongIds, 0);

  using loaded = await loadModel(path);
  using decoder = new Decoder(loaded.model, { batch: rows.length });
  const prompts = rows.map(({ prompt }) => prompt);
  using filled = await decoder.prefill(prompts, { length: TOTAL, keepCache: true });
  const nll = filled.losses.map((losses) => losses.reduce((sum, loss) => sum + loss, 0) / losses.length);
  report("largest difference of loss", Math.max(...rows.map((row, i) => Math.abs(row.nll - nll[i]!))), 1e-5);

  const starts = rows.map((_, text) => ({
    text,
    position: PROMPT,
    token: filled.predictions[text]![PROMPT - 1]!,
    until: TOTAL,
  }));
  const begun = performance.now();
  const continuations = await decoder.continueAll(filled, starts);
  const seconds = (performance.now() - begun) / 1000;
  const agreed = rows.map((row, i) => agreeing(row, continuations[i]!));
  report("rows with another continuation", agreed.filter((tokens) => tokens < 0).length, 0);
  const compared = agreed.reduce((sum, tokens) => sum + Math.max(tokens, 0), 0);
  console.log(
    `${compared} of ${rows.length * (TOTAL - PROMPT)} tokens compared, decoded in ${seconds.toFixed(1)} s`,
  );
}

/** How many tokens are equal, up to the first that is nearly a tie; -1 where one that is none differs. */
function agreeing({ continuation, margins }: Row, found: Int32Array): number {
  const different = continuation.findIndex((token, i) => token !== found[i]);
  if (different < 0) return continuation.length;
  return margins[different]! < CLOSE ? different : -1;
}

function report(what: string, found: number, limit: number): void {
  const isGood = found <= limit;
  if (!isGood) failures++;
  console.log(`${isGood ? "ok  " : "FAIL"} ${what}: ${found} (at most ${limit})`);
}
