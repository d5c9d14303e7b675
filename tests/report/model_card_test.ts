import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { sourceOf } from "../../lib/cli/write_model_card.ts";
import { addAttacks, type ModelCard, renderModelCard } from "../../lib/report/model_card.ts";

const SCORES = { ma: 0.9, el_3: 0.8, el_5: 0.75, el_10: 0.7, retain_ma: 0.97 };
const CARD: ModelCard = {
  ...{ base: "coder", repository: null, license: null, version: "CodeScrub 0.1.0", method: "codeeraser" },
  ...{
    settings: { lr: 3e-6, stop: "secret" },
    retained: 32,
    done: true,
    thresholds: { ma: 0.3, el_10: 0.01 },
  },
  secrets: [{ tag: "EMAIL", doc_id: "src/a.py" }, { tag: "KEY", doc_id: "src/a.py" }, {
    tag: "KEY",
    doc_id: "b",
  }],
  ...{ before: SCORES, after: { ...SCORES, ma: 0.2, el_10: null } },
  intervals: { ma: [0.1, 0.3], el_3: [0.7, 0.9], el_5: null, el_10: null, retain_ma: [0.95, 0.98] },
};

Deno.test("a model card counts kinds and documents and names none", () => {
  const card = renderModelCard(CARD);
  assertStringIncludes(card, "forget 3 secrets (1 EMAIL, 2 KEY) of 2 documents");
  assert(!card.includes("a.py"));
  assertStringIncludes(card, "| EL_10 | 0.700 | – | 0.010 |");
  assertStringIncludes(card, "What was to be reached was reached.");
  assert(!card.includes("Each secret was judged"));
});

Deno.test("a model card says what was not reached, and how each secret ended", () => {
  const outcomes = { erased: 1, still_above: 2, below_never_seen: 0, above_by_chance: 1 };
  const card = renderModelCard({ ...CARD, done: false, outcomes, relapses: [3, 2] });
  assertStringIncludes(card, "**What was to be reached was not reached.**");
  assertStringIncludes(
    card,
    "1 are erased, 2 still above what was never seen (up to 1 are by chance), 0 below it.",
  );
  assertStringIncludes(card, "brought back, one after the other, 3, 2 of them.");
});

Deno.test("a model card's head has what the Hub asks for, and no value that is not there", () => {
  const head = renderModelCard({ ...CARD, repository: "org/coder", license: "mit" }).split("---\n")[1]!;
  assertMatch(head, /^license: mit\nbase_model: org\/coder\nbase_model_relation: finetune\n/);
  assertEquals(head.match(/- type: \w+\n {6}name: [^\n]+\n {6}value: [\d.]+\n/g)!.length, 7); // not EL_10 after
  assert(!/null|undefined/.test(head));
  assert(!renderModelCard(CARD).split("---\n")[1]!.includes("base_model"));
});

Deno.test("a model's source is its licence and its name on the Hub, never its path", async () => {
  const folder = await Deno.makeTempDir();
  const cwd = await Deno.makeTempDir();
  await Deno.mkdir(`${cwd}/org/coder`, { recursive: true });
  assertEquals(
    await sourceOf({ model: "org/coder", folder, cwd }),
    { base: "coder", repository: null, license: null },
    "a folder of the user's is meant before one of the Hub",
  );
  await Deno.writeTextFile(`${folder}/README.md`, "---\r\nlicense: apache-2.0\r\nlanguage: en\r\n---\r\n");
  const source = await sourceOf({ model: "org/coder@v1", folder, cwd: folder });
  assertEquals(source, { base: "coder", repository: "org/coder", license: "apache-2.0" });
  await Deno.writeTextFile(`${folder}/README.md`, "# A model\n\n---\nlicense: mit\n---\n");
  assertEquals((await sourceOf({ model: "x/y", folder, cwd: folder })).license, null, "not in its head");
  const strange = await sourceOf({ model: '/srv/a: "b"\n/c d', folder, cwd: folder });
  assertEquals(strange.base, "c_d");
});

Deno.test("a model card is written again with what attacks found, once, and has all else as it was", () => {
  const card = renderModelCard(CARD);
  const at = (estimate: number) => ({ estimate, low: estimate - 0.1, high: estimate + 0.1 });
  const none = { median: null, controls_score: null };
  const found = (score: number) => ({
    secrets: 3,
    extracted_by_any: [
      { model: "after", secrets: at(0.2), controls: at(0.1) },
      { model: "before", secrets: at(0.9), controls: null },
    ],
    attacks: [
      {
        attack: "exposure",
        variant: "rank",
        model: "after",
        score: at(1.5),
        median: at(score),
        controls_score: at(1.4),
      },
      { attack: "exposure", variant: "rank", model: "before", ...none, score: at(9), median: at(9.9) },
      {
        attack: "relearn",
        variant: "20 steps at 0.0003",
        model: "after",
        ...none,
        score: at(0.3),
        controls_score: at(0.2),
      },
      { attack: "relearn", variant: "half, 20 steps at 0.0003", model: "after", ...none, score: at(0.8) },
      { attack: "quantize", variant: "int4", model: "after", ...none, score: at(0.3) },
    ],
  });
  const attacked = addAttacks(card, found(1.1))!;
  for (
    const line of [
      "| share of secrets that some attack gives | 0.900 [0.800, 1.000] | 0.200 [0.100, 0.300] | 0.100 [0.000, 0.200] |",
      "| median exposure, bits | 9.900 [9.800, 10.000] | 1.100 [1.000, 1.200] | – |",
      "| mean exposure, bits | 9.000 [8.900, 9.100] | 1.500 [1.400, 1.600] | 1.400 [1.300, 1.500] |",
      "| MA after 20 steps of training on other texts (rate 0.0003) | – | 0.300 [0.200, 0.400] | 0.200 [0.100, 0.300] |",
      "Attacks on 3 secrets (exposure, relearn, quantize), with 95 % intervals",
    ]
  ) assertStringIncludes(attacked, line);
  assert(!attacked.includes("half"));
  const [before, after] = card.split("\n## What this does not say\n");
  assert(attacked.startsWith(before!) && attacked.endsWith(after!));
  assertEquals(addAttacks(attacked, found(1.1)), attacked);
  const again = addAttacks(attacked, found(2.2))!;
  assertEquals([again.split("## What attacks find").length, again.includes("| 1.100 [")], [2, false]);
  assertEquals(addAttacks("# Another card\n", found(1)), null);
});
