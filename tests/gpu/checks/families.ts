/**
 * Logits, loss and gradients of every model family, on the tiny models of tests/fixtures: eager, captured and compiled by
 * XLA; in float32, with TF32, and with products in bfloat16.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import { compile, type Products } from "../../../lib/engine/compile.ts";
import { loadModel } from "../../../lib/checkpoints/load.ts";
import type { MODELS } from "../../../lib/models/models.ts";
import type { Model } from "../../../lib/models/model.ts";
import { nextTokenLosses, valueAndGradients } from "../../../lib/training/next_token_loss.ts";
import { readFixtureFolder } from "../../models/fixtures.ts";
import type { Check, CheckContext, Comparison, MissingRow } from "../check_types.ts";
import { GRADIENT } from "../compare.ts";
import { setTf32 } from "../switches.ts";

type Family = keyof typeof MODELS;

/** Folders of tests/fixtures; the first of a family is compiled by XLA as well. */
const FIXTURES: Readonly<Record<Family, readonly string[]>> = {
  gpt2: ["gpt2/plain", "gpt2/codeparrot", "gpt2/untied", "gpt2/half", "gpt2/bfloat", "gpt2/trained"],
  codegen: ["families/codegen/plain", "families/codegen/tied"],
  qwen2: ["families/qwen2/plain", "families/qwen2/tied", "families/qwen2/window"],
  llama: ["plain", "smol", "biased", "linear", "dynamic", "llama3", "yarn"].map((name) =>
    `families/llama/${name}`
  ),
  gpt_neox: ["families/gpt_neox/plain", "families/gpt_neox/sequential"],
  gpt_bigcode: ["families/gpt_bigcode/plain", "families/gpt_bigcode/heads"],
  starcoder2: ["families/starcoder2/plain", "families/starcoder2/window"],
  mistral: ["families/mistral/plain"],
  qwen3: ["families/qwen3/plain"],
  gpt_neo: ["families/gpt_neo/plain"],
  gptj: ["families/gptj/plain"],
  phi: ["families/phi/plain"],
  phi3: ["families/phi3/plain", "families/phi3/long"],
  gemma: ["families/gemma/plain"],
  stablelm: ["families/stablelm/plain"],
  granite: ["families/granite/plain"],
  olmo2: ["families/olmo2/plain"],
};

/** Families that --quick does. */
const QUICK: readonly Family[] = ["gpt2", "llama"];

/**
 * What products are computed in, and how far that may lead from the CPU's float32. In bfloat16 the gradients of the tiny
 * qwen2, whose attention is sharp, are 7 % off on a CPU as well.
 */
const MODES = [
  { name: "float32", tf32: false, products: "float32", rule: "magnitude", bound: 1e-4 },
  // TF32 keeps three bits more than bfloat16: an eighth of its bound
  { name: "TF32", tf32: true, products: "float32", rule: "norm", bound: 1e-1 / 8 },
  { name: "bfloat16", tf32: false, products: "bfloat16", rule: "norm", bound: 1e-1 },
] as const;
type Mode = typeof MODES[number];

/** The logits, the loss and the gradients of a model. */
function lossAndGradients(model: Model, ids: tf.Tensor): Record<string, tf.Tensor> {
  const { loss, gradients } = valueAndGradients(model.weights, () => tf.mean(nextTokenLosses(model, ids)));
  const named = Object.entries(gradients).map(([name, gradient]) => [`${GRADIENT}${name}`, gradient]);
  return { logits: model.logits(ids), loss, ...Object.fromEntries(named) };
}

/** Puts what a fixture's model computes in one way. */
async function putStep(
  { put }: CheckContext,
  part: string,
  { folder, ids }: { folder: string; ids: number[][] },
  { way, products }: { way: string; products: Products },
): Promise<void> {
  using loaded = await loadModel(folder, { products, trainable: true });
  const input = tf.tensor2d(ids, undefined, "int32");
  using held = new DisposableStack();
  held.adopt(input, tf.dispose);
  const step = (ids: tf.Tensor) => lossAndGradients(loaded.model, ids);
  if (way === "eager") {
    await put(part, held.adopt(tf.tidy(() => step(input)), tf.dispose));
    return;
  }
  using compiled = compile(step, { xla: way === "XLA", products });
  await put(part, held.adopt(await compiled.async(input), tf.dispose));
}

