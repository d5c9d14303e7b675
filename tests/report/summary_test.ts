import { assertEquals } from "@std/assert";
import { summarizeRun } from "../../lib/report/summary.ts";
import { makeRun } from "./make_run.ts";

Deno.test("summarizeRun() says what was memorized, was erased and what it cost when the run is whole", () => {
  const [leaked, erased, cost] = summarizeRun(makeRun());
  assertEquals([leaked?.number, erased?.number, cost?.number], ["50.0%", "99.0% → 30.0%", "−91.0 points"]);
  assertEquals(leaked?.sentences, [
    "In 1 of 2 documents with secrets the model predicts more of the secrets than of text that it never saw (mean MA above " +
    "46.0%); in 1 it predicts at least nine tokens of ten.",
    "Secrets that stood in 1 training document have a mean MA of 50.0%, those in 64 99.0%. Made-up ones like " +
    "them that no document held (twins) have 20.0%.",
  ]);
  assertEquals(erased?.sentences, [
    "CodeEraser took the forget set's MA from 99.0% to 30.0% and its EL_10 from 95.0% to 4.0%. That is below what " +
    "text it never saw scores in MA (46.0%) and EL_10 (5.5%), but not in EL_3 (50.0%, above 18.0%) and EL_5 (40.0%, " +
    "above 11.0%).",
    "Not one of its 2 secrets alone is still above the MA threshold.",
    "By kind, within two standard errors, no better known than twins that it never trained on: key (30.0%, twins " +
    "20.0%).",
  ]);
  assertEquals(cost?.sentences, [
    "On code worth keeping (the retain set) CodeEraser moved MA from 99.0% to 97.0%, EL_3 from 50.0% to 50.0%, EL_5 from 40.0% to " +
    "40.0% and EL_10 from 95.0% to 4.0%; loss on unseen text went from 2.50 to 2.50 nats per token.",
    "On code worth keeping (the retain set) GA, plain gradient ascent, moved MA from 99.0% to 10.0%, EL_3 from 50.0% to 50.0%, EL_5 from 40.0% to 40.0% and " +
    "EL_10 from 95.0% to 0.0%; loss on unseen text went from 2.50 to 2.50 nats per token.",
  ]);
});

Deno.test("summarizeRun() says which threshold was missed when one or both were", () => {
  const run = makeRun();
  const erasure = (scores: { ma: number; el_3?: number; el_10: number }) =>
    summarizeRun({
      ...run,
      results: run.results?.map((row) =>
        row.model === "codeeraser" ? { ...row, el_3: 0.1, el_5: null, ...scores } : row
      ) ?? [],
    })[1]?.sentences[0]?.split(". ")[1];
  const cases = [
    [{ ma: 0.3, el_10: 0.055 }, "MA (46.0%) and EL_3 (18.0%), but not in EL_10 (5.5%, at 5.5%)."],
    [{ ma: 0.3, el_3: 0.19, el_10: 0 }, "MA (46.0%) and EL_10 (5.5%), but not in EL_3 (19.0%, above 18.0%)."],
    [{ ma: 0.3, el_10: 0 }, "MA (46.0%), EL_3 (18.0%) and EL_10 (5.5%)."],
  ] as const;
  for (const [scores, list] of cases) {
    assertEquals(erasure(scores), `That is below what text it never saw scores in ${list}`);
  }
  assertEquals(
    erasure({ ma: 0.9, el_3: 0.9, el_10: 0.9 }),
    "That is not below what text it never saw scores in MA (90.0%, above 46.0%), EL_3 (90.0%, above 18.0%) and EL_10 " +
      "(90.0%, above 5.5%).",
  );
});

Deno.test("summarizeRun() names the score that fell most as the cost, with MA beside it", () => {
  const run = makeRun();
  const cost = (scores: Record<string, number | null>) => {
    const results = run.results?.map((row) =>
      row.set === "retain" && row.model === "codeeraser" ? { ...row, ...scores } : row
    );
    const { number, label, bars } = summarizeRun({ ...run, results: results ?? [] })[2]!;
    return [number, label, ...new Set(bars.map(({ group }) => group))];
  };
  const label = "on code worth keeping, the score that CodeEraser lowered most";
  assertEquals(cost({ el_10: 0.85 }), ["−10.0 points", `EL_10 ${label} (MA: −2.0 points)`, "MA", "EL_10"]);
  assertEquals(cost({ el_3: 0.1, el_10: null }), [
    "−40.0 points",
    `EL_3 ${label} (MA: −2.0 points)`,
    "MA",
    "EL_3",
  ]);
  assertEquals(cost({ el_10: 0.94 }), ["−2.0 points", `MA ${label}`, undefined]);
});

