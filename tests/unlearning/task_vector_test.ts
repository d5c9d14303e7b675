import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import type { Model } from "../../lib/models/model.ts";
import { LORA_DEFAULTS } from "../../lib/models/lora.ts";
import { TASK_VECTOR } from "../../lib/unlearning/methods/task_vector.ts";
import { unlearn } from "../../lib/unlearning/unlearn.ts";
import { UnlearnSteps } from "../../lib/unlearning/unlearn_steps.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const row = (secret: number[]) => ({
  ids: Int32Array.of(3, 20, 49, ...secret),
  mask: Uint8Array.of(0, 0, 0, ...secret.map(() => 1)),
  secrets: [{ prefix: [3, 20, 49], secret }],
});
const HOW = { lr: 1e-2, epochs: 3, margin: 0.1, microBatch: 2, compat: "sound", endOfText: null } as const;
const THRESHOLDS = { ma: 0.4, el_10: 0.1 };

function numbersOf({ trainable }: Model): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(trainable).map(([name, tensor]) => [name, [...tensor.dataSync() as Float32Array]]),
  );
}

for (const lora of [undefined, { ...LORA_DEFAULTS, rank: 2, dropout: 0, seed: 1 }]) {
  Deno.test(`task-vector moves ${lora ? "an adapter" : "weights"} as far the other way as training moves them`, async () => {
    const moved = async (negates: number | undefined) => {
      using loaded = await loadModel("tests/fixtures/gpt2/trained", {
        trainable: true,
        ...lora && { lora },
      });
      const { negates: _, ...trains } = TASK_VECTOR.objective();
      const method = negates === undefined ? trains : TASK_VECTOR.objective({ lambda: negates });
      const sets = { forget: [row([7, 8]), row([9, 1])], retain: [] };
      const options = { ...HOW, method, thresholds: THRESHOLDS };
      using steps = await UnlearnSteps.create(loaded.model, sets, options);
      const before = numbersOf(loaded.model);
      for (let turn = 0; turn < HOW.epochs; turn++) await steps.run(turn, () => Promise.resolve());
      return { before, after: numbersOf(loaded.model) };
    };
    const [trained, negated] = [await moved(undefined), await moved(2)];
    assertEquals(negated.before, trained.before);
    let most = 0;
    for (const [name, start] of Object.entries(trained.before)) {
      if (name.endsWith("c_attn.bias")) continue; // keys' biases have no gradient but rounding, which Adam makes steps of
      start.forEach((value, i) => {
        const vector = trained.after[name]![i]! - value;
        most = Math.max(most, Math.abs(vector));
        const off = negated.after[name]![i]! - (value - 2 * vector);
        assert(Math.abs(off) < 2e-5, `${name} ${i}: ${off}`);
      });
    }
    assert(most > 0.01);
  });
}

Deno.test("task-vector forgets what the model has memorized", async () => {
  using loaded = await loadModel("tests/fixtures/gpt2/trained", { trainable: true });
  const known = row([41, 5, 26]);
  const { status, history } = await unlearn(loaded.model, { forget: [known], retain: [] }, {
    ...{ ...HOW, epochs: 40, method: "task-vector", thresholds: THRESHOLDS },
  });
  assertEquals([status, history[0]!.ma], ["reached", 1]);
  assert(history.at(-1)!.ma! < THRESHOLDS.ma);
});
