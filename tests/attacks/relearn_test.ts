import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { checkBenign, heldValues } from "../../lib/attacks/benign_texts.ts";
import { scoreControls } from "../../lib/attacks/matched_controls.ts";
import type { PlacedSecret } from "../../lib/attacks/placed_secret.ts";
import { halfOfForgetSet, relearn, type RelearnedSecret } from "../../lib/attacks/relearn.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { Scorer } from "../../lib/metrics/scorer.ts";
import { tokenizeSecrets } from "../../lib/datasets/secret_tokens.ts";
import type { Model } from "../../lib/models/model.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { callMain } from "../cli/call_main.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { drawSecret, writeTexts, writeTinyModel } from "../cli/tiny_run.ts";

const engine = await openTensorFlow({ device: "cpu" });
Deno.test.afterAll(() => engine[Symbol.dispose]());

const numbersOf = (model: Model) =>
  Object.fromEntries(Object.entries(model.weights).map(([name, weight]) => [name, [...weight.dataSync()]]));

function secretOf(id: string, value: string): PlacedSecret {
  const before = 'api_key = "';
  return {
    id,
    text: `${before}${value}"\n`,
    tag: "KEY",
    start: before.length,
    end: before.length + value.length,
  };
}

const SECRETS = [secretOf("npm", drawSecret(1)), secretOf("short", "hunter22"), secretOf("none", "")];
const BENIGN = Array.from({ length: 6 }, (_, i) => `for x in range(${i}):\n    print(x + ${i})\n`.repeat(8));

Deno.test("relearn() trains to the weights that `train` writes, and measures what each secret and control has there", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  await writeTinyModel(path("model"));
  await writeTexts(path("benign.jsonl"), Object.fromEntries(BENIGN.map((text, i) => [`t${i}`, text])));
  const tokenizer = await openTokenizer(path("model"));
  const texts = await tokenizer.encodeIds(BENIGN);
  using loaded = await loadModel(path("model"), { trainable: true });
  const { model } = loaded;
  const start = numbersOf(model);
  const runs: { rows: RelearnedSecret[]; weights: ReturnType<typeof numbersOf> }[] = [];
  const before = engine.memory();
  const rows = await relearn({ model, tokenizer }, { texts, secrets: SECRETS }, {
    steps: [0, 2, 5],
    learningRates: [3e-4, 1e-2],
    controls: 7,
    length: 32,
    onRows: (rows) => void runs.push({ rows, weights: numbersOf(model) }),
  });
  assertEquals(engine.memory(), before, "tensors or handles are left over");
  assertEquals(numbersOf(model), start);
  assertEquals(rows, runs.flatMap(({ rows }) => rows));
  assertEquals(
    rows.map(({ steps, learning_rate, id }) => `${learning_rate} ${steps} ${id}`),
    [3e-4, 1e-2].flatMap((rate) =>
      [0, 2, 5].flatMap((steps) => SECRETS.map(({ id }) => `${rate} ${steps} ${id}`))
    ),
  );
  for (const { rows, weights } of runs) {
    const { steps, learning_rate } = rows[0]!;
    const out = steps === 0 ? "model" : `trained-${steps}-${learning_rate}`;
    if (steps > 0) {
      const given = { model: path("model"), corpus: path("benign.jsonl"), out: path(out) };
      const sizes = { steps, lr: learning_rate, warmup: 1, length: 32, "save-dtype": "float32" };
      const args = Object.entries({ ...given, ...sizes }).flatMap((
        [name, value],
      ) => [`--${name}`, `${value}`]);
      const { code, stderr } = await callMain(["train", ...args]);
      assertEquals(code, 0, stderr);
    }
    using trained = await loadModel(path(out));
    assertEquals(weights, numbersOf(trained.model), out);
    const plain = await scoreControls({ model: trained.model, tokenizer }, SECRETS, { controls: 7 });
    using scorer = new Scorer(trained.model);
    const own = await scorer.secrets(await tokenizeSecrets(tokenizer, SECRETS), {
      endOfText: tokenizer.endOfText,
    });
    rows.forEach((row, i) => {
      const { ma: controls } = plain.distributions[i]!;
      const { ma_threshold, ma } = plain.rows[i]!;
      assertEquals([row.ma, row.el_10, row.nll], [own[i]!.ma, own[i]!.el_10, own[i]!.nll]);
      assertEquals([row.controls, row.ma_threshold], [controls.length, ma_threshold]);
      const mean = controls.length === 0 ? null : controls.reduce((sum, ma) => sum + ma, 0) / controls.length;
      assertEquals(row.controls_ma?.toFixed(12), mean?.toFixed(12));
      assertEquals(row.recovered, ma === null ? null : ma > ma_threshold!);
    });
  }
});

