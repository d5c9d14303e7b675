import { assert } from "@std/assert";
import { join } from "node:path";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { DTYPE } from "../../lib/engine/dtypes.ts";
import { newTensor } from "../../lib/engine/native_tensors.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { llama } from "../../lib/models/llama.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { hostMemory, restartPeak } from "../gpu/card_memory.ts";

const CONFIG = {
  ...{
    model_type: "llama",
    vocab_size: 8192,
    hidden_size: 1024,
    intermediate_size: 4096,
    num_hidden_layers: 6,
  },
  ...{ num_attention_heads: 8, num_key_value_heads: 8, max_position_embeddings: 64, rms_norm_eps: 1e-5 },
  ...{ rope_theta: 10000, hidden_act: "silu", tie_word_embeddings: true, bos_token_id: 1, eos_token_id: 2 },
};
const SHARDS = 3;

/** A checkpoint of zeros in bfloat16 in several files, which take no room on the disk; the bytes of each file. */
async function writeZeros(folder: string): Promise<number[]> {
  const shapes = Object.entries(llama.shapes(llama.readConfig(CONFIG, "the test")));
  const weight_map: Record<string, string> = {};
  const sizes: number[] = [];
  for (let shard = 0; shard < SHARDS; shard++) {
    const file = `model-${shard}.safetensors`;
    const header: Record<string, unknown> = {};
    let end = 0;
    for (const [name, shape] of shapes.filter((_, i) => Math.floor(i * SHARDS / shapes.length) === shard)) {
      const begin = end;
      end += 2 * shape.reduce((product, size) => product * size, 1);
      header[name] = { dtype: "BF16", shape, data_offsets: [begin, end] };
      weight_map[name] = file;
    }
    const text = new TextEncoder().encode(JSON.stringify(header));
    const start = new Uint8Array(8 + text.length);
    new DataView(start.buffer).setBigUint64(0, BigInt(text.length), true);
    start.set(text, 8);
    await Deno.writeFile(join(folder, file), start);
    await Deno.truncate(join(folder, file), start.length + end);
    sizes.push(end);
  }
  await Deno.writeTextFile(join(folder, "model.safetensors.index.json"), JSON.stringify({ weight_map }));
  await Deno.writeTextFile(join(folder, "config.json"), JSON.stringify(CONFIG));
  return sizes;
}

/** As a card takes it: a tensor that is filled goes there, and its memory on the host is given back. */
function pretendCard(): Disposable {
  const { binding, symbols } = currentEngine();
  const adopt = binding.adoptTensor;
  binding.adoptTensor = (tensor) => {
    symbols.TF_DeleteTensor(tensor);
    return adopt.call(binding, newTensor(symbols, [1], DTYPE.float32, new Uint8Array(4)));
  };
  return { [Symbol.dispose]: () => void (binding.adoptTensor = adopt) };
}

Deno.test(
  "loadModel() for a card holds less on the host than 1.2 of the largest file",
  { ignore: Deno.build.os !== "linux" },
  async () => {
    using _engine = await openTensorFlow({ device: "cpu" });
    using folder = temporaryFolder();
    const sizes = await writeZeros(folder.path);
    const [largest, all] = [Math.max(...sizes), sizes.reduce((sum, size) => sum + size, 0)];
    const load = async () => {
      restartPeak();
      const { resident } = hostMemory();
      using _loaded = await loadModel(folder.path, { products: "bfloat16" });
      return hostMemory().peak - resident;
    };
    {
      using _card = pretendCard();
      const peak = await load();
      assert(peak < 1.2 * largest, `${peak / 1e6} MB, the largest file has ${largest / 1e6}`);
    }
    const whole = await load(); // on the host itself: the weights stay
    assert(whole > 0.5 * all && whole < 1.2 * all, `${whole / 1e6} MB, all files have ${all / 1e6}`);
  },
);
