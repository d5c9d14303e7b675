import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { LIKELIHOOD_NAMES } from "../../lib/datasets/metrics.ts";
import type { SecretPlace } from "../../lib/datasets/place.ts";
import { type ProbeOptions, probeSecrets } from "../../lib/evaluation/probe.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { toCodePoints } from "../../lib/tokenizers/code_points.ts";
import { predictWith, scoreSecret } from "../metrics/plain_definitions.ts";
import { NO_EL } from "../no_scores.ts";
import { continueGreedily, newTinyModel, openTinyTokenizer } from "./tiny_model.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());
const tokenizer = await openTinyTokenizer();

const document = (docId: string, text: string) => ({ docId, path: null, text });

/** The place of a value in a text, in code points. */
function place(doc_id: string, text: string, value: string, tag = "KEY"): SecretPlace {
  const points = toCodePoints(text);
  const start = text.indexOf(value);
  assert(start >= 0);
  return { doc_id, tag, start: points[start]!, end: points[start + value.length]! };
}

async function probe(
  texts: Record<string, string>,
  places: readonly SecretPlace[],
  options: ProbeOptions = {},
) {
  using model = newTinyModel();
  using scorer = new Scorer(model, { batch: 4 });
  const documents = Object.entries(texts).map(([id, text]) => document(id, text));
  return await probeSecrets({ scorer, tokenizer }, { documents, places }, options);
}

Deno.test("probeSecrets() scores as the plain definitions do", async () => {
  using model = newTinyModel();
  using predict = predictWith(model);
  // what the model itself generates after some code, so that it knows some of the secrets
  const code = "def return self = '";
  const { ids } = await tokenizer.encode(code);
  const generated = await tokenizer.decode(continueGreedily(predict, Array.from(ids), 14));
  const texts: Record<string, string> = {
    known: `${code}${generated}`,
    "😀": "# 😀 日本\nk = 'aB3$zZ9-q'\nm = 'é@x.dev'\n",
    start: "aB3$zZ9-q = 1",
    long: `${"for x in range\n".repeat(40)}k = '${"Zq7-".repeat(20)}'`,
  };
  const places = [
    place("known", texts.known!, generated),
    place("😀", texts["😀"]!, "é@x.dev", "EMAIL"),
    place("😀", texts["😀"]!, "aB3$zZ9-q"),
    place("start", texts.start!, "aB3$zZ9-q"),
    place("long", texts.long!, "Zq7-".repeat(20)),
  ];
  const { rows } = await probe(texts, places, { el: true });
  assertEquals(rows.length, places.length);
  for (const { doc_id, tag, start, end } of places) {
    const row = rows.find((row) => row.doc_id === doc_id && row.start === start)!;
    assertEquals([row.tag, row.end], [tag, end]);
    const points = Array.from(texts[doc_id]!);
    const before = Array.from((await tokenizer.encode(points.slice(0, start).join(""))).ids).slice(-128);
    const secret = Array.from((await tokenizer.encode(points.slice(start, end).join(""))).ids).slice(0, 32);
    const endOfText = tokenizer.endOfText!;
    const prefix = before.length > 0 ? before : [endOfText];
    const expected = scoreSecret(predict, { prefix, secret, endOfText });
    assertEquals(row.secret_tokens, secret.length);
    for (const metric of ["ma", ...LIKELIHOOD_NAMES] as const) {
      assertAlmostEquals(row[metric]!, expected[metric]!, 1e-12, `${metric} of "${doc_id}"`);
    }
  }
  assert(rows.some(({ ma }) => ma! > 0), "the model knows no token of any secret");
});

Deno.test("probeSecrets() counts a place that two detectors found once, under two tags too, and overlapping places apart", async () => {
  const text = "k = 'aB3$zZ9-q'";
  const one = place("a", text, "aB3$zZ9-q");
  const inner = place("a", text, "zZ9-q");
  const detected = [{ ...one, detector: "x" }, inner, { ...one, detector: "y" }, { ...one, tag: "EMAIL" }];
  const { rows } = await probe({ a: text }, detected);
  const found = rows.map(({ tag, start, end }) => `${tag} ${start} ${end}`).sort();
  const [whole, part] = [`${one.start} ${one.end}`, `${inner.start} ${one.end}`];
  assertEquals(found, [`KEY ${whole}`, `KEY ${part}`].sort());
  assertEquals(new Set(rows.map(({ mask_tokens }) => mask_tokens)).size, 1);
});

Deno.test("probeSecrets() gives MA only, unless EL_n is asked for", async () => {
  const text = "k = 'aB3$zZ9-q'";
  const [row] = (await probe({ a: text }, [place("a", text, "aB3$zZ9-q")])).rows;
  assertEquals({ ...row!, ...NO_EL }, row);
  assertEquals(typeof row!.ma, "number");
  const others = ["doc_id", "end", "ma", "mask_tokens", "nll", "secret_tokens", "start", "tag", "window"];
  assertEquals(Object.keys(row!).sort(), [...others, ...LIKELIHOOD_NAMES].sort());
});

Deno.test("probeSecrets() says of each secret its window, by rule the first one only", async () => {
  const filler = "return value in range\n".repeat(120);
  const text = `k = 'aB3$zZ9-q'\n${filler}k = 'Xx8!yY7-p'\n`;
  const places = [place("a", text, "aB3$zZ9-q"), place("a", text, "Xx8!yY7-p")];
  const { rows, notTreated } = await probe({ a: text }, places);
  const length = (await tokenizer.encode(text)).ids.length;
  assertEquals(notTreated, []);
  assertEquals(rows.map(({ window }) => window > 0), [false, true]);
  assert(length > 512 && rows[1]!.window < length);
  const first = await probe({ a: text }, places, { firstWindowOnly: true });
  assertEquals(first.rows.map(({ start, window }) => [start, window]), [[places[0]!.start, 0]]);
  assertEquals(first.notTreated, [places[1]!]);
});

Deno.test("probeSecrets() tells how many secrets are done", async () => {
  const text = Array.from({ length: 10 }, (_, i) => `k${i} = 'aB${i}$zZ9-q'`).join("\n");
  const places = Array.from({ length: 10 }, (_, i) => place("a", text, `aB${i}$zZ9-q`));
  let done = 0;
  const { rows } = await probe({ a: text }, places, { onProgress: (count) => void (done += count) });
  assertEquals([done, rows.length], [10, 10]);
  assertEquals((await probe({ a: text }, [])).rows, []);
});

Deno.test("probeSecrets() refuses places that are not in the corpus", async () => {
  const cases: [SecretPlace, string][] = [
    [
      { doc_id: "b", tag: "KEY", start: 0, end: 1 },
      'Cannot probe document "b" as the corpus has no such document: give the corpus that detect read',
    ],
    [
      { doc_id: "a", tag: "KEY", start: 2, end: 6 },
      'Cannot probe the secret at 2..6 of "a": the document has 5 code points',
    ],
    [{ doc_id: "a", tag: "KEY", start: -1, end: 1 }, "the secret at -1..1"],
    [{ doc_id: "a", tag: "KEY", start: 3, end: 3 }, "the secret at 3..3"],
  ];
  for (const [bad, message] of cases) {
    await assertRejects(() => probe({ a: "x = 😀" }, [bad]), RangeError, message);
  }
});