/** Which ways a fixture is computed in. */
function waysOf(family: Family, fixture: string, mode: Mode, quick: boolean): string[] {
  const isFirst = fixture === FIXTURES[family][0];
  const withXla = isFirst && (!quick || (family === "gpt2" && mode.name === "float32"));
  const ways = mode.products === "bfloat16" ? ["captured"] : ["eager", "captured"]; // only captured steps have it
  return withXla ? [...ways, "XLA"] : ways;
}

/** In which modes and ways a family's fixtures are computed. */
function plan(family: Family, { quick, device }: { quick: boolean; device: "cpu" | "gpu" }) {
  const modes = MODES.filter(({ tf32 }) => !tf32 || device === "gpu");
  const fixtures = quick ? FIXTURES[family].slice(0, 1) : FIXTURES[family];
  return modes.flatMap((mode) =>
    fixtures.filter((fixture) => mode.name === "float32" || fixture === fixtures[0]).map((fixture) => ({
      mode,
      fixture,
      ways: waysOf(family, fixture, mode, quick),
    }))
  );
}

const partOf = (fixture: string, mode: string, way: string) =>
  `${fixture.replaceAll("/", "-")}.${mode}.${way}`;

async function run(family: Family, context: CheckContext): Promise<void> {
  const { isReference, quick, engine } = context;
  for (const { mode, fixture, ways } of plan(family, { quick, device: engine.device })) {
    if (isReference && mode.name !== "float32") continue;
    const read = await readFixtureFolder(fixture);
    for (const way of isReference ? ["eager"] : ways) {
      const part = partOf(fixture, mode.name, way);
      await context.part(part, async () => {
        if (engine.device === "gpu") setTf32(mode.tf32);
        try {
          await putStep(context, part, read, { way, products: mode.products });
        } finally {
          if (engine.device === "gpu") setTf32(false);
        }
      });
    }
  }
}

function rows(
  family: Family,
  options: { quick: boolean; device: "cpu" | "gpu" },
): (Comparison | MissingRow)[] {
  const all = plan(family, options);
  const first = FIXTURES[family][0]!;
  const rowOf = (row: string, planned: typeof all): Comparison => ({
    row,
    what: `logits, loss, gradients: ${[...new Set(planned.flatMap(({ ways }) => ways))].join(", ")}`,
    pairs: planned.flatMap(({ fixture, mode, ways }) =>
      ways.map((way) => ({
        part: partOf(fixture, mode.name, way),
        reference: partOf(fixture, "float32", "eager"),
      }))
    ),
    rule: planned[0]!.mode.rule,
    bound: planned[0]!.mode.bound,
  });
  const modes = MODES.map((mode): Comparison | MissingRow => {
    const planned = all.filter((item) => item.fixture === first && item.mode === mode);
    const row = `${family} ${mode.name}`;
    if (planned.length === 0) {
      return { row, what: "logits, loss, gradients", notOffered: "a CPU has no TF32" };
    }
    return rowOf(row, planned);
  });
  const others = all.filter(({ fixture }) => fixture !== first);
  if (others.length === 0) return modes;
  const count = new Set(others.map(({ fixture }) => fixture)).size;
  return [...modes, rowOf(`${family}, ${count} other ${count > 1 ? "models" : "model"}`, others)];
}

/** A check for each family. */
export const FAMILY_CHECKS: readonly Check[] = (Object.keys(FIXTURES) as Family[]).map((family) => ({
  name: family,
  seconds: 90,
  isLong: !QUICK.includes(family),
  run: (context) => run(family, context),
  rows: (options) => rows(family, options),
}));
