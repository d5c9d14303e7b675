/**
 * `evaluate --utility`: the texts by which a model's use is measured, a model's scores on them, and the tables.
 *
 * @module
 */
import type { Document } from "../datasets/corpus.ts";
import { SECRET_COLUMNS } from "../datasets/columns.ts";
import type { ForgetExample } from "../datasets/examples.ts";
import type { ForgetRow } from "../datasets/forget_set.ts";
import { readRows, writeRows } from "../datasets/row_table.ts";
import { RETAIN_TOKENS, windowTokensOf } from "../datasets/token_counts.ts";
import { RELIABILITY_COLUMNS, UTILITY_COLUMNS, utilityPaths } from "../datasets/utility_columns.ts";
import { CODE_CLASSES } from "../evaluation/code_classes.ts";
import { type CodeLanguage, languageOf } from "../evaluation/code_languages.ts";
import { otherSecrets, type ValueOfPlace } from "../evaluation/other_secrets.ts";
import {
  reliabilityRows,
  scoreUtility,
  type UtilityRow,
  utilityRows,
  type UtilityScores,
} from "../evaluation/utility.ts";
import { codeText, hostTexts, secretTexts, type UtilityText } from "../evaluation/utility_texts.ts";
import { NextTokenScorer } from "../metrics/next_tokens.ts";
import type { Context } from "./command.ts";
import type { ModelSession } from "./session.ts";

/** What a model's use is measured on. */
export interface UtilityInput {
  unseen: readonly Document[];
  /** Documents of the corpus, those of the sets and of other secrets among them. */
  documents: readonly Document[];
  /** The retain set's documents. */
  retain: readonly string[];
  /** Secrets outside the forget set. */
  others: readonly ValueOfPlace[];
  /** The language of documents whose names tell none. */
  language: CodeLanguage | undefined;
}

/** Documents that are tokenized and parsed at once. */
const UNIT = 64;

/**
 * Places of secrets outside a forget set, as the tables of `detect` and `probe` have them.
 *
 * @throws {RangeError} as `otherSecrets`
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readOtherSecrets } from "./evaluate_utility.ts";
 *
 * assertEquals(await readOtherSecrets(undefined, [], { seed: 42, count: 9 }), []);
 * ```
 */
export async function readOtherSecrets(
  path: string | undefined,
  forget: readonly Pick<ForgetRow, "doc_id" | "spans">[],
  options: { seed: number; count: number },
): Promise<ValueOfPlace[]> {
  return path === undefined
    ? []
    : otherSecrets(await readRows(path, { ...SECRET_COLUMNS, fingerprint: "text" }), forget, options);
}

/**
 * The tables of several models, the first of which may be the one before.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { UtilityTables } from "./evaluate_utility.ts";
 *
 * const input = { unseen: [], documents: [], retain: [], others: [], language: undefined };
 * const tables = new UtilityTables(input);
 * assertEquals([tables.rows, tables.countUnknown()], [[], 0]);
 * ```
 */
export class UtilityTables {
  readonly #input: UtilityInput;
  readonly #before = new Map<string, UtilityScores>();
  readonly #reliability: ReturnType<typeof reliabilityRows> = [];
  /** The measures so far. */
  readonly rows: UtilityRow[] = [];

  /** @param input of all models */
  constructor(input: UtilityInput) {
    this.#input = input;
  }

  /** How many unseen texts are of a language that no grammar is known of. */
  countUnknown(): number {
    const { unseen, language } = this.#input;
    return language === undefined ? unseen.filter((document) => languageOf(document) === null).length : 0;
  }

  /**
   * Measures a model.
   *
   * @param name its name; the one called "before" is what the others are compared with
   * @param forget the forget set in its tokens
   */
  async add(
    name: string,
    { loaded: { model }, tokenizer }: Pick<ModelSession, "loaded" | "tokenizer">,
    { forget, progress, breathe }:
      & { forget: readonly ForgetExample[] }
      & Pick<Context, "progress" | "breathe">,
  ): Promise<void> {
    const { unseen, retain, others } = this.#input;
    using scorer = new NextTokenScorer(model);
    const total = unseen.length + retain.length + forget.length + others.length;
    const stage = progress.start(`Use of ${name}`, total, "texts");
    const onProgress = async (done: number) => {
      stage.advance(done);
      await breathe();
    };
    const most = windowTokensOf(model.config);
    for (const set of this.#sets({ tokenizer, forget, most })) {
      const scores = await scoreUtility(scorer, set, { onProgress });
      if (scores.documents.size === 0) continue;
      this.rows.push(...utilityRows(scores, { model: name, before: this.#before.get(set.set) }));
      this.#reliability.push(...reliabilityRows(scores, name));
      if (name === "before") this.#before.set(set.set, scores);
    }
    stage.done();
  }

  /** Writes the tables beside an evaluation. */
  async write(out: string): Promise<void> {
    const { utility, reliability } = utilityPaths(out);
    await writeRows(utility, this.rows, UTILITY_COLUMNS);
    await writeRows(reliability, this.#reliability, RELIABILITY_COLUMNS);
  }

  #sets({ tokenizer, forget, most }: {
    tokenizer: ModelSession["tokenizer"];
    forget: readonly ForgetExample[];
    most: number;
  }) {
    const { unseen, documents, retain, others, language } = this.#input;
    const known = new Map(documents.map((document) => [document.docId, document]));
    const kinds = [...new Set(others.map(({ tag }) => tag))].toSorted();
    const source = { tokenizer, documents };
    async function* code(of: readonly Document[], tokens: number) {
      for (let first = 0; first < of.length; first += UNIT) {
        const unit = of.slice(first, first + UNIT);
        const encoded = await tokenizer.encodeBatch(unit.map(({ text }) => text));
        const texts: UtilityText[] = [];
        for (const [i, document] of unit.entries()) {
          texts.push(await codeText(document, encoded[i]!, { tokens, language }));
        }
        yield texts;
      }
    }
    async function* hosts() {
      yield await hostTexts(source, { examples: forget, language });
    }
    async function* secrets() {
      if (others.length > 0) yield await secretTexts(source, { places: others, kinds });
    }
    const kept = retain.map((id) => known.get(id)!);
    return [
      { set: "unseen", classes: CODE_CLASSES, units: code(unseen, most) },
      { set: "retain", classes: CODE_CLASSES, units: code(kept, Math.min(RETAIN_TOKENS, most)) },
      { set: "hosts", classes: CODE_CLASSES, units: hosts() },
      { set: "other_secrets", classes: kinds, units: secrets() },
    ];
  }
}
