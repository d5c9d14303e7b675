/**
 * `thresholds` on 1,000 texts of Python's own library with the embedded model, from the command line: beside the
 * reference's functions in PyTorch, a full forward for every token and decodes of their own for each n. Those would take
 * days, so they run whole on two short texts, where the scores must be equal; their time over all texts is added up from
 * the forwards of 16 texts at a few lengths.
 *
 * @module
 */
import { join } from "node:path";
import { EL_ORDERS } from "../../lib/datasets/metrics.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { EMBEDDED_MODEL } from "../../lib/cli/model_folder.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { cli } from "./corpus.ts";
import { isUtf8, pythonFiles } from "./detect.ts";
import { type BenchContext, writeIds } from "./models.ts";
import { Peer } from "./peer.ts";
import { addUp, LENGTHS } from "./reference.ts";
import { assertScores } from "./scores.ts";
import type { BenchRow } from "./bench_table.ts";

const [TEXTS, TOKENS, TIMED] = [1000, 128, 16];
const CHECKED = { texts: 2, tokens: 32 };

/** The command against the reference's way, estimated. */
export async function benchThresholds(context: BenchContext): Promise<BenchRow[]> {
  const python = await context.python();
  const tokenizer = await openModelTokenizer(EMBEDDED_MODEL);
  const files = (await pythonFiles("python3", 20)).filter(isUtf8).map((path) => Deno.readTextFileSync(path));
  const pieces = files.flatMap((text) => text.match(/(?:[^\n]*\n){40}/g) ?? []);
  const ids = await tokenizer.encodeIds(pieces);
  const long = pieces.flatMap((text, i) =>
    ids[i]!.length >= TOKENS ? [{ text, ids: ids[i]!.slice(0, TOKENS) }] : []
  );
  const every = Math.floor(long.length / TEXTS);
  const texts = Array.from({ length: TEXTS }, (_, i) => long[i * every]!);
  const path = join(context.folder, "texts.jsonl");
  await Deno.writeTextFile(path, texts.map(({ text }) => JSON.stringify({ text }) + "\n").join(""));
  const timed = await writeIds(texts.slice(0, TIMED).map((text) => text.ids), context);
  const args = [EMBEDDED_MODEL, timed, String(TIMED), String(context.threads)];
  await using peer = await Peer.start(python, "reference_peer.py", args);
  await checkScores(peer, texts.slice(0, CHECKED.texts).map((text) => text.ids.slice(0, CHECKED.tokens)));
  const [ours, reference]: [number[], number[]] = [[], []];
  for (let i = 0; i < Math.min(3, context.repetitions); i++) {
    const out = `thresholds-${i}.parquet`;
    ours.push(
      (await cli(context.folder, "thresholds", "--model", "embedded", "--texts", path, "--out", out)).seconds,
    );
    const { seconds } = await peer.ask<{ seconds: number[] }>("time", { lengths: LENGTHS });
    reference.push(TEXTS / TIMED * addUp(seconds, EL_ORDERS));
  }
  return [{
    name:
      `thresholds of ${TEXTS} texts of ${TOKENS} tokens, embedded model, against the reference's functions`,
    unit: "s",
    ours: { name: "the command, start and table included", values: ours },
    peer: {
      name:
        `a full forward for every token, decodes for each n, PyTorch ${peer.versions.torch} eager float32, estimated`,
      values: reference,
    },
    goal: { ratio: 300 },
    notes: [
      `estimate: a forward of ${TIMED} texts timed at ${
        LENGTHS.join(", ")
      } tokens, linear between, in proportion`,
    ],
  }];
}

/** Both must give the same scores, where the peer runs whole. */
async function checkScores(peer: Peer, rows: readonly Int32Array[]): Promise<void> {
  using loaded = await loadModel(EMBEDDED_MODEL);
  using scorer = new Scorer(loaded.model);
  const own = rows.map((row) => Array.from(row));
  const { scores } = await peer.ask<{ scores: number[][] }>("score", { rows: own });
  (await scorer.texts(rows)).forEach((found, i) => assertScores(found, scores[i]!, 1e-6, `text ${i}`));
}
