/**
 * `deno task parity:samples --model FOLDER --before RUN --out DIR`: a `humaneval` run whose samples transformers' `generate`
 * draws, of the same weights by the same protocol, beside a run of ours: pass@k of both, and their difference on the same
 * problems. PyTorch comes from CODESCRUB_PEER_PYTHON, else from a virtual environment in the cache folder. A run that was
 * killed goes on by the same command.
 *
 * @module
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { endTokens } from "../../lib/checkpoints/end_tokens.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import type { Context } from "../../lib/cli/command.ts";
import { checkPrompts, type EncodedProblem, encodePrompts } from "../../lib/cli/humaneval_prompts.ts";
import { HUMANEVAL_OPTIONS, type HumanEvalValues, runHumanEval } from "../../lib/cli/humaneval_run.ts";
import type { DrawSamples } from "../../lib/cli/humaneval_samples.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { openEngine } from "../../lib/cli/session.ts";
import { completionOf } from "../../lib/humaneval/problem.ts";
import { openJudge } from "../../lib/sandbox/judge.ts";
import { findPeerPython, Peer } from "../bench/peer.ts";
import { setUpFirst } from "../set_up.ts";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    before: { type: "string" },
    out: { type: "string" },
    problems: { type: "string" },
    n: { type: "string", default: "10" },
    temperature: { type: "string", default: "0.2" },
    dtype: { type: "string", default: "float32" },
    batch: { type: "string", default: "40" },
    threads: { type: "string", default: `${navigator.hardwareConcurrency}` },
  },
});
if (!values.model || !values.out) throw new RangeError("Cannot draw samples without --model and --out");
const [model, out, batch] = [resolve(values.model), resolve(values.out), Number(values.batch)];
const given: HumanEvalValues = {
  ...{ model, adapter: undefined, out, shard: undefined },
  ...{ problems: values.problems, before: values.before && resolve(values.before) },
  dtype: values.dtype as HumanEvalValues["dtype"],
  ...{ n: Number(values.n), temperature: Number(values.temperature) },
  ...{ topP: HUMANEVAL_OPTIONS.topP.default, maxTokens: HUMANEVAL_OPTIONS.maxTokens.default },
};

await setUpFirst();
await Deno.mkdir(out, { recursive: true });
const prompts = `${out}.prompts.json`;
await Deno.writeTextFile(prompts, "[]");
const tokenizer = await openModelTokenizer(model);
const log = (line: string) => console.error(line);
await using peer = await Peer.start(await findPeerPython(log), "sample_peer.py", [
  ...[model, prompts, values.threads, values.dtype],
]);
await Deno.remove(prompts);
await using judge = await openJudge({ timeoutSeconds: 3, folder: join(out, "judged") });
const progress = createProgress();
const context: Context = {
  ...{ progress, log, cwd: Deno.cwd(), seed: 42, force: false },
  settings: { ...given, drawn_by: `transformers ${peer.versions.transformers}` } as Context["settings"],
  signal: new AbortController().signal,
  breathe: () => Promise.resolve(),
};
const { text } = await runHumanEval(given, context, {
  checkPrompts: (problems) => checkPrompts(problems, model, { ...given, seed: 42 }),
  openSampler: async () => drawByPeer(await endsOf()),
  openJudge: () => Promise.resolve(judge),
});
progress.close();
console.log(text);

/** What ends a completion, as for our own samples. */
async function endsOf(): Promise<number[]> {
  using _engine = await openEngine();
  using loaded = await loadModel(model);
  return [...await endTokens(loaded, tokenizer)];
}

function drawByPeer(ends: readonly number[]): DrawSamples {
  return async function* (problems, { n, isDone, onTokens }) {
    const known = await encodePrompts(problems, tokenizer);
    const rows = known.flatMap((own) => Array.from({ length: n }, (_, sample) => ({ ...own, sample })))
      .filter(({ problem, sample }) => !isDone?.(problem.task_id, sample));
    const lengthOf = ({ start, ids }: Pick<EncodedProblem, "start" | "ids">) => start.length + ids.length;
    rows.sort((a, b) => lengthOf(a) - lengthOf(b)); // prompts of like lengths together
    for (let first = 0; first < rows.length; first += batch) {
      const part = rows.slice(first, first + batch);
      const { completions } = await peer.ask<{ completions: number[][] }>("complete", {
        prompts: part.map(({ start, ids }) => [...start, ...ids]),
        ...{ seed: first, limit: given.maxTokens, temperature: given.temperature },
        ...{ top_p: given.topP, stops: problems[0]!.stops, ends },
      });
      for (const [i, tokens] of completions.entries()) {
        const { problem, ids, sample } = part[i]!;
        const isEnd = ends.includes(tokens.at(-1)!);
        const written = isEnd ? tokens.slice(0, -1) : tokens;
        onTokens?.(tokens.length);
        const completion = completionOf(await tokenizer.decode([...ids, ...written]), problem);
        const isCut = lengthOf(part[i]!) + tokens.length === given.maxTokens;
        const ended = isEnd ? "end-of-text" : isCut ? "length" : "stop";
        yield { task_id: problem.task_id, sample, completion, ended, tokens: tokens.length };
      }
    }
  };
}
