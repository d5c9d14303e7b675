import { assert, assertEquals } from "@std/assert";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { MatchedThresholds } from "../../lib/cli/unlearn_thresholds.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

/** A made-up key whose first tokens all keys of its format have in common, and which the embedded model knows. */
const KEY = ["pypi-AgEI", "cHlwaS5vcmc", "aB3xK9qLm2Zw7RtYuP5sD8fG".repeat(3)].join("");

Deno.test("MatchedThresholds.score() measures EL_10 of controls where the format gives ten tokens in a row away", async () => {
  using loaded = await loadModel("embedded");
  const tokenizer = await openTokenizer("data/model");
  const text = `mail = "ada@mail.invalid"\ntoken = "${KEY}"\n`;
  const place = (tag: string, value: string) => {
    const start = text.indexOf(value);
    return { doc_id: "a", tag, start, end: start + value.length };
  };
  const given = {
    documents: [{ docId: "a", path: null, text }],
    secrets: [place("EMAIL", "ada@mail.invalid"), place("KEY", KEY)],
  };
  let secrets = 0;
  const under = { model: loaded.model, tokenizer };
  using matched = await MatchedThresholds.create(under, given, { seed: 42, controls: 20 });
  const [mail, key] = await matched.score((done) => void (secrets += done));
  assert(key!.el_10 > mail!.el_10, `${key!.el_10} is not above ${mail!.el_10}`);
  assertEquals([mail!.controls, key!.controls, secrets], [20, 20, 2]);
});
