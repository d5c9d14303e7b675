import { assert, assertEquals } from "@std/assert";
import { ConfigReader } from "../../lib/models/config.ts";
import { readRope } from "../../lib/models/rope_scaling.ts";
import CASES from "../fixtures/rope.json" with { type: "json" };

for (const { config, frequencies, magnitude } of CASES) {
  Deno.test(`readRope() of ${JSON.stringify(config)} is transformers'`, () => {
    const sizes = { headWidth: 128, positions: config.max_position_embeddings };
    const rope = readRope(new ConfigReader(config, "config.json"), sizes);
    assertEquals(rope.frequencies.length, frequencies.length);
    const errors = rope.frequencies.map((frequency, i) => Math.abs(frequency / frequencies[i]! - 1));
    assert(Math.max(...errors) < 3e-7, `the largest relative error is ${Math.max(...errors)}`);
    assert(Math.abs(rope.magnitude / magnitude - 1) < 1e-12);
  });
}

Deno.test("readRope() prefers what stands in the object, and rope_scaling to rope_parameters", () => {
  const read = (json: Record<string, unknown>) =>
    readRope(new ConfigReader(json, "config.json"), { headWidth: 4, positions: 8 }).frequencies;
  assertEquals(read({}), [1, Math.fround(0.01)]);
  assertEquals(read({ rope_theta: 100, rope_parameters: { rope_theta: 16 } }), [1, 0.25]);
  assertEquals(read({ rope_theta: 16, rope_scaling: null, rope_parameters: null }), [1, 0.25]);
  const [scaling, parameters] = [{ type: "linear", factor: 2 }, { rope_type: "default" }];
  assertEquals(read({ rope_theta: 16, rope_scaling: scaling, rope_parameters: parameters }), [0.5, 0.125]);
  assertEquals(read({ rope_theta: 16, rope_scaling: { type: "dynamic", factor: 2 } }), [1, 0.25]);
});
