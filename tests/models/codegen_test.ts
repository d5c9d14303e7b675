import { openTensorFlow } from "../../lib/engine/engine.ts";
import { codegen } from "../../lib/models/codegen.ts";
import { testFamily, testRefusals } from "./families.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

testFamily(engine, ["codegen/plain", "codegen/tied"]);

testRefusals(codegen, { n_embd: 32, n_head: 8, rotary_dim: 4 }, [
  [{ n_head: 5 }, "n_head is 5: expected a divisor of n_embd = 32"],
  [{ n_head: 2 }, "n_head is 2: expected a multiple of 4"],
  [{ rotary_dim: 6 }, "rotary_dim is 6: expected an even number, at most the width of a head = 4"],
  [{ rotary_dim: 3 }, "rotary_dim is 3: expected an even number, at most the width of a head = 4"],
  [{ rotary_dim: 0 }, "rotary_dim is 0: expected a whole number of at least 1"],
  [{ n_layer: -1 }, "n_layer is -1: expected a whole number of at least 1"],
  [{ quantization_config: {} }, "quantization_config is {}: expected none: it is not supported"],
]);
