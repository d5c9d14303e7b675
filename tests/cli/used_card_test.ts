import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { contentOf } from "../../lib/cli/run_content.ts";
import { addUseToCard } from "../../lib/cli/used_card.ts";
import { reportedPasses } from "../../lib/report/passes.ts";
import { temporaryFolder } from "./run_cli.ts";

const CARD = "# coder, with 4 secrets unlearned\n\n## What this does not say\n\nOnly these.\n";
const PASSES = reportedPasses([{ task_id: "a", samples: 1, passed: 0, samples_before: 1, passed_before: 1 }]);
const MEASURE = {
  ...{
    set: "unseen",
    language: "all",
    class: "all",
    measure: "accuracy",
    count: 9,
    value: 0.5,
    low: 0.25,
    high: 0.75,
  },
  ...{ change: null, change_low: null, change_high: null },
};
const UTILITY = [
  { ...MEASURE, model: "before" },
  { ...MEASURE, model: "ga", value: 0.4, change: -0.1, change_low: -0.2, change_high: 0 },
  { ...MEASURE, model: "cu", value: 0.1 },
];

async function checkpoint(folder: string) {
  const path = (name: string) => join(folder, name);
  Deno.writeTextFileSync(path("config.json"), "{}");
  Deno.writeTextFileSync(path("README.md"), CARD);
  const outputs = { "README.md": await contentOf(path("README.md")) };
  const record = { command: "unlearn", status: "finished", settings: { method: "ga" }, outputs };
  Deno.writeTextFileSync(path("run.json"), JSON.stringify(record));
  return {
    card: () => Deno.readTextFileSync(path("README.md")),
    recorded: () => JSON.parse(Deno.readTextFileSync(path("run.json"))).outputs["README.md"],
    path,
  };
}

Deno.test("addUseToCard() writes pass@k and use into a card and its record, and the same again", async () => {
  using folder = temporaryFolder();
  const at = await checkpoint(folder.path);
  const model = await contentOf(folder.path, { isFlat: true });
  const run = { passes: { ...PASSES, method: "ga" }, utility: UTILITY };
  await addUseToCard(folder.path, run);
  const card = at.card();
  assertStringIncludes(
    card,
    "| pass@1 | 1.000 [0.025, 1.000] | 0.000 [0.000, 0.975] | -1.000 [-1.000, -1.000] |",
  );
  const row = "names first | 0.500 [0.250, 0.750] | 0.400 [0.250, 0.750] | -0.100 [-0.200, 0.000] |";
  assertStringIncludes(card, row);
  assert(card.endsWith(CARD.slice(CARD.indexOf("\n## What this"))));
  assertEquals(at.recorded(), await contentOf(at.path("README.md")));
  assertEquals(await contentOf(folder.path, { isFlat: true }), model, "it is the same model");
  await addUseToCard(folder.path, run);
  assertEquals(at.card(), card);
  const attacked = card.replace("## What this", "## What attacks find\n\nNothing.\n\n## What this");
  Deno.writeTextFileSync(at.path("README.md"), attacked);
  await addUseToCard(folder.path, run);
  assertEquals(at.card(), attacked);
});

Deno.test("addUseToCard() takes what is of this model alone, and refuses a card that unlearn did not write", async () => {
  using folder = temporaryFolder();
  const at = await checkpoint(folder.path);
  const others = {
    passes: { ...PASSES, method: "cu" },
    utility: UTILITY.filter(({ model }) => model !== "ga"),
  };
  await assertRejects(() => addUseToCard(folder.path, others), Error, "the tables say nothing of its use");
  assertEquals(at.card(), CARD);
  await addUseToCard(folder.path, { ...others, utility: UTILITY });
  assert(!at.card().includes("pass@1"));
  Deno.writeTextFileSync(at.path("README.md"), "# Mine\n");
  const writing = addUseToCard(folder.path, { passes: PASSES });
  await assertRejects(() => writing, Error, "unlearn did not write it");
  assertEquals(at.card(), "# Mine\n");
});
