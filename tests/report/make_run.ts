/**
 * A small whole run, every string of which can be changed: the report's tests fill it with what should stay text.
 *
 * @module
 */
import type { RunTables } from "../../lib/report/run_tables.ts";
import { reportedAttacks } from "../../lib/report/attacks.ts";
import { reportedPasses } from "../../lib/report/passes.ts";
import { NO_EL } from "../no_scores.ts";

const SCORES = { ...NO_EL, el_3: 0.5, el_5: 0.4, nll: 2.5, rows: 160 } as const;

/** Makes the run; `change` is applied to every free text and to every key that a table brings. */
export function makeRun(change: (text: string) => string = (text) => text): RunTables {
  const known = (name: string) => change("") === "" ? name : change(name);
  return {
    title: change("Run"),
    version: change("CodeScrub 0.1.0"),
    thresholds: { ...NO_EL, ma: 0.46, el_3: 0.18, el_5: 0.11, el_10: 0.055 },
    results: (["forget", "retain", "unseen"] as const).flatMap((set) => [
      { ...SCORES, set, model: "before", ma: set === "unseen" ? 0.46 : 0.99, el_10: 0.95 },
      { ...SCORES, set, model: known("ga"), ma: 0.1, el_10: 0 },
      { ...SCORES, set, model: known("codeeraser"), ma: set === "forget" ? 0.3 : 0.97, el_10: 0.04 },
    ]),
    documents: [
      { doc_id: change("a.py"), ma: 0.95 },
      { doc_id: change("b.py"), ma: 0.2 },
      { doc_id: change("c.py"), ma: null },
    ],
    twins: [0.1, 0.3, 0.2].map((ma) => ({ tag: known("KEY"), ma })),
    duplication: [
      { copies: 0, ma: 0.2, secrets: 8, se: 0.02 },
      { copies: 1, ma: 0.5, secrets: 8, se: 0.03 },
      { copies: 64, ma: 0.99, secrets: 8, se: null },
    ],
    history: [known("codeeraser"), known("ga")].flatMap((method) => [
      { method, epoch: 0, ma: 0.99, el_10: 0.95, retain_ma: 0.99, loss: null },
      { method, epoch: 1, ma: 0.3, el_10: 0.04, retain_ma: 0.97, loss: 1.5 },
    ]),
    secrets: ["KEY", "EMAIL"].map((tag, index) => ({
      doc_id: change(`${index}.py`),
      tag: known(tag),
      detector: change("AWSKeyDetector"),
      description: change(`${tag}, 20 characters, ab...`),
      copies: 8,
      ma_before: 0.95,
      ma_after: { [known("codeeraser")]: 0.3, [known("ga")]: index === 0 ? 0.1 : null },
    })),
    utility: ["before", known("codeeraser")].flatMap((model) =>
      ["all", "keyword"].flatMap((name) =>
        ["unseen", known("hosts")].flatMap((set) =>
          ["accuracy", "nll", "line_accuracy", "ece"].map((measure) => ({
            ...{
              set,
              model,
              measure,
              language: "all",
              class: name === "all" ? name : known(name),
              count: 1234,
            },
            ...{ value: model === "before" ? 0.5 : 0.25, low: 0.125, high: 0.75 },
            ...model === "before"
              ? { change: null, change_low: null, change_high: null }
              : { change: -0.25, change_low: -0.5, change_high: 0 },
          }))
        )
      )
    ),
    reliability: ["before", known("codeeraser")].flatMap((model) =>
      [0, 1, 2].map((bin) => ({
        ...{ set: "unseen", model, bin, low: bin / 3, high: (bin + 1) / 3 },
        ...bin === 1
          ? { tokens: 0, confidence: null, accuracy: null }
          : { tokens: 400, confidence: (bin + 0.5) / 3, accuracy: (bin + 0.25) / 3 },
      }))
    ),
    attacks: reportedAttacks(
      ([
        ["exposure", "rank", 2],
        ["exposure", "ma", 0.2],
        ["relearn", "20 steps at 0.0003", 0.5],
        ["relearn", "half, 20 steps at 0.0003", 0.8],
        ["prefix", "line", 0.1],
      ] as const).map(([attack, variant, score]) => ({
        ...{ doc_id: change("0.py"), start: 0, end: 9, fingerprint: change("f"), model: "after" },
        ...{
          attack,
          variant: attack === "prefix" ? known(variant) : variant,
          score,
          extracted: false,
          p_value: null,
        },
        ...{ threshold: null, controls: 7, controls_score: 0.1, controls_extracted: 0 },
      })),
    ),
    passes: reportedPasses([5, 2].map((passed, i) => ({
      ...{ task_id: change(`Made/${i}`), samples: 5, passed, samples_before: 5, passed_before: 4 },
    }))),
    config: { [change("seed")]: 42, nested: { [change("name")]: change("value"), list: [change("item")] } },
    versions: { [change("deno")]: change("2.9.6") },
    seconds: { [change("detect")]: 1.5, [change("probe")]: 75 },
  };
}
