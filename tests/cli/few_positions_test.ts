import { assertEquals, assertStringIncludes } from "@std/assert";
import { FORGET_COLUMNS } from "../../lib/datasets/columns.ts";
import { readRows, writeRows } from "../../lib/datasets/row_table.ts";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import { tiny } from "./tiny_cases.ts";
import {
  drawSecret,
  type TinyConfig,
  tinyConfig,
  tinyWeights,
  writeTexts,
  writeTinyModel,
} from "./tiny_run.ts";

const FILLER = "x = 1\n".repeat(60); // 360 tokens of a byte each

/** A tiny run of a model of 256 positions, and texts whose secrets stand behind its first window. */
async function fewPositions() {
  const at = await tiny();
  const config = tinyConfig({ n_positions: 256 }) as TinyConfig;
  await writeTinyModel(at.model, { config, weights: encodeSafetensors(tinyWeights(config)) });
  const texts = [0, 1, 2, 3].map((i) => [`d${i}`, `# ${i}\n${FILLER}key = "${drawSecret(i)}"\n`]);
  await writeTexts(at.path("far.jsonl"), Object.fromEntries(texts));
  const corpus = at.path("far.jsonl");
  assertEquals((await at.run("detect", { corpus, out: at.path("found.parquet") })).code, 0);
  return { ...at, corpus, [Symbol.dispose]: () => at[Symbol.dispose]() };
}

Deno.test("a model of fewer positions than a window has gets windows of its own length, from probe to attack", async () => {
  using at = await fewPositions();
  const { corpus } = at;
  const good = async (command: string, changes: Parameters<typeof at.run>[1]) => {
    const { code, stderr } = await at.run(command, { corpus, ...changes });
    assertEquals(code, 0, `${command}: ${stderr}`);
  };
  const probe = at.path("probed.parquet");
  await good("probe", { secrets: at.path("found.parquet"), out: probe });
  await good("select", { probe, "min-ma": 0, k: 3, groups: 1, "min-mask-tokens": 1, out: at.path("sets") });
  const forget = at.path("sets/forget_0.parquet");
  const rows = await readRows(forget, FORGET_COLUMNS);
  assertEquals(
    rows.every(({ window }) => window > 100),
    true,
    "windows begin so late that 256 tokens reach a secret",
  );
  const thresholds = { thresholds: undefined, ma: 1, el10: 1, epochs: 1 };
  await good("unlearn", { forget, method: "ga", retain: undefined, ...thresholds, out: at.path("erased") });
  const erased = { model: at.path("erased"), before: at.model, forget };
  await good("evaluate", { ...erased, retain: undefined, out: at.path("evaluated.csv") });
  await good("attack", { ...erased, attacks: "exposure", out: at.path("attacked") });
});

Deno.test("a forget set of a model with more positions is refused where the secret is out of reach", async () => {
  using at = await fewPositions();
  const [row] = await readRows(at.forget, FORGET_COLUMNS);
  const spans = JSON.stringify([["KEY", FILLER.length + 11, FILLER.length + 51]]);
  await writeRows(at.path("forget.jsonl"), [{ ...row!, doc_id: "d0", window: 0, spans }], FORGET_COLUMNS);
  const changes = { corpus: at.corpus, forget: at.path("forget.jsonl"), method: "ga", retain: undefined };
  const { code, stderr } = await at.run("unlearn", changes);
  assertEquals(code, 1);
  assertStringIncludes(
    stderr,
    "it is not within 256 tokens from token 0 on, all that the model has positions for",
  );
});
