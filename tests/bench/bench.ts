/**
 * What `deno task bench` runs: each number of the README beside its peer, in the same minutes, equality asserted first.
 *
 * `deno task bench [NAME...] [--json FILE] [--threads N] [--repetitions N] [--texts N] [--problems FILE]`; names are the
 * keys of `BENCHES`, all of them when none is given. PyTorch comes from CODESCRUB_PEER_PYTHON, else from a virtual
 * environment in the cache folder. The exit code is 1 when a bench could not run, not when a goal is missed.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { benchDemo, benchHelp, readProc } from "./cli.ts";
import { benchDetect } from "./detect.ts";
import { benchForward, benchNarrow } from "./forward.ts";
import { benchJudging } from "./judging.ts";
import { benchLines } from "./lines.ts";
import { benchLoad } from "./load.ts";
import { benchMasks } from "./masks.ts";
import { type BenchContext, SIZES } from "./models.ts";
import { findPeerPython } from "./peer.ts";
import { benchReference } from "./reference.ts";
import { benchPlain, benchTorch, benchTransformers } from "./scores.ts";
import { benchLlamaSamples, benchSamples } from "./samples.ts";
import { benchSmollm2, benchSmollm2Forward, benchSmollm2Row } from "./smollm2.ts";
import { benchThresholds } from "./thresholds.ts";
import { benchUnlearnEmbedded, benchUnlearnGpt2 } from "./unlearn.ts";
import { type BenchRow, formatRows, judge } from "./bench_table.ts";

type Bench = (context: BenchContext) => Promise<BenchRow[]>;

/** The benches by name; those of the command line need no TensorFlow here. */
const BENCHES: Readonly<Record<string, Bench>> = {
  help: benchHelp,
  detect: benchDetect,
  lines: benchLines,
  masks: benchMasks,
  small: (context) => benchForward(SIZES.small, { forward: 2, backward: 1.8 }, context),
  narrow: benchNarrow,
  embedded: (context) => benchForward(SIZES.embedded, { forward: 1.8, backward: 1.8 }, context),
  plain: benchPlain,
  transformers: benchTransformers,
  torch: benchTorch,
  reference: benchReference,
  thresholds: benchThresholds,
  load: benchLoad,
  smollm2: benchSmollm2,
  smollm2_row: benchSmollm2Row,
  smollm2_forward: benchSmollm2Forward,
  samples: benchSamples,
  samples_llama: benchLlamaSamples,
  judging: benchJudging,
  unlearn: benchUnlearnEmbedded,
  unlearn_gpt2: benchUnlearnGpt2,
  demo: benchDemo,
};

function readArguments() {
  const { values, positionals } = parseArgs({
    args: Deno.args,
    allowPositionals: true,
    options: {
      json: { type: "string" },
      problems: { type: "string" },
      threads: { type: "string", default: String(navigator.hardwareConcurrency) },
      repetitions: { type: "string", default: "7" },
      texts: { type: "string", default: "64" },
    },
  });
  const unknown = positionals.find((name) => !(name in BENCHES));
  if (unknown) {
    throw new RangeError(`Unknown bench "${unknown}": expected ${Object.keys(BENCHES).join(", ")}`);
  }
  const count = (name: "threads" | "repetitions" | "texts") => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value > 0) return value;
    throw new RangeError(`Cannot read --${name} "${values[name]}": expected a whole number of at least 1`);
  };
  const names = positionals.length > 0 ? positionals : Object.keys(BENCHES);
  const counts = { threads: count("threads"), repetitions: count("repetitions"), texts: count("texts") };
  return { names, json: values.json, problems: values.problems, counts };
}

/** The machine and the versions, for the table and the file. */
async function describeMachine(threads: number, tensorflow: string) {
  const info = await readProc("cpuinfo");
  return {
    date: new Date().toISOString().slice(0, 16) + "Z",
    cpu: /^model name\s*: (.*)$/m.exec(info)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    threads,
    load: Deno.loadavg()[0]!,
    deno: Deno.version.deno,
    tensorflow,
  };
}

async function main(): Promise<number> {
  const { names, json, problems, counts } = readArguments();
  const log = (line: string) => console.error(`bench: ${line}`);
  const folder = await Deno.makeTempDir({ prefix: "codescrub-bench-" });
  const rows: BenchRow[] = [];
  let failures = 0;
  try {
    using engine = await openTensorFlow({ device: "cpu", threads: counts.threads });
    const machine = await describeMachine(counts.threads, engine.version);
    let python: Promise<string> | undefined;
    const context = { folder, log, python: () => python ??= findPeerPython(log), problems, ...counts };
    for (const name of names) {
      try {
        rows.push(...await BENCHES[name]!(context));
      } catch (error) {
        failures++;
        log(`${name}: ${(error as Error).message}`);
      }
    }
    console.log(Object.entries(machine).map(([key, value]) => `${key} ${value}`).join(", ") + "\n");
    console.log(formatRows(rows));
    const results = rows.map((row) => ({ ...row, result: judge(row) }));
    if (json) await Deno.writeTextFile(json, JSON.stringify({ machine, rows: results }, null, 2) + "\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  return failures === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main());
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    Deno.exit(2);
  }
}
