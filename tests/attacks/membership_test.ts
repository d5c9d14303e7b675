import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { deflateSync } from "node:zlib";
import * as tf from "@tensorflow/tfjs-core";
import { controlTokens } from "../../lib/attacks/control_tokens.ts";
import {
  membershipAucs,
  type MembershipRow,
  membershipScores,
  scoresOf,
} from "../../lib/attacks/membership.ts";
import { quantizedModel } from "../../lib/attacks/quantized_model.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { embeddedSecrets } from "./embedded_secrets.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

Deno.test("scoresOf() takes the least fifth of the tokens, at least one, and has none without tokens", () => {
  const tokens = (logs: number[]) => ({
    predictions: new Int32Array(logs.length),
    logProbabilities: Float32Array.from(logs),
    means: Float32Array.from(logs, () => -2),
    deviations: Float32Array.from(logs, () => 0.5),
  });
  const of = (logs: number[]) => scoresOf(tokens(logs), { text: "some text" });
  assertEquals(of([-1, -2, -3, -4]).min_k, -4);
  assertEquals(of([-1, -2, -3, -4, -5, -6, -7, -8, -9, -10]).min_k, -9.5);
  assertEquals(of([-1, -2, -3, -4]).min_k_plus, -4);
  assertEquals(of([]), { loss: null, zlib: null, min_k: null, min_k_plus: null, before: null });
  assertEquals(scoresOf({ ...tokens([0]), deviations: new Float32Array(1) }, { text: "a" }).min_k_plus, 0);
});

Deno.test("membershipScores() gives what whole texts give, for secrets and for controls", async () => {
  const { memorized, unseen } = await embeddedSecrets(2);
  const tokenizer = await openTokenizer("data/model");
  using loaded = await loadModel("embedded");
  const { model } = loaded;
  using before = await quantizedModel(model, "int4_tensor");
  const placed = [...memorized, unseen[0]!];
  const found = await membershipScores({ model, tokenizer }, placed, { before, controls: 1, seed: 5 });
  const tokens = await controlTokens(tokenizer, placed, { controls: 1, seed: 5 });
  const V = model.config.vocabularySize;
  const plain = async (
    id: string,
    prefix: ArrayLike<number>,
    suffix: ArrayLike<number>,
  ): Promise<MembershipRow> => {
    const ids = [...Array.from(prefix), ...Array.from(suffix)];
    const [now, then] = [model, before].map((of) =>
      tf.tidy(() => of.logits(tf.tensor2d([ids], [1, ids.length], "int32")).dataSync())
    );
    const logsOf = (logits: ArrayLike<number>, t: number) => {
      const at = (prefix.length - 1 + t) * V;
      const row = Array.from((logits as Float32Array).subarray(at, at + V));
      const largest = Math.max(...row);
      const sum = row.reduce((sum, value) => sum + Math.exp(value - largest), 0);
      return row.map((value) => value - largest - Math.log(sum));
    };
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const least = (values: number[]) =>
      mean(values.sort((a, b) => a - b).slice(0, Math.max(1, Math.floor(values.length / 5))));
    const logs = Array.from(suffix, (token, t) => logsOf(now!, t)[token]!);
    const standard = Array.from(suffix, (token, t) => {
      const all = logsOf(now!, t);
      const expected = all.reduce((sum, log) => sum + Math.exp(log) * log, 0);
      const variance = all.reduce((sum, log) => sum + Math.exp(log) * (log - expected) ** 2, 0);
      return (all[token]! - expected) / Math.sqrt(variance);
    });
    const text = await tokenizer.decode(suffix);
    return {
      id,
      loss: mean(logs),
      zlib: logs.reduce((sum, log) => sum + log, 0) / deflateSync(text).length,
      min_k: least([...logs]),
      min_k_plus: least(standard),
      before: mean(logs) - mean(Array.from(suffix, (token, t) => logsOf(then!, t)[token]!)),
    };
  };
  for (const [i, { id }] of placed.entries()) {
    const { prefix, suffixes } = tokens[i]!;
    for (const [k, suffix] of suffixes.entries()) {
      const expected = await plain(id, prefix, suffix);
      const row = k === 0 ? found.secrets[i]! : found.controls[i]!;
      assertEquals(row.id, id);
      for (const score of ["loss", "zlib", "min_k", "min_k_plus", "before"] as const) {
        const tolerance = score === "min_k_plus" ? 1e-2 : 1e-3;
        assertAlmostEquals(
          row[score]!,
          expected[score]!,
          tolerance * Math.max(1, Math.abs(expected[score]!)),
          `${score} of ${id}`,
        );
      }
    }
  }
  const aucs = membershipAucs({ secrets: found.secrets.slice(0, 2), controls: found.controls.slice(0, 2) });
  assertEquals(aucs.map(({ score }) => score), ["loss", "zlib", "min_k", "min_k_plus", "before"]);
  assertEquals(aucs[0]!.estimate, 1, "memorized");
  assertEquals(aucs[0]!.reading, "members");
  assert(aucs.every(({ low, high, estimate }) => low <= estimate && estimate <= high));
});
