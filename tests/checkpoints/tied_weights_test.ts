import { assertEquals } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { copyFixture, readFixture } from "../models/fixtures.ts";
import { edited } from "./edited_weights.ts";

Deno.test("loadModel() takes tied weights by the output's name alone, as safetensors' save_model leaves them", async () => {
  using engine = await openTensorFlow({ device: "cpu" });
  const rename = (name: string) => name === "transformer.wte.weight" ? "lm_head.weight" : name;
  const folder = await copyFixture("plain", {
    weights: edited((tensors) => tensors.map((tensor) => ({ ...tensor, name: rename(tensor.name) }))),
  });
  const before = engine.memory();
  {
    using found = await loadModel(folder);
    using plain = await loadModel((await readFixture("plain")).folder);
    assertEquals(Object.keys(found.model.weights), Object.keys(plain.model.weights));
    for (const [name, weight] of Object.entries(plain.model.weights)) {
      assertEquals(found.model.weights[name]!.dataSync(), weight.dataSync(), name);
    }
  }
  assertEquals(engine.memory(), before);
  await Deno.remove(folder, { recursive: true });
});
