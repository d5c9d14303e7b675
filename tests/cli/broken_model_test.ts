import { existsSync } from "node:fs";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import { tiny } from "./tiny_cases.ts";
import { tinyWeights, writeCertainModel, writeTinyModel } from "./tiny_run.ts";

/** Every weight is finite, so that the model loads; what it computes is not. */
const TOO_LARGE = encodeSafetensors(
  tinyWeights().map((tensor) => ({ ...tensor, values: tensor.values.map((value) => 1e30 * value) })),
);

Deno.test("a model whose logits are not finite is no model that has forgotten: every command that scores says so", async () => {
  using at = await tiny();
  const model = at.path("broken");
  await writeTinyModel(model, { weights: TOO_LARGE });
  const message = /Cannot score (\w+ )?(text|secret) \d+ with model ".*broken": the logits are not finite: /;
  for (const command of ["measure", "thresholds", "probe", "retain", "evaluate"]) {
    await at.fail(command, { model }, message);
  }
  await at.fail(
    "attack",
    { model },
    /Cannot score secret ".*" with model ".*broken": the logits are not finite/,
  );
  await at.fail("probe", { model, el: true }, message);
  await at.fail("evaluate", { before: model, model: at.model }, message);
  const { code, stdout, stderr } = await at.run("unlearn", { model });
  const lines = stderr.trimEnd().split("\n").filter((line) => line.startsWith("codescrub: "));
  assertEquals([code, stdout, lines.length], [1, "", 1], stderr);
  assertMatch(lines[0]!, message);
  assert(!existsSync(at.path("out")));
});

Deno.test("unlearn that diverges keeps the best weights, fails and says why", async () => {
  using at = await tiny();
  await writeCertainModel(at.model, "n"); // with which each secret begins
  const thresholds = { thresholds: undefined, ma: 0, el10: 0 }; // so that there is something to do
  const { code, stderr } = await at.run("unlearn", { ...thresholds, lr: 1e30, epochs: 3 });
  const [last] = stderr.trimEnd().split("\n").slice(-1);
  assertEquals(code, 1, stderr);
  assertMatch(
    last!,
    /^codescrub: Cannot .* (is NaN|is Infinity|not finite).*: the weights of epoch 0 are written: try --lr 1e\+29$/,
  );
  const { status, summary } = JSON.parse(await Deno.readTextFile(at.path("out/run.json")));
  assertEquals([status, summary.status, summary.epoch], ["finished", "diverged", 0]);
});
