import { assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { workExample } from "../../lib/evaluation/worked_example.ts";
import { predictWith, scoreText } from "../metrics/plain_definitions.ts";
import { continueGreedily, newTinyModel } from "./tiny_model.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const IDS = [7, 3, 9, 9, 9, 4, 5, 9, 9, 9, 11, 2];

Deno.test("workExample() comes to the plain definitions' MA and EL_n", async () => {
  using model = newTinyModel();
  using predict = predictWith(model);
  const scores = scoreText(predict, IDS);
  for (const [n, el] of [[3, scores.el_3], [5, scores.el_5], [10, scores.el_10]] as const) {
    const example = await workExample(model, IDS, { n });
    assertAlmostEquals(example.ma, scores.ma!);
    assertAlmostEquals(example.el, el!);
    assertEquals(
      example.prefixes.map(({ prefix }) => prefix),
      Array.from({ length: IDS.length - n }, (_, i) => i + 1),
    );
  }
});

Deno.test("workExample() decodes after each prefix and marks the tokens of matching n-grams", async () => {
  using model = newTinyModel();
  using predict = predictWith(model);
  const first = continueGreedily(predict, IDS.slice(0, 2), 4);
  const text = [...IDS.slice(0, 2), ...first, 300]; // the model's own words, and one token that it does not say
  const { predictions, prefixes } = await workExample(model, text, { n: 3 });
  assertEquals(predictions.slice(1, 5), first);
  const [, second] = prefixes;
  assertEquals(second!.decoded.slice(0, 4), first);
  assertEquals(second!.grams, text.length - 2 - 3 + 1);
  assertEquals(second!.isMatched.slice(0, 4), [true, true, true, true]);
  assertEquals(second!.matches >= 2, true);
});

Deno.test("workExample() refuses a text without an n-gram after its first token", async () => {
  using model = newTinyModel();
  await assertRejects(
    () => workExample(model, [1, 2, 3]),
    RangeError,
    "EL_3 of 3 tokens: it needs at least 4",
  );
});
