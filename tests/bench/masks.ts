/**
 * Secret masks, secret tokens and prefixes of 10,000 documents against the way of CodeEraser's scripts on as many processes
 * as we have threads. The results are compared first.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { readText } from "../../lib/datasets/read_text.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { secretWindows } from "../../lib/datasets/secret_mask.ts";
import { tokenizeSecrets } from "../../lib/datasets/secret_tokens.ts";
import type { Span } from "../../lib/secrets/secret_span.ts";
import { fromCodePoints } from "../../lib/tokenizers/code_points.ts";
import { openTokenizer, type Tokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { pythonFiles } from "./detect.ts";
import type { BenchContext } from "./models.ts";
import { Peer } from "./peer.ts";
import { type BenchRow, seconds } from "./bench_table.ts";

const DOCUMENTS = 10_000;
/** What the Python side is given of them: it takes minutes for all. */
const PEER_SHARE = 5;
const MEGABYTES = 80;
const MAX_CHARACTERS = 8_000;
const VOCABULARY = 32_768; // CodeParrot's

interface MaskDocument {
  text: string;
  spans: Span[];
}

/** One row; the peer runs once, on a part. */
export async function benchMasks(
  { folder, log, python, threads, repetitions }: BenchContext,
): Promise<BenchRow[]> {
  const path = await python();
  const documents = await maskDocuments(path);
  const characters = documents.reduce((sum, { text }) => sum + text.length, 0);
  const count = documents.reduce((sum, { spans }) => sum + spans.length, 0);
  const what = `${documents.length} documents, ${
    (characters / 1e6).toFixed(1)
  } M characters, ${count} secrets`;
  log(`masks of ${what}`);
  const file = join(folder, "mask_documents.jsonl");
  const sample = documents.filter((_, i) => i % PEER_SHARE === 0);
  const lines = sample.map(({ text, spans }) => JSON.stringify([text, codePointSpans(text, spans)]) + "\n");
  await Deno.writeTextFile(file, lines.join(""));
  await using peer = await Peer.start(path, "masks_peer.py", []);
  await peer.ask("load", { documents: file, folder: join(folder, "masks"), size: VOCABULARY });
  const tokenizer = await openTokenizer(join(folder, "masks"));
  const results = join(folder, "mask_results.jsonl");
  const { seconds: theirSeconds } = await peer.ask<{ seconds: number }>("run", {
    processes: threads,
    results,
  });
  const theirs = (await Deno.readTextFile(results)).trimEnd().split("\n").map((line) => JSON.parse(line));
  (await maskAll(tokenizer, sample)).forEach((own, i) => assertEquals(own, theirs[i], `document ${i}`));
  const share = sample.reduce((sum, { text }) => sum + text.length, 0) / characters;
  const values: number[] = [];
  for (let i = 0; i < Math.min(3, repetitions); i++) {
    values.push(await seconds(() => makeMasks(tokenizer, documents)));
  }
  return [{
    name: `masks, secret tokens and prefixes of ${documents.length} documents`,
    unit: "s",
    ours: { name: "CodeScrub", values },
    peer: { name: `transformers ${threads} processes`, values: values.map(() => theirSeconds / share) },
    goal: { ratio: 3 },
    notes: [
      `${what}; vocabulary ${VOCABULARY}; results alike`,
      `Python on ${sample.length} of them: ${theirSeconds.toFixed(1)} s, the rest in proportion`,
    ],
  }];
}

/** Ordinary Python code, with one to three places each that stand for secrets. */
async function maskDocuments(python: string): Promise<MaskDocument[]> {
  const random = new PythonRandom(42);
  const documents: MaskDocument[] = [];
  for (const path of await pythonFiles(python, MEGABYTES)) {
    const { text } = readText(path) as { text: string };
    for (let at = 0; at < text.length && documents.length < DOCUMENTS; at += MAX_CHARACTERS) {
      const part = text.slice(at, at + MAX_CHARACTERS).toWellFormed();
      if (part.length < 200) continue;
      const spans = Array.from({ length: 1 + random.randbelow(3) }, () => {
        const start = 1 + random.randbelow(part.length - 100);
        return { start, end: start + 16 + random.randbelow(48) };
      }).sort((a, b) => a.start - b.start || a.end - b.end);
      documents.push({ text: part, spans: spans.filter((span) => isWhole(part, span)) });
    }
  }
  return documents.filter(({ spans }) => spans.length > 0);
}

/** Whether no end of a span is within a character of two units. */
function isWhole(text: string, { start, end }: Span): boolean {
  return [start, end].every((at) => (text.charCodeAt(at) & 0xfc00) !== 0xdc00);
}

function codePointSpans(text: string, spans: readonly Span[]): [number, number][] {
  const units = fromCodePoints(text);
  return spans.map(({ start, end }) => [units.indexOf(start), units.indexOf(end)]);
}

/** What is measured. */
async function makeMasks(tokenizer: Tokenizer, documents: readonly MaskDocument[]) {
  const encoded = await tokenizer.encodeBatch(documents.map(({ text }) => text));
  const windows = documents.map(({ spans }, i) => secretWindows(encoded[i]!, spans, { firstOnly: true }));
  const secrets = documents.flatMap(({ text, spans }) => spans.map((span) => ({ ...span, text })));
  return { encoded, windows, tokens: await tokenizeSecrets(tokenizer, secrets) };
}

/** The same in the peer's form. */
async function maskAll(tokenizer: Tokenizer, documents: readonly MaskDocument[]): Promise<unknown[]> {
  const { encoded, windows, tokens } = await makeMasks(tokenizer, documents);
  let next = 0;
  return documents.map(({ text, spans }, i) => {
    const ids = Array.from(encoded[i]!.ids.slice(0, 512));
    const window = windows[i]!.windows[0];
    const own = spans.map(() => tokens[next++]!);
    return {
      ids,
      window: (window?.mask ?? new Uint8Array(ids.length)).toHex(),
      kept: codePointSpans(text, spans.filter((span) => !windows[i]!.notTreated.includes(span))),
      secrets: own.map(({ secret }) => Array.from(secret)),
      prefixes: own.map(({ prefix }) => Array.from(prefix)),
    };
  });
}
