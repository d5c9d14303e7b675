import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { gpt2 } from "../../lib/models/gpt2.ts";
import { LORA_DEFAULTS } from "../../lib/models/lora.ts";
import { newModel } from "../../lib/models/new_model.ts";
import { unlearn, type UnlearnHooks, type UnlearnOptions } from "../../lib/unlearning/unlearn.ts";
import { watchDevices } from "../engine/watch_engine.ts";
import { openedAt, startWorker, type Where } from "../worker.ts";
import { folder, OPTIONS, row, SETS, texts } from "./trained_sets.ts";

/** A third row, so that one of two devices has more to do; a run of whole epochs. */
const LONGER = { ...SETS, forget: [...SETS.forget, row(texts[2]!, 4, 12)] };
const STEPS: Partial<UnlearnOptions> = { epochs: 2, microBatch: 1, thresholds: { ma: 0, el_10: 0 } };
const LORA = { ...LORA_DEFAULTS, rank: 4, alpha: 4, seed: 1 };

async function run(
  where: Where,
  { lora, ...options }: Partial<UnlearnOptions> & { lora?: typeof LORA },
  hooks: UnlearnHooks = {},
) {
  using engine = await openTensorFlow(openedAt(where));
  const before = engine.memory();
  const result = await (async () => {
    using loaded = await loadModel(folder, lora ? { lora } : {});
    using watch = watchDevices();
    const result = await unlearn(loaded.model, LONGER, { ...OPTIONS, ...STEPS, ...options }, hooks);
    assertEquals([...watch.devices].sort(), where === 1 ? [0] : [0, 1]);
    return result;
  })();
  assertEquals(engine.memory(), before, "tensors or handles are left over");
  return result.history.map(({ loss, kl_forget, kl_retain }) => [loss, kl_forget, kl_retain]);
}

function assertSame(actual: (number | null)[][], expected: (number | null)[][]): void {
  assertEquals(actual.length, expected.length);
  expected.flat().forEach((value, i) => {
    const difference = Math.abs(actual.flat()[i]! - value!);
    const scale = i % 3 === 0 ? Math.abs(value!) : 1; // a divergence of nearly nothing is rounding
    assert(difference <= 1e-6 * scale, `${difference}: ${actual} beside ${expected}`);
  });
}

/** A model of the same tokens and another width. */
function openOther() {
  const random = new PythonRandom(2);
  const sizes = { vocab_size: 64, n_positions: 64, n_embd: 12, n_layer: 1, n_head: 3 };
  const model = newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => random.random() - 0.5);
  return Promise.resolve({ model, [Symbol.dispose]: () => model[Symbol.dispose]() });
}

const WAYS = {
  "all weights": { method: "codeeraser" },
  "a joint objective": { method: "npo" },
  "an adapter with dropout": { method: "codeeraser", lora: LORA, lr: 1e-2 },
  "another model's divergences": { method: "codeeraser", openReference: openOther },
  "an adapter beside itself": { method: "cu", compat: "reference", lora: LORA, lr: 1e-2 },
} satisfies Record<string, Partial<UnlearnOptions> & { lora?: typeof LORA }>;

for (const [name, how] of Object.entries(WAYS)) {
  Deno.test(`unlearn() on two logical processors has the losses of one: ${name}`, async () => {
    assertSame(await run(2, how), await run(1, how));
  });
}

Deno.test("unlearn() on a processor and a worker's has the losses of one", async () => {
  await using worker = await startWorker();
  for (const how of Object.values(WAYS)) assertSame(await run(worker, how), await run(1, how));
});

Deno.test("unlearn() that was stopped on two devices goes on with one, to the same losses", async () => {
  const how = { method: "codeeraser", lora: LORA, lr: 1e-2 };
  const out = await Deno.makeTempDir();
  const controller = new AbortController();
  const onEpoch = ({ epoch }: { epoch: number }) => {
    if (epoch === 1) controller.abort();
  };
  await run(2, how, { folder: out, signal: controller.signal, onEpoch });
  let done: number | undefined;
  const onContinue = (epochs: number) => void (done = epochs);
  assertSame(await run(1, how, { folder: out, onContinue }), await run(1, how));
  assertEquals(done, 1);
  await Deno.remove(out, { recursive: true });
});
