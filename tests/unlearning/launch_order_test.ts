import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Adam } from "../../lib/training/adam.ts";
import { GradientSums } from "../../lib/training/gradient_sums.ts";
import { microBatches } from "../../lib/unlearning/micro_batches.ts";
import { ObjectiveStep } from "../../lib/unlearning/objective_step.ts";
import { watchEngine } from "../engine/watch_engine.ts";

Deno.test("ObjectiveStep launches all micro-batches before it reads a loss: a GPU never waits for the next", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  using loaded = await loadModel("tests/fixtures/gpt2/plain");
  const { model } = loaded;
  using optimizer = new Adam(model.weights, { betas: [0.9, 0.98] });
  using sums = new GradientSums(model.weights, optimizer, { xla: false });
  const rows = [1, 2, 3].map((id) => ({ ids: Int32Array.of(id, 4, 5), mask: Uint8Array.of(0, 0, 1) }));
  const batches = microBatches(rows, { crossEntropySecret: -1 }, { size: 1 });
  using step = await ObjectiveStep.create({ model, sums, xla: false }, batches);
  using watch = watchEngine();
  const { loss } = await step.run(1e-3, () => watch.add("told"));
  const launches = watch.log.slice(0, 3 * batches.length);
  assertEquals(launches, batches.flatMap(() => ["launch", "end", "told"]));
  assert(watch.log[launches.length] === "read" && loss < 0);
});
