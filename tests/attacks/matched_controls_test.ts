import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { controlTokens } from "../../lib/attacks/control_tokens.ts";
import { extractSecrets } from "../../lib/attacks/extraction.ts";
import { scoreControls } from "../../lib/attacks/matched_controls.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { ksUniform } from "../../lib/metrics/ks_uniform.ts";
import { mean } from "../../lib/metrics/mean.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { embeddedSecrets } from "./embedded_secrets.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const { memorized, unseen } = await embeddedSecrets(20);
const tokenizer = await openTokenizer("data/model");

Deno.test("scoreControls() gives the scores that each control has alone, in its own text", async () => {
  using loaded = await loadModel("embedded");
  const { model } = loaded;
  const secrets = [memorized[0]!, unseen[1]!];
  const { rows, distributions } = await scoreControls({ model, tokenizer }, secrets, {
    controls: 12,
    elControls: 7,
  });
  const tokens = await controlTokens(tokenizer, secrets, { controls: 12, seed: 42 });
  using scorer = new Scorer(model);
  for (const [i, { prefix, suffixes }] of tokens.entries()) {
    const alone = await scorer.secrets(suffixes.map((secret) => ({ prefix, secret })), {
      endOfText: tokenizer.endOfText,
    });
    const [own, ...others] = alone;
    const { ma, el_10, nll, log_probability } = distributions[i]!;
    assertEquals([rows[i]!.ma, rows[i]!.el_10], [own!.ma, own!.el_10]);
    assertAlmostEquals(rows[i]!.nll!, own!.nll!, 1e-4);
    assertEquals(ma, others.map((scores) => scores.ma));
    assertEquals(el_10, others.slice(0, 7).map((scores) => scores.el_10));
    others.forEach((scores, k) => {
      assertAlmostEquals(nll[k]!, scores.nll!, 1e-4);
      assertAlmostEquals(log_probability[k]!, -scores.nll! * suffixes[k + 1]!.length, 1e-2);
    });
    const controls = await scorer.tokens(suffixes.slice(1).map((secret) => ({ prefix, secret })));
    const runOf = ({ hits }: { hits: boolean[] }) =>
      Math.max(...hits.map((hit) => hit ? "1" : "0").join("").split("0").map(({ length }) => length));
    assertEquals(distributions[i]!.runs, controls.map(runOf));
    const [known] = await scorer.tokens([{ prefix, secret: suffixes[0]! }]);
    const losses = controls.map(({ logProbabilities }, k) => {
      const parts = suffixes[0]!.findIndex((token, t) => token !== suffixes[k + 1]![t]);
      const rest = Math.log(Math.max(1e-4, 1 - Math.exp(known!.logProbabilities[parts]!)));
      return Array.from(logProbabilities, (log, t) => t === parts ? Math.max(0, rest - log) : -log);
    });
    const length = suffixes[0]!.length;
    const byLoss = losses.toSorted((a, b) => mean(a) - mean(b));
    const isIts = (own: readonly number[]) =>
      distributions[i]!.tokens.every((loss, t) => {
        const at = t < length / 2 ? Math.min(t, own.length - 1) : Math.max(own.length - length + t, 0);
        return Math.abs(own[at]! - loss) < 1e-3;
      });
    assertEquals(distributions[i]!.tokens.length, length);
    assert(byLoss.slice(1, 11).some(isIts), "the losses are not one control's, or one's at the ends");
  }
});

Deno.test("scoreControls() puts memorized secrets at the bottom and spreads twins that were never seen", async () => {
  using loaded = await loadModel("embedded");
  const given = { model: loaded.model, tokenizer };
  let done = 0;
  const options = { controls: 39, onProgress: (count: number) => void (done += count) };
  const { rows } = await scoreControls(given, [...memorized, ...unseen], options);
  assertEquals(done, 40);
  rows.forEach((row, i) => {
    const { id, format } = [...memorized, ...unseen][i]!;
    assertEquals([row.id, row.format, row.controls], [id, format, 39]);
  });
  const [seen, twins] = [rows.slice(0, 20), rows.slice(20)];
  const ofSeen = seen.map(({ nll_p_value }) => nll_p_value!);
  assert(ofSeen.filter((p) => p === 1 / 40).length >= 19, ofSeen.join(" "));
  assert(seen.every(({ ma, ma_threshold }) => ma! > ma_threshold!));
  assert(seen.every(({ nll, nll_threshold }) => nll! < nll_threshold!));
  assert(seen.filter(({ exposure }) => exposure === Math.log2(40)).length >= 19);
  const smooth = twins.map(({ nll_smooth_p_value }) => nll_smooth_p_value!);
  assert(ksUniform(smooth).p_value > 0.01, smooth.join(" "));
  assert(twins.filter(({ ma, ma_threshold }) => ma! > ma_threshold!).length <= 4);
  assert(
    rows.every(({ el_10, el_10_threshold, el_10_p_value }) =>
      el_10 === null && el_10_threshold === null && el_10_p_value === null
    ),
  );
});

Deno.test("scoreControls() says where a format has no other value, and refuses nothing", async () => {
  using loaded = await loadModel("embedded");
  const secret = { id: "dashes", text: "key = '—#—'", tag: "KEY", start: 7, end: 10 };
  const { rows: [row] } = await scoreControls({ model: loaded.model, tokenizer }, [secret], { controls: 5 });
  assertEquals([row!.controls, row!.ma_threshold, row!.nll_p_value, row!.exposure], [0, null, null, null]);
  assert(row!.ma !== null && row!.nll !== null);
  const empty = { id: "empty", text: "key = ", tag: "KEY", start: 6, end: 6 };
  const { rows: [none] } = await scoreControls({ model: loaded.model, tokenizer }, [empty], {
    controls: 5,
    elControls: 5,
  });
  assertEquals([none!.controls, none!.ma, none!.nll, none!.el_10, none!.exposure], [
    0,
    null,
    null,
    null,
    null,
  ]);
  assertEquals(
    (await extractSecrets({ model: loaded.model, tokenizer }, [empty])).map((
      { tokens, greedy, log_q, beam },
    ) => [tokens, greedy, log_q, beam]),
    [[0, null, null, null]],
  );
});

Deno.test("messages name secrets by id, never by value", async () => {
  using loaded = await loadModel("tests/fixtures/gpt2/trained"); // 64 tokens
  const given = { model: loaded.model, tokenizer };
  for (
    const attack of [
      () => scoreControls(given, [unseen[0]!], { controls: 2 }),
      () => extractSecrets(given, [unseen[0]!]),
    ]
  ) {
    const error = await assertRejects(attack, RangeError, `secret "${unseen[0]!.id}`);
    const { text, start, end } = unseen[0]!;
    assert(!error.message.includes(text.slice(start, end)));
  }
});
