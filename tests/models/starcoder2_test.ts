import { openTensorFlow } from "../../lib/engine/engine.ts";
import { starcoder2 } from "../../lib/models/starcoder2.ts";
import { testFamily, testRefusals } from "./families.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

testFamily(engine, ["starcoder2/plain", "starcoder2/window"]);

testRefusals(starcoder2, { hidden_size: 48, num_attention_heads: 4 }, [
  [{ sliding_window: -1 }, "sliding_window is -1: expected a whole number of at least 1"],
  [{ num_key_value_heads: 3 }, "num_key_value_heads is 3: expected a divisor of num_attention_heads = 4"],
  [{ norm_epsilon: "small" }, 'norm_epsilon is "small": expected a positive number'],
  [{ quantization_config: {} }, "quantization_config is {}: expected none: it is not supported"],
]);
