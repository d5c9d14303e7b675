import { assertEquals } from "@std/assert";
import { summarizeRun } from "../../lib/report/summary.ts";
import { makeRun } from "./make_run.ts";

Deno.test("summarizeRun() says what leaked, was erased and what it cost when the run is whole", () => {
  const [leaked, erased, cost] = summarizeRun(makeRun());
  assertEquals([leaked?.number, erased?.number, cost?.number], ["50.0%", "99.0% → 30.0%", "−2.0 points"]);
  assertEquals(leaked?.sentences, [
    "In 1 of 2 documents with secrets the model predicts more of them than of text it never saw (mean MA above " +
    "46.0%); in 1 it predicts at least nine tokens of ten.",
    "Mean secret MA goes from 50.0% at one copy to 99.0% at 64; twins it never trained on reach 20.0%.",
  ]);
  assertEquals(erased?.sentences, [
    "CodeEraser took the forget set's MA from 99.0% to 30.0% and its EL_10 from 95.0% to 4.0%. That is below what " +
    "text it never saw scores: MA (46.0%) and EL_10 (5.5%).",
    "Not one of the 2 secrets alone is still above the MA threshold.",
  ]);
  assertEquals(cost?.sentences, [
    "CodeEraser moved MA on code worth keeping from 99.0% to 97.0%, and loss on unseen text from 2.50 to 2.50 nats " +
    "per token.",
    "GA moved MA on code worth keeping from 99.0% to 10.0%, and loss on unseen text from 2.50 to 2.50 nats per token.",
  ]);
});

Deno.test("summarizeRun() says which threshold was missed when one or both were", () => {
  const run = makeRun();
  const erasure = (ma: number, el_10: number) =>
    summarizeRun({
      ...run,
      results: run.results?.map((row) => row.model === "codeeraser" ? { ...row, ma, el_10 } : row) ?? [],
    })[1]?.sentences[0]?.split(". ")[1];
  assertEquals(
    erasure(0.3, 0.055),
    "That is below what text it never saw scores in MA (46.0%), but not in EL_10 (5.5%).",
  );
  assertEquals(
    erasure(0.9, 0.9),
    "That is not below what text it never saw scores: MA (46.0%) and EL_10 (5.5%).",
  );
});

Deno.test("summarizeRun() counts secrets that stayed when the mean hides them", () => {
  const run = makeRun();
  const secrets = run.secrets?.map((row, index) => ({
    ...row,
    ma_after: { codeeraser: index === 0 ? 0.9 : 0.1 },
  }));
  const sentences = summarizeRun({ ...run, secrets: secrets ?? [] })[1]?.sentences;
  assertEquals(sentences?.at(-1), "Taken one by one, 1 of 2 secrets is still above the MA threshold.");
});

Deno.test("summarizeRun() names what it needs when tables are missing", () => {
  const findings = summarizeRun({ title: "Run", version: "CodeScrub 0.1.0" });
  assertEquals(findings.map(({ number, bars, sentences }) => [number, bars, ...sentences]), [
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
  assertEquals(rates(cost), [["before", 0.99], ["CodeEraser", 0.97], ["GA", 0.1]]);
  assertEquals([leaked?.mark, erased?.mark, cost?.mark], [undefined, 0.46, undefined]);
});
