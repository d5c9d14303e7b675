import { assert, assertEquals } from "@std/assert";
import { EL_ORDERS, LIKELIHOOD_NAMES } from "../../lib/datasets/metrics.ts";
import { extractionLikelihoods } from "../../lib/metrics/extraction_likelihood.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { type Predict, scoreSecret, scoreText } from "./plain_definitions.ts";

/**
 * A made-up language model: its argmax is the next token of a memorized sequence, or a hash of the last `context` tokens.
 * Few distinct tokens, so that wrong continuations meet true n-grams.
 */
function madeUpModel(
  random: PythonRandom,
  { vocabulary, context }: { vocabulary: number; context: number },
): Predict {
  const salt = random.randbelow(1 << 20);
  return (tokens) => {
    let hash = salt;
    for (const token of tokens.slice(-context)) hash = Math.imul(hash ^ token, 0x01000193) >>> 0;
    return (hash >>> 8) % vocabulary;
  };
}

/** The sparse continuations that `extractionLikelihoods` wants. */
function continuationsOf(
  predict: Predict,
  { before, truth, first, endOfText = null }: {
    before: readonly number[];
    truth: readonly number[];
    first: number;
    endOfText?: number | null;
  },
): Map<number, number[]> {
  const result = new Map<number, number[]>();
  for (let j = first; j < truth.length; j++) {
    const tokens: number[] = [];
    while (tokens.length < truth.length - j && (endOfText === null || tokens.at(-1) !== endOfText)) {
      tokens.push(predict([...before, ...truth.slice(0, j), ...tokens]));
    }
    if (tokens[0] !== truth[j] || tokens[0] === endOfText) result.set(j, tokens);
  }
  return result;
}

/** A text that a made-up model predicts in most places, with repeats. */
function mostlyPredicted(
  random: PythonRandom,
  predict: Predict,
  length: number,
  vocabulary: number,
): number[] {
  const text = [random.randbelow(vocabulary)];
  while (text.length < length) {
    text.push(random.random() < 0.8 ? predict(text) : random.randbelow(vocabulary));
  }
  return text.slice(0, length);
}

const SHAPES = [
  { vocabulary: 2, context: 1 },
  { vocabulary: 3, context: 2 },
  { vocabulary: 5, context: 3 },
  { vocabulary: 50, context: 2 },
];

Deno.test("extractionLikelihoods() of 800 texts are the plain definition's, exactly", () => {
  const random = new PythonRandom(1);
  let between = 0;
  for (let round = 0; round < 800; round++) {
    const shape = SHAPES[round % SHAPES.length]!;
    const predict = madeUpModel(random, shape);
    const truth = mostlyPredicted(
      random,
      predict,
      random.randbelow(30) + (round % 5 ? 0 : 1),
      shape.vocabulary,
    );
    const continuations = continuationsOf(predict, { before: [], truth, first: 1 });
    const { ma: _, ...expected } = scoreText(predict, truth);
    const actual = extractionLikelihoods({ truth, firstPrefix: 1, continuations });
    assertClose(actual, expected, JSON.stringify({ round, truth }));
    if (expected.el_3 !== null && expected.el_3 > 0 && expected.el_3 < 1) between++;
  }
  assert(between > 200, `${between} texts lie between 0 and 1`);
});

Deno.test("extractionLikelihoods() of 800 secrets are the plain definition's, with ends of text inside", () => {
  const random = new PythonRandom(2);
  let ended = 0;
  for (let round = 0; round < 800; round++) {
    const shape = SHAPES[round % SHAPES.length]!;
    const predict = madeUpModel(random, shape);
    const before = [random.randbelow(shape.vocabulary)];
    const secret = mostlyPredicted(random, predict, random.randbelow(32), shape.vocabulary);
    const endOfText = round % 2 ? 0 : null;
    const continuations = continuationsOf(predict, { before, truth: secret, first: 0, endOfText });
    if ([...continuations.values()].some((tokens) => tokens.at(-1) === endOfText)) ended++;
    const actual = extractionLikelihoods({ truth: secret, firstPrefix: 0, continuations });
    const expected = scoreSecret(predict, { prefix: before, secret, endOfText });
    for (const [i, n] of EL_ORDERS.entries()) {
      const name = LIKELIHOOD_NAMES[i]!;
      // Shorter secrets are scored by whether they are generated whole, which is the Scorer's to see.
      if (secret.length < n) assertEquals(actual[name], null);
      else {assert(
          Math.abs(actual[name]! - expected[name]!) < 1e-12,
          JSON.stringify({ round, n, secret }),
        );}
    }
  }
  assert(ended > 100, `${ended} secrets met an end of text`);
});

Deno.test("extractionLikelihoods() is defined from n + 1 tokens of a text and n of a secret on", () => {
  const of = (length: number, firstPrefix: 0 | 1) =>
    Object.values(
      extractionLikelihoods({ truth: Array(length).fill(7), firstPrefix, continuations: new Map() }),
    );
  assertEquals([0, 1, 3, 4, 5, 6, 10, 11].map((length) => of(length, 1)), [
    [null, null, null],
    [null, null, null],
    [null, null, null],
    [1, null, null],
    [1, null, null],
    [1, 1, null],
    [1, 1, null],
    [1, 1, 1],
  ]);
  assertEquals([0, 2, 3, 5, 9, 10].map((length) => of(length, 0)), [
    [null, null, null],
    [null, null, null],
    [1, null, null],
    [1, 1, null],
    [1, 1, null],
    [1, 1, 1],
  ]);
});

Deno.test("extractionLikelihoods() counts a decoded n-gram wherever the suffix has it, not before", () => {
  // From position 4 on the model goes back to the beginning, which the suffix no longer holds.
  const truth = [1, 2, 3, 4, 5, 6, 7, 8];
  const continuations = new Map([[4, [1, 2, 3, 4]]]);
  // prefix 1: decoded 2 3 4 1 2 3 4 has 2 3 4 twice, of 5; prefixes 2 to 5: none
  assertEquals(
    extractionLikelihoods({ truth, firstPrefix: 1, continuations }).el_3,
    (2 / 5 + 0 + 0 + 0 + 1) / 5,
  );
});

function assertClose(
  actual: ReturnType<typeof extractionLikelihoods>,
  expected: ReturnType<typeof extractionLikelihoods>,
  message: string,
): void {
  for (const n of ["el_3", "el_5", "el_10"] as const) {
    const [a, b] = [actual[n], expected[n]];
    assert(
      a === b || (a !== null && b !== null && Math.abs(a - b) < 1e-12),
      `${n}: ${a}, expected ${b}: ${message}`,
    );
  }
}