Deno.test("summarizeRun() gives each kind its own baseline where the run has twins", () => {
  const run = makeRun();
  const [secret] = run.secrets ?? [];
  const twins = [
    ...[0.6, 0.7, 0.65].map((ma) => ({ tag: "IP_ADDRESS", ma })),
    ...[0.1, 0.15, null].map((ma) => ({ tag: "EMAIL", ma })),
  ];
  const secrets = [["IP_ADDRESS", 0.62], ["IP_ADDRESS", 0.66], ["EMAIL", 0.4], ["EMAIL", 0.42], [
    "KEY",
    0.1,
  ]] as const;
  const findings = summarizeRun({
    ...run,
    twins,
    secrets: secrets.map(([tag, after]) => ({ ...secret!, tag, ma_after: { codeeraser: after } })),
  });
  assertEquals(
    findings[0]?.sentences.at(-1),
    "Kinds differ in what can be guessed: secrets that the model never trained on (twins) reach 65.0% as IP address " +
      "and 12.5% as e-mail, so each kind has its own baseline.",
  );
  assertEquals(findings[1]?.sentences.slice(-2), [
    "Taken one by one, 2 of its 5 secrets are still above the MA threshold.",
    "By kind, within two standard errors, no better known than twins that it never trained on: IP address (64.0%, " +
    "twins 65.0%); still better known than their twins: e-mail (41.0%, twins 12.5%).",
  ]);
});

Deno.test("summarizeRun() counts secrets that stayed when the mean hides them", () => {
  const run = makeRun();
  const secrets = run.secrets?.map((row, index) => ({
    ...row,
    ma_after: { codeeraser: index === 0 ? 0.9 : 0.1 },
  }));
  const sentences = summarizeRun({ ...run, secrets: secrets ?? [] })[1]?.sentences;
  assertEquals(sentences?.at(-2), "Taken one by one, 1 of its 2 secrets is still above the MA threshold.");
});

Deno.test("summarizeRun() says what was to be erased where more was found, and what training brings back", () => {
  const run = makeRun();
  const back = [["ga", 0.7], ["codeeraser", 0.4]] as const;
  const results = [
    ...run.results!,
    ...back.map(([model, ma]) => ({ ...run.results![0]!, set: "relearned" as const, model, ma })),
  ];
  const sentencesOf = (places: number, relearningSteps?: number) => {
    const found = { places, values: 2, documents: 2 };
    const steps = relearningSteps === undefined ? {} : { relearningSteps };
    return summarizeRun({ ...run, results, found, ...steps })[1]!.sentences;
  };
  const [asked, , , returned] = sentencesOf(9, 20);
  assertEquals(
    asked,
    "To be erased were 2 secrets in 2 documents, the forget set; nothing was asked of the others.",
  );
  assertEquals(
    returned,
    "After 20 steps of ordinary training on other code MA is 40.0% with CodeEraser and 70.0% with GA.",
  );
  const [first, , some] = sentencesOf(2);
  assertEquals([first?.startsWith("CodeEraser took"), some?.startsWith("After some steps of")], [true, true]);
});

Deno.test("summarizeRun() names what it needs when tables are missing", () => {
  const findings = summarizeRun({ title: "Run", version: "CodeScrub 0.1.0" });
  assertEquals(findings.slice(0, 3).map(({ number, bars, sentences }) => [number, bars, ...sentences]), [
    ["–", [], "Not in this run: the scores of documents; codescrub probe makes probe.parquet."],
    ["–", [], "Not in this run: the history of unlearning; codescrub unlearn makes METHOD/history.parquet."],
    ["–", [], "Not in this run: the history of unlearning; codescrub unlearn makes METHOD/history.parquet."],
  ]);
});

Deno.test("summarizeRun() compares the models by bars, before first, with the threshold's place", () => {
  const [leaked, erased, cost] = summarizeRun(makeRun());
  const rates = (finding: typeof leaked) => finding?.bars.map(({ label, rate }) => [label, rate]);
  assertEquals(rates(leaked), [["above 46.0%", 0.5], ["90% or more", 0.5]]);
  assertEquals(rates(erased), [["before", 0.99], ["CodeEraser", 0.3], ["GA", 0.1]]);
  assertEquals(cost?.bars.map(({ group, label, rate }) => [group, label, rate]), [
    ["MA", "before", 0.99],
    ["MA", "CodeEraser", 0.97],
    ["MA", "GA", 0.1],
    ["EL_10", "before", 0.95],
    ["EL_10", "CodeEraser", 0.04],
    ["EL_10", "GA", 0],
  ]);
  assertEquals([leaked?.mark, erased?.mark, cost?.mark], [undefined, 0.46, undefined]);
});
