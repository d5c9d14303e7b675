/**
 * Samples of completions as HumanEval asks for them, of SmolLM2-135M, against transformers' `generate` at its best batch:
 * prompts of like lengths together there, where rows that are through wait for the last of their batch.
 *
 * @module
 */
import { join } from "node:path";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { sampleCompletions } from "../../lib/decoding/sample_completions.ts";
import type { BenchContext } from "./models.ts";
import { type BenchRow, interleave, median, seconds } from "./bench_table.ts";
import { Peer } from "./peer.ts";
import { codeOf, writeFolder } from "./smollm2.ts";

/** A tenth of HumanEval's prompts. */
const PROMPTS = 16;
const SAMPLES = 10;
const LIMIT = 512;
const SAMPLING = { temperature: 0.2, topP: 0.95 };
const STOPS = ["\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```"];
/** Rows of transformers' batches; the best is the peer. */
const BATCHES = [10, 20, 40, 80];

/** 16 x 10 samples; the unit is seconds for a thousand tokens, as the sides' samples differ in length. */
export async function benchSamples(context: BenchContext): Promise<BenchRow[]> {
  const name = `${PROMPTS} x ${SAMPLES} samples, SmolLM2-135M, float32`;
  context.log(name);
  const folder = await writeFolder(context);
  const tokenizer = await openModelTokenizer(folder);
  const ends = [tokenizer.endOfText!];
  // prompts of 60 to 360 tokens, most of them short, as HumanEval's are
  const prompts = (await codeOf(folder)).filter(({ length }) => length >= 360).slice(0, PROMPTS)
    .map((ids, i) => ({
      task: `${i}`,
      tokens: ids.slice(0, 60 + Math.round(300 * (i / (PROMPTS - 1)) ** 2)),
    }));
  const file = join(context.folder, "prompts.json");
  await Deno.writeTextFile(file, JSON.stringify(prompts.map(({ tokens }) => [...tokens])));
  using loaded = await loadModel(folder);
  const stop = { strings: STOPS, decode: (ids: readonly number[]) => tokenizer.decode(ids) };
  let found = 0;
  const ours = async () => {
    found = 0;
    const options = { n: SAMPLES, ...SAMPLING, maxTokens: LIMIT, endOfText: ends, stop, seed: 42 };
    const all = sampleCompletions(loaded.model, prompts, options);
    for await (const { tokens } of all) found += tokens.length;
  };
  await using peer = await Peer.start(await context.python(), "sample_peer.py", [
    folder,
    file,
    String(context.threads),
  ]);
  const sampling = {
    n: SAMPLES,
    limit: LIMIT,
    temperature: SAMPLING.temperature,
    top_p: SAMPLING.topP,
    stops: STOPS,
    ends,
  };
  const theirs = async (args: Record<string, unknown>) => {
    const { seconds, tokens } = await peer.ask<{ seconds: number; tokens: number }>("sample", {
      ...sampling,
      ...args,
    });
    return seconds / tokens * 1000;
  };
  const tried = new Map<number, number>();
  for (const batch of BATCHES) tried.set(batch, await theirs({ batch, only: 1 }));
  const [batch] = [...tried].reduce((a, b) => a[1] <= b[1] ? a : b);
  const times = await interleave(Math.min(3, context.repetitions), {
    ours: async () => await seconds(ours) / found * 1000,
    torch: () => theirs({ batch }),
  });
  return [{
    name,
    unit: "s",
    ours: { name: "sampleCompletions", values: times.ours! },
    peer: {
      name: `transformers' generate, ${batch} rows, PyTorch ${peer.versions.torch}`,
      values: times.torch!,
    },
    goal: { ratio: 2 },
    notes: [
      `seconds for 1,000 tokens of completions; ${found} tokens of ours in all, ${
        (1000 / median(times.ours!)).toFixed(0)
      } against ${(1000 / median(times.torch!)).toFixed(0)} tokens/s`,
    ],
  }];
}
