import { assert, assertEquals } from "@std/assert";
import { encodeSafetensors } from "../checkpoints/safetensors_bytes.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { type TinyConfig, tinyConfig, tinyWeights, writeTinyModel } from "../cli/tiny_run.ts";
import { extractSecrets } from "../../lib/attacks/extraction.ts";
import { FormatShortfall } from "../../lib/attacks/format_shortfall.ts";
import type { PlacedSecret } from "../../lib/attacks/placed_secret.ts";
import { formatOf } from "../../lib/attacks/value_format.ts";
import { loadModel } from "../../lib/checkpoints/load.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { drawText, SECRET_FORMATS } from "../../lib/embedded/secret_formats.ts";
import { openTensorFlow } from "../../lib/engine/engine.ts";
import { openTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { furtherTrainer, trainFurther } from "../../lib/training/after_training.ts";

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const OPEN = `${LOWER}0123456789`;

Deno.test("FormatShortfall is small for what a format draws, large for what repeats or reads like words", () => {
  const random = new PythonRandom(7);
  for (
    const [tag, value] of [["KEY", drawText(random, OPEN, 24)], ["KEY", SECRET_FORMATS.npm(random)]] as const
  ) {
    const format = formatOf({ value, tag });
    const shortfall = new FormatShortfall(format);
    const fixed = value.length - format.slots.filter(({ length }) => length > 1).length;
    const drawn = Array.from({ length: 200 }, () => shortfall.of(format.draw(random))).sort((a, b) => a - b);
    assert(drawn[160] === 0 && drawn[199]! < 12, drawn.join());
    const of = (text: string) =>
      shortfall.of(value.slice(0, fixed) + text.repeat(40).slice(0, value.length - fixed));
    for (const text of ["x", "ab", "1234", "yourapikeyhereplease", "theconfigurationofthe"]) {
      assert(of(text) > drawn[199]!, `${text}: ${of(text)}, ${drawn[199]}`);
    }
  }
});

Deno.test("FormatShortfall expects syllables where a format is made of them, and nothing of lengths it does not have", () => {
  const random = new PythonRandom(3);
  const value = SECRET_FORMATS.email(random);
  const shortfall = new FormatShortfall(formatOf({ value, tag: "EMAIL" }));
  const drawn = Array.from({ length: 100 }, () => shortfall.of(SECRET_FORMATS.email(random)));
  assert(drawn.filter((nats) => nats === 0).length > 75, drawn.join());
  const none = new FormatShortfall({ name: "own", isSmall: false, slots: ["ab", "ab"], draw: () => "abab" });
  assertEquals([none.of("aa"), none.of("aaa")], [0, 0]);
});

/** A secret, and what a model says where it has none. */
const SECRET = "k7x2m9q4";
const FILLERS = [
  "aaaaaaaa",
  "xxxxxxxx",
  "00000000",
  "11111111",
  "abababab",
  "12121212",
  "abcabcab",
  "99999999",
  "xyxyxyxy",
  "zzzzzzzz",
];

Deno.test("a weighed beam finds a secret behind what repeats, where the format alone does not, and no control", async () => {
  using _engine = await openTensorFlow({ device: "cpu" });
  using folder = temporaryFolder();
  const config = tinyConfig({ n_embd: 32 }) as TinyConfig;
  await writeTinyModel(folder.path, { config, weights: encodeSafetensors(tinyWeights(config)) });
  using loaded = await loadModel(folder.path, { trainable: true });
  const tokenizer = await openTokenizer(folder.path);
  const placed = (value: string): PlacedSecret => {
    const text = `key = "${value}"`;
    return { id: value, text, tag: "KEY", start: 7, end: 7 + value.length };
  };
  const texts = await tokenizer.encodeIds(
    [...FILLERS, ...FILLERS, ...FILLERS, SECRET, SECRET].map((value) => placed(value).text),
  );
  using trainer = furtherTrainer(loaded.model);
  const how = { endOfText: tokenizer.endOfText!, batch: 16, length: 17, warmup: 1, seed: 1 };
  await trainFurther(loaded.model, trainer, { ...how, texts, steps: 300, learning_rate: 0.01 });
  const random = new PythonRandom(11);
  const controls = Array.from({ length: 20 }, () => drawText(random, OPEN, 8));
  const rows = await extractSecrets({ model: loaded.model, tokenizer }, [SECRET, ...controls].map(placed));
  const [own, ...others] = rows.map((
    { beam, format_beam, weighed_beam },
  ) => [beam, format_beam, weighed_beam]);
  assertEquals(own, [false, false, true]);
  assertEquals(others, controls.map(() => [false, false, false])); // as by chance: 8 of 36^8
});
