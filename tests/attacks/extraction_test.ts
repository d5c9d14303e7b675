import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import * as tf from "@tensorflow/tfjs-core";
import { drawSecrets } from "../../lib/attacks/drawn_secrets.ts";
import { extractionStrength, extractSecrets } from "../../lib/attacks/extraction.ts";
import { FormatTokens } from "../../lib/attacks/format_tokens.ts";
import { formatOf } from "../../lib/attacks/value_format.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { tokenizeSecrets } from "../../lib/datasets/secret_tokens.ts";
import { Generator } from "../../lib/decoding/generator.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { embeddedSecrets } from "./embedded_secrets.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const DRAWS = 200;
const { memorized, unseen } = await embeddedSecrets(3);
const tokenizer = await openTokenizer("data/model");

Deno.test("extractSecrets() gives what whole texts, greedy decoding and the definitions give", async () => {
  using loaded = await loadModel("embedded");
  const { model } = loaded;
  const V = model.config.vocabularySize;
  const secrets = [...memorized, ...unseen];
  const rows = await extractSecrets({ model, tokenizer }, secrets);
  const tokens = await tokenizeSecrets(tokenizer, secrets);
  const formats = await FormatTokens.of(tokenizer, V);
  using generator = new Generator(model);
  for (const [i, row] of rows.entries()) {
    const { prefix, secret } = tokens[i]!;
    const { text, start, end, tag, id } = secrets[i]!;
    const ids = [...Array.from(prefix), ...Array.from(secret)];
    const logits = tf.tidy(() => model.logits(tf.tensor2d([ids], [1, ids.length], "int32")).dataSync());
    const { slots } = formatOf({ value: text.slice(start, end), tag });
    const { allow } = formats.maskOf(slots);
    let [q, top, fitting] = [0, 0, 0];
    secret.forEach((token, t) => {
      const at = (prefix.length - 1 + t) * V;
      const row = Array.from(logits.subarray(at, at + V));
      const weight = (value: number) => Math.exp(value - row[token]!);
      const sum = (values: number[]) => values.reduce((sum, value) => sum + weight(value), 0);
      q -= Math.log(sum(row));
      const best = [...row].sort((a, b) => b - a).slice(0, 40);
      top = best.includes(row[token]!) ? top - Math.log(sum(best)) : -Infinity;
      const allowed = allow(secret.slice(0, t));
      assertEquals(allowed[token], 1, id);
      fitting -= Math.log(sum(row.filter((_, v) => allowed[v] === 1)));
    });
    assertEquals(row.id, id);
    assertAlmostEquals(row.log_q!, q, 1e-3, id);
    if (top === -Infinity) assertEquals(row.top_log_q, -Infinity, id);
    else assertAlmostEquals(row.top_log_q!, top, 1e-3, id);
    assertAlmostEquals(row.format_log_q!, fitting, 1e-3, id);
    assert(row.format_log_q! >= row.log_q!, id);
    const [greedy] = await generator.generate([prefix], { maxTokens: secret.length });
    assertEquals(row.greedy, greedy!.join() === secret.join(), id);
    assertEquals(row.strength === 1, row.greedy, id);
    assertAlmostEquals(row.discoverable_100!, 1 - (1 - Math.exp(row.log_q!)) ** 100, 1e-9, id);
    assert(!row.greedy || row.beam, id);
    assert(!row.beam || row.format_beam, id);
    assert(!row.format_beam || row.weighed_beam, id);
  }
  const of = (from: number, to: number) => rows.slice(from, to).filter(({ beam }) => beam).length;
  assertEquals([of(0, memorized.length), of(memorized.length, rows.length)], [memorized.length, 0]);
});

Deno.test("drawSecrets() draws as often as extractSecrets() says", async () => {
  using loaded = await loadModel("embedded");
  const text = "import numpy as np\nimport os\nimport sys\n\n\ndef f(self):\n    return self";
  const places = [[13, 15], [45, 47], [26, 28], [48, 49]].map(([start, end]) => ({
    id: `${start}`,
    text,
    tag: "NAME",
    start: start!,
    end: end!,
  }));
  const given = { model: loaded.model, tokenizer };
  const rows = await extractSecrets(given, places, { beams: false });
  const drawn = await drawSecrets(given, places, { draws: DRAWS });
  const between = rows.filter(({ log_q }) => Math.exp(log_q!) > 0.02 && Math.exp(log_q!) < 0.98);
  assert(between.length >= 1, JSON.stringify(rows.map(({ log_q }) => Math.exp(log_q!))));
  drawn.forEach(({ hits, leak, overlap }, i) => {
    const q = Math.exp(rows[i]!.log_q!);
    assert(
      Math.abs(hits / DRAWS - q) <= 4 * Math.sqrt(q * (1 - q) / DRAWS) + 1e-3,
      `${hits} of ${DRAWS} at ${q}`,
    );
    assertAlmostEquals(leak["1"]!, hits / DRAWS, 1e-12);
    assertEquals(leak[DRAWS], hits > 0 ? 1 : 0);
    assertEquals(Object.keys(overlap), ["1", "10", "100", `${DRAWS}`]);
    assert(overlap["10"]! >= leak["10"]!);
    assertEquals([rows[i]!.beam, rows[i]!.format_beam, rows[i]!.weighed_beam], [null, null, null]);
  });
});

Deno.test("extractionStrength() counts what need not be given", () => {
  assertEquals(extractionStrength([], []), null);
  assertEquals(extractionStrength([5, 6], [5, 6]), 1);
  assertEquals(extractionStrength([5, 9, 7, 8], [5, 6, 7, 8]), 0.5);
  assertEquals(extractionStrength([5, 6, 7, 9], [5, 6, 7, 8]), 0);
});

Deno.test("FormatTokens lets no token go on that leaves the format or its length", async () => {
  const V = tokenizer.vocabularySize;
  const formats = await FormatTokens.of(tokenizer, V + 3);
  const { allow } = formats.maskOf(["a", "bc", "bc"]);
  const texts = async (mask: Uint8Array) => {
    const found: string[] = [];
    for (const [id, bit] of mask.entries()) if (bit === 1) found.push(await tokenizer.decode([id]));
    return found.sort();
  };
  const first = await texts(allow([]));
  assert(first.includes("a") && first.every((text) => /^a[bc]{0,2}$/.test(text)), first.join());
  const [[a, b]] = await tokenizer.encodeIds(["a b"].map((text) => text.replace(" ", ""))) as [Int32Array];
  const ids = b === undefined ? [a!] : [a!, b];
  const rest = await texts(allow(ids));
  assert(rest.length > 0 && rest.every((text) => /^[bc]$/.test(text)), rest.join());
  assertEquals((await texts(allow([...ids, ...(await tokenizer.encodeIds(["c"]))[0]!]))).length, 0);
  assertEquals([...allow([]).slice(V)], [0, 0, 0], "tokens that the tokenizer does not have");
});
