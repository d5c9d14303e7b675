import { assertEquals } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { qwen2 } from "../../lib/models/qwen2.ts";
import { testFamily, testRefusals } from "./families.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

testFamily(engine, ["qwen2/plain", "qwen2/tied", "qwen2/window"]);

Deno.test("qwen2.readConfig() has a sliding window on the layers that use one, and biases of its own", () => {
  const windows = (fields: Record<string, unknown>) =>
    qwen2.readConfig({ num_hidden_layers: 3, ...fields }, "c.json").windows;
  assertEquals(windows({}), undefined);
  assertEquals(windows({ use_sliding_window: false, sliding_window: 16 }), undefined);
  assertEquals(windows({ use_sliding_window: true, sliding_window: 16, max_window_layers: 1 }), [
    null,
    16,
    16,
  ]);
  assertEquals(windows({ use_sliding_window: true, sliding_window: 16, max_window_layers: 3 }), undefined);
  assertEquals(windows({ use_sliding_window: true, sliding_window: 16 }), undefined); // max_window_layers is 28
  assertEquals(windows({ use_sliding_window: true, sliding_window: null, max_window_layers: 0 }), undefined);
  assertEquals(
    windows({ use_sliding_window: true, sliding_window: 131072, max_window_layers: 0 }),
    undefined,
  );
  assertEquals(
    qwen2.readConfig({ use_sliding_window: true, sliding_window: 16 }, "c.json").maxPositions,
    32768,
  );
  const { biases, vocabularySize, innerWidth } = qwen2.readConfig(
    { attention_bias: false, mlp_bias: true },
    "c.json",
  );
  assertEquals([biases, vocabularySize, innerWidth], [
    { qkv: true, output: false, mlp: false },
    151936,
    22016,
  ]);
});

testRefusals(qwen2, { hidden_size: 16, num_attention_heads: 4, num_key_value_heads: 2 }, [
  [
    { use_sliding_window: true, sliding_window: 0, max_window_layers: 0 },
    "sliding_window is 0: expected a whole number of at least 1",
  ],
  [{ use_sliding_window: "no" }, 'use_sliding_window is "no": expected true or false'],
  [{ quantization_config: {} }, "quantization_config is {}: expected none: it is not supported"],
]);
