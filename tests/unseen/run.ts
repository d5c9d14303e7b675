/**
 * `deno task check:unseen [--repositories 50] [--kills 5] [--seed N]`: the task `thresholds` over a GitHub on this machine
 * whose repositories are made up, with the embedded model, from nothing to the table; then anew, killed at a random
 * moment of each stage, with the whole process group, and started again each time. Every file must be byte for byte the
 * same. Apart from the tests, as it takes minutes.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { reasonOf } from "../../lib/files/reason.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { serveGithub, TOKEN } from "../collection/github_server.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { setUpFirst } from "../set_up.ts";
import { type ChainOptions, digests, runChain, stageOf, STAGES } from "./chain.ts";
import { makeWorld } from "./made_repositories.ts";

const { values } = parseArgs({
  options: {
    repositories: { type: "string", default: "50" },
    kills: { type: "string", default: "5" },
    count: { type: "string", default: "15" },
    seed: { type: "string", default: String(Date.now() % 100_000) },
  },
});

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;

/** The names of files that are not the same. */
async function checkUnseen(log: (line: string) => void): Promise<string[]> {
  using folder = temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  const { repositories, training } = await makeWorld(at("served"), Number(values.repositories), 1);
  await Deno.mkdir(at("training"));
  for (const [i, text] of training.entries()) await Deno.writeTextFile(at(`training/${i}.py`), text);
  await using server = serveGithub({ repositories, folder: at("served") });
  log(`seed ${values.seed}: ${repositories.length} repositories made`);
  const out = at("out");
  const chain = {
    args: [
      ...["--language", "Python", "--created-after", "2025-01-01", "--min-stars", "1"],
      ...["--endpoint", server.endpoint, "--against", at("training"), "--count", values.count],
    ],
    env: { GITHUB_TOKEN: TOKEN },
    host: new URL(server.endpoint).host,
    out,
  };
  const begun = new Map<string, number>();
  const whole = await runChain({ ...chain, onStage: (stage, ms) => begun.set(stage, ms) });
  log(`undisturbed: ${seconds(whole.ms)}\n${whole.stdout.trimEnd()}`);
  const wanted = digests(out);
  await Deno.rename(out, at("undisturbed"));
  await killOften(chain, { begun, ms: whole.ms, log });
  const found = digests(out);
  const last = await runChain(chain); // what is finished is shown again
  const names = new Set([...Object.keys(wanted), ...Object.keys(found)]);
  const wrong = [...names].filter((name) => wanted[name] !== found[name]).sort();
  log(`${names.size} files compared`);
  return last.stdout === whole.stdout ? wrong : [...wrong, "what it says at its end"];
}

/** Kills the chain in one stage after the other, each time at random, then lets it end. */
async function killOften(
  chain: ChainOptions,
  { begun, ms, log }: { begun: ReadonlyMap<string, number>; ms: number; log: (line: string) => void },
): Promise<void> {
  const { out } = chain;
  const random = new PythonRandom(Number(values.seed));
  for (let kills = 0; kills < Number(values.kills);) {
    const at = kills % STAGES.length;
    const stage = STAGES[at]!;
    const lasts = (begun.get(STAGES[at + 1] ?? "its end") ?? ms) - (begun.get(stage) ?? 0);
    const { isKilled } = await runChain({
      ...chain,
      kill: { stage, delayMs: Math.round(0.7 * random.random() * lasts) },
    });
    if (isKilled) log(`kill ${++kills}: in ${stageOf(out)}`);
    else { // all was done before its time: from nothing again
      log(`ended before it was killed in ${stage}: begun anew`);
      await Deno.remove(out, { recursive: true });
    }
  }
  log(`then to its end: ${seconds((await runChain(chain)).ms)}`);
}

if (import.meta.main) {
  let code = 1;
  try {
    await setUpFirst();
    const wrong = await checkUnseen((line) => console.log(line));
    for (const name of wrong) console.error(`not the same: ${name}`);
    console.log(wrong.length === 0 ? "all equal" : `${wrong.length} differ`);
    code = wrong.length === 0 ? 0 : 1;
  } catch (error) {
    console.error(`Cannot check the chain: ${reasonOf(error)}`);
  }
  Deno.exit(code);
}
