/**
 * How the numbers of a report came about, stage by stage, for readers who have not read the paper or want to check.
 *
 * @module
 */
import { type Markup, markup } from "./markup.ts";
import { REACHES, reachOf, type RunReach } from "./run_reach.ts";
import type { RunTables } from "./run_tables.ts";

const STAGES = [
  [
    "Detection",
    "found",
    "Rules for e-mail and IP addresses and 24 detectors of keys, the random-looking ones by their entropy and letter " +
    "pairs. Local addresses, examples, placeholders and hashes are dropped. A place counts once.",
  ],
  [
    "Thresholds",
    "measured",
    "MA and EL_n of at most 128 tokens of each unseen text; the mean is what a model reaches that memorized nothing.",
  ],
  [
    "Probe",
    "measured",
    "Each secret is cut to its first 32 tokens and scored given up to 128 tokens of the text before it. A document's MA " +
    "is the mean over its secrets.",
  ],
  [
    "Forget set",
    "unlearned",
    "Windows of 512 tokens with a mean MA of at least 0.9 and at least 32 secret tokens; equal texts enter once, the " +
    "rest is shuffled by the seed and cut into disjoint groups.",
  ],
  [
    "Retain set",
    "unlearned",
    "Texts without secrets whose tokens 64 to 127 the model continues from the first 64 with a BLEU-4 of at least 0.95 " +
    "on characters.",
  ],
  [
    "Unlearning",
    "unlearned",
    "Adam on the whole set at each step. GA raises the loss of whole documents. CodeEraser raises the loss of secret " +
    "tokens, lowers gamma times that of the tokens around them, and holds the model near what it was by lambda times " +
    "the KL divergence, on the retain set alpha times as much. It stops when MA and EL_10 of the forget set are below " +
    "their thresholds.",
  ],
  [
    "Evaluation",
    "unlearned",
    "The written checkpoints are loaded anew and scored on the three sets, and every secret of the forget set by itself: " +
    "the stopping rule looks at means, under which single secrets can stay.",
  ],
  [
    "Verdict",
    "unlearned",
    "Single secrets pass where no more are above their bounds than chance leaves, the set by the run's own rule. An attack " +
    "fails where the whole 95 % interval of a variant lies above made-up secrets in the same places, or where it gives a " +
    "secret whole and none of those; membership where an interval of the area does not hold one half; exposure where more " +
    "than one in twenty stand out by the whole interval. Use counts as kept where 95 % of each score and of each " +
    "pass@k is left and loss on unseen code rose by 5 % at most; who solved no problem before is not judged by pass@k.",
  ],
] as const satisfies readonly (readonly [stage: string, reach: RunReach, text: string])[];

/**
 * Renders the stages that a run came to as an ordered list.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderMethods } from "./methods.ts";
 *
 * assertStringIncludes(renderMethods({ title: "Run", version: "v" }).text, "<b>Detection.</b>");
 * ```
 */
export function renderMethods(run: RunTables): Markup {
  const reached = REACHES.slice(0, REACHES.indexOf(reachOf(run)) + 1);
  return markup`<ol class="stages">${
    STAGES.filter(([, reach]) => reached.includes(reach)).map(([stage, , text]) =>
      markup`<li><b>${stage}.</b> ${text}</li>
`
    )
  }</ol>`;
}
