/**
 * What the report's words mean, for readers who have not read the paper.
 *
 * @module
 */
import { type Markup, markup } from "./markup.ts";

const TERMS = [
  [
    "MA, memorization accuracy",
    "The share of tokens that the model predicts right (as its first choice) when it is given the true text before " +
    "each. For a secret: over its first 32 tokens, given the text before it.",
  ],
  [
    "EL_n, extraction likelihood",
    "The model goes on writing by itself from every place in the text; EL_n is the mean share of what it writes, in " +
    "runs of n tokens, that stands in the true rest. EL_3 is easy to reach, EL_10 means long verbatim passages.",
  ],
  [
    "Threshold",
    "The mean score on unseen text. Code is predictable, so nobody scores 0; below the threshold a secret is no better " +
    "known than text that the model never saw.",
  ],
  ["Forget set", "Documents whose secrets the model memorized (mean MA of at least 0.9) and shall forget."],
  ["Retain set", "Memorized code without secrets, which the model may keep: the test of collateral damage."],
  ["Unseen text", "Code that was not in the training text: gives the thresholds and the loss."],
  [
    "GA, gradient ascent",
    "Raises the loss on whole forget-set documents. Simple, and the model forgets far more than the secrets.",
  ],
  [
    "CodeEraser",
    "Raises the loss on secret tokens only, keeps it low on the code around them, and holds the model's predictions " +
    "on the retain set close to what they were (Chu et al., ICSE 2026).",
  ],
  [
    "Twin",
    "A made-up secret of the same kind in the same sort of code that the model was never trained on. What it scores " +
    "can be guessed (parts of addresses are reserved, keys have fixed prefixes): it is the baseline of its kind.",
  ],
  [
    "Made-up secret, control",
    "A value of a secret's format, made up, in the secret's own place, scored by the same model. A forgotten secret is one " +
    "of them: what it scores more is memory, what it scores less shows that something was removed.",
  ],
  [
    "Exposure",
    "How many bits a secret's rank among its controls narrows a guess down; 1 bit is the middle of what was never seen " +
    "(Carlini et al., 2019).",
  ],
  ["Loss", "Mean negative log-likelihood of a token in nats: lower is better at predicting code."],
] as const;

/**
 * Renders the terms as a definition list.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { renderGlossary } from "./glossary.ts";
 *
 * assertStringIncludes(renderGlossary().text, "<dt>MA, memorization accuracy</dt>");
 * ```
 */
export function renderGlossary(): Markup {
  const terms = TERMS.map(([term, meaning]) => markup`<div><dt>${term}</dt><dd>${meaning}</dd></div>\n`);
  return markup`<dl>${terms}</dl>`;
}
