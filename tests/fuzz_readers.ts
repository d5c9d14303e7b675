/**
 * `deno task fuzz:readers [NAME...] [--count N] [--seed N]`: mutated files for every reader of model files. A reader may
 * accept a file or refuse it in the house's words; anything else ends the run, with the file written beside: another
 * error, a file that takes longer than five seconds, memory that grows beyond 512 MB. Apart from the tests, as 100,000 files
 * take minutes.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { ggufConfig } from "../lib/models/gguf_config.ts";
import { readAtOf } from "../lib/models/gguf_cursor.ts";
import { readGgufHeader } from "../lib/models/gguf_header.ts";
import { ggufTokenizer } from "../lib/tokenizers/gguf_tokenizer.ts";

/** A reader under attack. */
interface Target {
  /** Right files. */
  seeds: readonly string[];
  /** Reads a mutated one. */
  read(bytes: Uint8Array): unknown;
}

const TARGETS: Readonly<Record<string, Target>> = {
  gguf: {
    seeds: ["gguf/llama.gguf", "gguf/gpt2.gguf"],
    read(bytes) {
      const header = readGgufHeader(readAtOf(bytes), bytes.length, "m.gguf");
      ggufConfig(header, "m.gguf");
      ggufTokenizer(header.metadata, "m.gguf");
    },
  },
};

const REFUSAL = /^(Cannot (read|load) |Unknown )[^\n]+$/;
const MAX_MS = 5000;
const MAX_BYTES = 512e6;

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { count: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
});
for (const name of positionals.length > 0 ? positionals : Object.keys(TARGETS)) {
  const target = TARGETS[name];
  if (!target) throw new RangeError(`Unknown reader "${name}": expected ${Object.keys(TARGETS).join(", ")}`);
  fuzz(name, target, { count: Number(values.count), seed: Number(values.seed) });
}

function fuzz(name: string, { seeds, read }: Target, { count, seed }: { count: number; seed: number }): void {
  const files = seeds.map((path) => Deno.readFileSync(new URL(`fixtures/${path}`, import.meta.url)));
  const random = randomBelow(seed);
  let [accepted, slowest] = [0, 0];
  for (let i = 0; i < count; i++) {
    const bytes = mutate(files[random(files.length)]!, random);
    const begun = performance.now();
    try {
      read(bytes);
      accepted++;
    } catch (error) {
      if (!(error instanceof Error && REFUSAL.test(error.message))) stop(name, bytes, error);
    }
    slowest = Math.max(slowest, performance.now() - begun);
    if (slowest > MAX_MS) stop(name, bytes, `it took ${slowest} ms`);
    const { rss } = Deno.memoryUsage();
    if (i % 100 === 0 && rss > MAX_BYTES) stop(name, bytes, `${rss} bytes are in use`);
  }
  console.log(`${name}: ${count} files, ${accepted} accepted, slowest ${slowest.toFixed(0)} ms`);
}

function stop(name: string, bytes: Uint8Array, reason: unknown): never {
  const path = Deno.makeTempFileSync({ prefix: `fuzz_${name}_` });
  Deno.writeFileSync(path, bytes);
  console.error(`${name}: ${path}:`, reason);
  Deno.exit(1);
}

/** Numbers from 0 to below a bound, the same for the same seed (a linear congruential generator: Numerical Recipes). */
function randomBelow(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = Math.imul(state, 1664525) + 1013904223 >>> 0;
    return Math.floor(state / 2 ** 32 * bound);
  };
}

/** One to four changes, mostly near the beginning, where headers are; now and then the end is cut off. */
function mutate(file: Uint8Array, random: (bound: number) => number): Uint8Array {
  const bytes = file.slice();
  const reach = Math.min(bytes.length, [64, 1024, bytes.length][random(3)]!);
  for (let changes = 1 + random(4); changes > 0; changes--) {
    const at = random(reach);
    const mutation = random(6);
    if (mutation === 0) bytes[at] = random(256);
    else if (mutation === 1) bytes[at] = bytes[at]! ^ 1 << random(8);
    else if (mutation === 2) bytes.fill(255, at, at + 8);
    else if (mutation === 3) bytes.fill(0, at, at + 8);
    else if (mutation === 4) bytes.copyWithin(at, random(reach), random(bytes.length));
    else new DataView(bytes.buffer).setUint32(Math.min(at, bytes.length - 4), 2 ** random(32), true);
  }
  return random(8) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
}
