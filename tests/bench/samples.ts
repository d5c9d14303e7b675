/**
 * Samples of completions as HumanEval asks for them, of SmolLM2-135M, against transformers' `generate` at its best batch,
 * where prompts of like lengths stand together and rows that are through wait for the last of their batch; and against
 * llama.cpp's library at its best number of slots, each of which takes the next prompt when its own is through.
 *
 * @module
 */
import { join } from "node:path";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { sampleCompletions } from "../../lib/decoding/sample_completions.ts";
import { fetchedModel } from "../../lib/setup/fetched_models.ts";
import type { BenchContext } from "./models.ts";
import { type BenchRow, interleave, median, seconds } from "./bench_table.ts";
import { findPeerPython, Peer } from "./peer.ts";
import { codeOf, writeFolder } from "./smollm2.ts";

/** A tenth of HumanEval's prompts. */
const PROMPTS = 16;
const SAMPLES = 10;
const LIMIT = 512;
const SAMPLING = { temperature: 0.2, topP: 0.95 };
const STOPS = ["\nclass", "\ndef", "\n#", "\n@", "\nprint", "\nif", "\n```"];
/** llama.cpp as a library of Python, built for this processor when it is installed. */
const LLAMA_PACKAGES = ["llama-cpp-python==0.3.36", "numpy==2.4.6"];

/** A peer, and the settings of which its best is compared. */
interface SamplePeer {
  start: (work: { folder: string; prompts: string }) => Promise<Peer>;
  nameOf: (peer: Peer, best: number) => string;
  /** What the setting is called. */
  setting: string;
  settings: readonly number[];
  /** The part of the work that each is tried on: so many prompts, and tokens of each with its completion. */
  trial: { only: number; limit: number };
  goal: number;
}

/** Against transformers. */
export async function benchSamples(context: BenchContext): Promise<BenchRow[]> {
  return await compareSamples({
    start: async ({ folder, prompts }) =>
      await Peer.start(await context.python(), "sample_peer.py", [folder, prompts, String(context.threads)]),
    nameOf: (peer, batch) => `transformers' generate, ${batch} rows, PyTorch ${peer.versions.torch}`,
    ...{ setting: "batch", settings: [10, 20, 40, 80], trial: { only: 1, limit: LIMIT }, goal: 2 },
  }, context);
}

/** Against llama.cpp with the same weights in float16, the fastest form that rounds them no further. */
export async function benchLlamaSamples(context: BenchContext): Promise<BenchRow[]> {
  return await compareSamples({
    start: async ({ prompts }) =>
      await Peer.start(await findPeerPython(context.log, LLAMA_PACKAGES), "llama_peer.py", [
        ...[fetchedModel("smollm2"), prompts, String(context.threads), context.folder],
      ]),
    nameOf: (peer, slots) => `llama.cpp (llama-cpp-python ${peer.versions.llama}), ${slots} slots, float16`,
    ...{ setting: "slots", settings: [8, 16, 32, 64], trial: { only: 8, limit: 192 }, goal: 1 },
  }, context);
}

/** 16 x 10 samples; the unit is seconds for a thousand tokens, as the sides' samples differ in length. */
async function compareSamples(
  { start, nameOf, setting, settings, trial, goal }: SamplePeer,
  context: BenchContext,
): Promise<BenchRow[]> {
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
  await using peer = await start({ folder, prompts: file });
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
  for (const value of settings) tried.set(value, await theirs({ [setting]: value, ...trial }));
  const [best] = [...tried].reduce((a, b) => a[1] <= b[1] ? a : b);
  const times = await interleave(Math.min(3, context.repetitions), {
    ours: async () => await seconds(ours) / found * 1000,
    peer: () => theirs({ [setting]: best }),
  });
  return [{
    name,
    unit: "s",
    ours: { name: "sampleCompletions", values: times.ours! },
    peer: { name: nameOf(peer, best), values: times.peer! },
    goal: { ratio: goal },
    notes: [
      `seconds for 1,000 tokens of completions; ${found} tokens of ours in all, ${
        (1000 / median(times.ours!)).toFixed(0)
      } against ${(1000 / median(times.peer!)).toFixed(0)} tokens/s`,
    ],
  }];
}
