import { assert, assertRejects } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { DTYPE } from "../../lib/engine/dtypes.ts";
import { newTensor } from "../../lib/engine/native_tensors.ts";
import { currentEngine } from "../../lib/engine/state.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { hostMemory, restartPeak } from "../gpu/card_memory.ts";
import { writeZeros } from "../gpu/zero_checkpoint.ts";
import { pretendGpu } from "../pretend_gpu.ts";

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
    const sizes = await writeZeros(folder.path, { json: CONFIG, shards: 3 });
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

Deno.test("loadModel() refuses a model that is larger than the card, before anything is read", async () => {
  using engine = await openTensorFlow({ device: "cpu" });
  using folder = temporaryFolder();
  await writeZeros(folder.path, { json: CONFIG, shards: 1 });
  const { tensors, handles } = engine.memory();
  using _gpu = pretendGpu(200e6);
  await assertRejects(
    () => loadModel(folder.path),
    RangeError,
    "its weights need 437 MB of memory as float32, 200 MB are free",
  );
  await assertRejects(
    () => loadModel(folder.path, { products: "bfloat16" }),
    RangeError,
    "219 MB of memory as bfloat16",
  );
  assert(engine.memory().tensors === tensors && engine.memory().handles === handles);
});
