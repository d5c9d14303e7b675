/**
 * `deno task fuzz:readers [NAME...] [--count N] [--seed N]`: mutated files for every reader of model files. A reader may
 * accept a file, and is asked for all of its tensors then, or refuse it in the house's words; anything else ends the
 * run, with the file written beside: another error, a file that takes longer than five seconds, memory that grows
 * beyond 1 GB. Apart from the tests, as 100,000 files take minutes.
 *
 * @module
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { openGguf } from "../../lib/checkpoints/gguf.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openModelTokenizer } from "../../lib/checkpoints/model_tokenizer.ts";
import { openSafetensors } from "../../lib/checkpoints/safetensors_source.ts";
import { openShards } from "../../lib/checkpoints/shards.ts";
import { PIECE_ELEMENTS, type TensorSource } from "../../lib/checkpoints/tensor_source.ts";
import { openTorchFile } from "../../lib/checkpoints/torch_file.ts";
import { type Draw, drawer, mutateBytes, mutateJson } from "./mutations.ts";

/** A reader under attack. */
interface Target {
  /** Right files, below tests/fixtures. */
  seeds: readonly string[];
  /** What the mutated file is called. */
  name: string;
  mutate: (file: Uint8Array, draw: Draw) => Uint8Array;
  /** Files that stand beside it: of the seed's folder. */
  beside?: readonly string[];
  /** Reads the mutated one. */
  read(path: string, folder: string): Promise<void>;
}

const FAMILIES = ["gpt2/plain", "families/llama/yarn", "families/llama/plain", "families/qwen2/plain"];

const TARGETS: Readonly<Record<string, Target>> = {
  safetensors: {
    seeds: ["gpt2/plain/model.safetensors", "gpt2/bfloat/model.safetensors"],
    name: "model.safetensors",
    mutate: mutateBytes,
    read: async (path) => await readAll(await openSafetensors(path)),
  },
  torch: {
    seeds: ["torch/zip.bin", "torch/nosum.bin", "torch/legacy.bin", "torch/gpt2/pytorch_model.bin"],
    name: "pytorch_model.bin",
    mutate: mutateBytes,
    read: async (path) => await readAll(await openTorchFile(path)),
  },
  gguf: {
    seeds: ["gguf/llama.gguf", "gguf/gpt2.gguf"],
    name: "model.gguf",
    mutate: mutateBytes,
    async read(path) {
      await openModelTokenizer(path);
      await readAll(openGguf(path).source);
    },
  },
  index: {
    seeds: ["gpt2/plain/model.safetensors"],
    name: "model.safetensors.index.json",
    mutate: (file, draw) => mutateJson(indexOf(file), draw),
    beside: ["model.safetensors"],
    read: async (path) => await readAll(await openShards(path, openSafetensors)),
  },
  config: {
    seeds: FAMILIES.map((family) => `${family}/config.json`),
    name: "config.json",
    mutate: mutateJson,
    beside: ["model.safetensors"],
    read: async (_, folder) => (await loadModel(folder))[Symbol.dispose](),
  },
  sentencepiece: {
    seeds: ["llama", "gemma", "symbols", "one_blank"].map((name) => `sentence_piece/${name}.model`),
    name: "tokenizer.model",
    mutate: mutateBytes,
    read: encodeSome,
  },
  tokenizer: {
    seeds: ["tokenizer/tokenizer.json"],
    name: "tokenizer.json",
    mutate: mutateJson,
    read: encodeSome,
  },
};

const REFUSAL = /^(Cannot (read|load|open) |Unknown )[^\n]+$/;
const MAX_MS = 5000;
const MAX_BYTES = 1e9;

async function encodeSome(_: string, folder: string): Promise<void> {
  const tokenizer = await openModelTokenizer(folder);
  await tokenizer.encode("def f(x):\n    return 'é😀'\n");
}

/** Every value, as loading would read them. */
async function readAll(source: TensorSource): Promise<void> {
  using open = source;
  for (const [name, { shape, isReadable }] of open.tensors) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    for (let start = 0; isReadable && start < size; start += PIECE_ELEMENTS) {
      await open.read(name, new Float32Array(Math.min(PIECE_ELEMENTS, size - start)), start);
    }
  }
}

/** The index of a file of tensors that is its only shard. */
function indexOf(safetensors: Uint8Array): Uint8Array {
  const length = Number(new DataView(safetensors.buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(safetensors.subarray(8, 8 + length)));
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  const weight_map = Object.fromEntries(names.map((name) => [name, "model.safetensors"]));
  return new TextEncoder().encode(JSON.stringify({ metadata: { total_size: 1 }, weight_map }));
}

const { values, positionals } = parseArgs({
  args: Deno.args,
  allowPositionals: true,
  options: { count: { type: "string", default: "100000" }, seed: { type: "string", default: "1" } },
});
using _engine = await openTensorFlow({ device: "cpu" });
for (const name of positionals.length > 0 ? positionals : Object.keys(TARGETS)) {
  const target = TARGETS[name];
  if (!target) throw new RangeError(`Unknown reader "${name}": expected ${Object.keys(TARGETS).join(", ")}`);
  await fuzz(name, target, { count: Number(values.count), seed: Number(values.seed) });
}

async function fuzz(
  reader: string,
  { seeds, name, mutate, beside = [], read }: Target,
  { count, seed }: { count: number; seed: number },
): Promise<void> {
  const folders = seeds.map((path) => {
    const from = new URL(`../fixtures/${path}`, import.meta.url);
    const folder = Deno.makeTempDirSync({ prefix: `fuzz_${reader}_` });
    for (const other of beside) Deno.copyFileSync(new URL(other, from), join(folder, other));
    return { folder, file: Deno.readFileSync(from) };
  });
  const draw = drawer(seed);
  let [accepted, slowest] = [0, 0];
  for (let i = 0; i < count; i++) {
    const { folder, file } = folders[draw(folders.length)]!;
    const path = join(folder, name);
    Deno.writeFileSync(path, mutate(file, draw));
    let isAccepted = false;
    const attempt = async () => {
      const begun = performance.now();
      try {
        await read(path, folder);
        isAccepted = true;
      } catch (error) {
        if (!(error instanceof Error && REFUSAL.test(error.message))) stop(reader, path, error);
      }
      return performance.now() - begun;
    };
    let taken = await attempt();
    if (taken > MAX_MS) taken = await attempt(); // once more: the machine may have been busy
    if (isAccepted) accepted++;
    slowest = Math.max(slowest, taken);
    if (taken > MAX_MS) stop(reader, path, `it took ${taken} ms`);
    const { rss } = Deno.memoryUsage();
    if (i % 100 === 0 && rss > MAX_BYTES) stop(reader, path, `${rss} bytes are in use`);
  }
  for (const { folder } of folders) Deno.removeSync(folder, { recursive: true });
  console.log(`${reader}: ${count} files, ${accepted} accepted, slowest ${slowest.toFixed(0)} ms`);
}

function stop(reader: string, path: string, reason: unknown): never {
  console.error(`${reader}: ${path}:`, reason);
  Deno.exit(1);
}