Deno.test("relearn() brings back a secret that is taught, above its controls, and leaves out what is known", async () => {
  using folder = temporaryFolder();
  await writeTinyModel(folder.path);
  const tokenizer = await openTokenizer(folder.path);
  using loaded = await loadModel(folder.path, { trainable: true });
  const [secret] = SECRETS as [PlacedSecret];
  const texts = await tokenizer.encodeIds(Array<string>(20).fill(secret.text));
  const rows = await relearn({ model: loaded.model, tokenizer }, { texts, secrets: [secret] }, {
    steps: [0, 1, 150],
    learningRates: [0.05],
    length: 64,
    isKnown: ({ steps }) => steps === 1,
  });
  assertEquals(rows.map(({ steps, recovered }) => [steps, recovered]), [[0, false], [150, true]]);
  const [untaught, taught] = rows as [RelearnedSecret, RelearnedSecret];
  assert(taught.ma! > 0.9 && taught.controls_ma! < 0.5, `${taught.ma}, controls ${taught.controls_ma}`);
  assert(taught.el_10! > untaught.el_10! && taught.nll! < untaught.nll!);
});

Deno.test("relearn() refuses a tokenizer without an end of text, and texts without tokens", async () => {
  using folder = temporaryFolder();
  await writeTinyModel(folder.path);
  const tokenizer = await openTokenizer(folder.path);
  using loaded = await loadModel(folder.path, { trainable: true });
  const { model } = loaded;
  const withNone = Object.create(tokenizer, { endOfText: { value: null } });
  const inputs = { texts: [], secrets: SECRETS };
  const noEnd = "Cannot relearn with a tokenizer that has no end-of-text token";
  await assertRejects(() => relearn({ model, tokenizer: withNone }, inputs), RangeError, noEnd);
  await assertRejects(() => relearn({ model, tokenizer }, inputs), RangeError, "Cannot train on 0 tokens");
});

Deno.test("halfOfForgetSet() gives no value to both halves, be it where nobody found it", () => {
  const row = (doc_id: string, value: string, more = "") => {
    const secret = secretOf(`${doc_id} key`, value);
    return {
      doc_id,
      ids: Int32Array.of(doc_id.charCodeAt(0)),
      secrets: [{ ...secret, text: secret.text + more }],
    };
  };
  const rows = [
    row("a", drawSecret(1)),
    row("b", drawSecret(2), `# was ${drawSecret(1)}`), // not a secret of b, but it stands there
    row("c", drawSecret(3)),
    row("d", "ab", "cab"), // too short to be looked for
    row("e", drawSecret(4), "ab"),
    { doc_id: "f", ids: Int32Array.of(102), secrets: [] },
  ];
  for (let seed = 0; seed < 20; seed++) {
    const { texts, secrets } = halfOfForgetSet(rows, { seed });
    const known = texts.map(([id]) => String.fromCharCode(id!));
    const held = secrets.map(({ id }) => id[0]!);
    assertEquals([...known, ...held].sort(), ["a", "b", "c", "d", "e"]);
    assertEquals(known.includes("a"), known.includes("b"));
    assert(Math.abs(known.length - held.length) === 1);
    assertEquals(halfOfForgetSet(rows, { seed }), { texts, secrets });
  }
  const shared = [row("a", drawSecret(1)), row("b", drawSecret(2), drawSecret(1))];
  assertThrows(() => halfOfForgetSet(shared), RangeError, "Cannot cut 2 documents into halves");
});

Deno.test("checkBenign() counts texts and values and names neither", () => {
  const values = Array.from({ length: 40 }, (_, i) => drawSecret(i)).concat("letter", "short"); // more than 32: all in one walk
  const clean = ["x = 1", "shorter, a_short", values[0]!.slice(0, 20), values[0]!.slice(20), ""];
  checkBenign(clean, values);
  checkBenign([], values);
  checkBenign(clean, []);
  const texts = [...clean, `k = ${values[3]}`, `${values[3]}\uffff${values[4]}`, `${values[3]} ${values[3]}`];
  for (const some of [values, [...values.slice(0, 5), "letter", ...values.slice(3, 5)]]) {
    const error = assertThrows(() => checkBenign(texts, some), RangeError);
    const all = new Set(some).size;
    assertEquals(
      error.message,
      `Cannot relearn on texts that hold what was forgotten: 3 of 8 texts, 2 of ${all} values: leave these texts out`,
    );
  }
  assertEquals(heldValues(texts, values), [[], [], [], [], [], [values[3]!], [values[3]!, values[4]!], [
    values[3]!,
  ]]);
});

Deno.test("heldValues() counts a short value where it stands for itself, not as a part of words and numbers", () => {
  const values = ["7", "Ada", "4711", "pass1", "----", "\u042f\u043d\u0430!"];
  const texts: [text: string, held: string[]][] = [
    ["x = 7; Ada = 7", []],
    ['x = "7"', ["7"]],
    ["name = `Ada` # Ada", ["Ada"]],
    ["port = 4711", ["4711"]],
    ["port = 14711 or 47110 or a4711 or _4711", []],
    ["0x4711, 'pass1'", ["pass1"]],
    ["pass1", ["pass1"]],
    ["pass12 = bypass1", []],
    ["# ---------", []],
    ["rule = '----'", ["----"]],
    ["\u042f\u043d\u0430! x", ["\u042f\u043d\u0430!"]],
    ["\u0439\u042f\u043d\u0430!", []],
    ["'7\"", []],
  ];
  assertEquals(heldValues(texts.map(([text]) => text), values), texts.map(([, held]) => held));
  const letters = Array.from({ length: 40 }, (_, i) => `${1000 + i}`); // all in one walk
  assertEquals(heldValues(["a 1003 b", "1003", "10031004"], letters), [["1003"], ["1003"], []]);
});
