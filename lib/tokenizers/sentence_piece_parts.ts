/**
 * The steps of a tokenizer.json that do what SentencePiece's BPE does with its pieces and their scores.
 *
 * @module
 */
import { mergesOfScores } from "./score_merges.ts";

/** What the numbers of a piece's type mean, in SentencePiece's files as in GGUF's. */
export const PIECE_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
const METASPACE = "▁";
/** The largest sum of pieces' lengths squared: merges are looked for at each place of each. Real ones reach 2^24. */
const MAX_LOOKS = 1 << 28;

/** Pieces, each with its number. */
export interface ScoredPieces {
  /** All of them. */
  vocabulary: ReadonlyMap<string, number>;
  /** Those that texts are merged to. Default all. */
  merged?: ReadonlyMap<string, number>;
  /** By number. */
  scores: readonly number[];
  /** What stands for characters that are in no piece; or null. */
  unknown: string | null;
}

/** What is done to texts. */
export interface SentencePieceSteps {
  /** Whether a blank is put before a text. */
  addsPrefix: boolean;
  /** Whether blanks at a text's ends are dropped and runs of them made one. Default false. */
  dropsBlanks?: boolean;
  /** Whether characters of no piece become bytes. Default true. */
  byteFallback?: boolean;
}

/**
 * Whether pieces are longer together than those of any vocabulary, so that finding their merges would take for ever.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals([["a"], ["a".repeat(20_000)]].map(areTooLong), [false, true]);
 * ```
 */
export function areTooLong(pieces: readonly string[]): boolean {
  return pieces.reduce((sum, { length }) => sum + length ** 2, 0) > MAX_LOOKS;
}

/**
 * Normalizer, model and decoder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const vocabulary = new Map([["▁", 0], ["a", 1], ["▁a", 2]]);
 * const { model } = sentencePieceParts({ vocabulary, scores: [-2, -3, -1], unknown: null }, { addsPrefix: true });
 * assertEquals(model.merges, [["▁", "a"]]);
 * ```
 */
export function sentencePieceParts(
  { vocabulary, merged = vocabulary, scores, unknown }: ScoredPieces,
  { addsPrefix, dropsBlanks = false, byteFallback = true }: SentencePieceSteps,
) {
  const replace = (pattern: unknown, content: string) => ({ type: "Replace", pattern, content });
  const [oneBlank, noneFirst, noneLast] = [[" {2,}", " "], ["\\A ", ""], [`${METASPACE}{1,64}\\z`, ""]]
    .map(([Regex, content]) => dropsBlanks ? [replace({ Regex }, content!)] : []);
  return {
    normalizer: {
      type: "Sequence",
      normalizers: [
        ...oneBlank!,
        ...noneFirst!,
        ...addsPrefix ? [{ type: "Prepend", prepend: METASPACE }] : [],
        replace({ String: " " }, METASPACE),
        ...noneLast!,
      ],
    },
    pre_tokenizer: null,
    model: {
      ...bpe(vocabulary, mergesOfScores(merged, scores)),
      unk_token: unknown,
      fuse_unk: true,
      byte_fallback: byteFallback,
    },
    decoder: {
      type: "Sequence",
      decoders: [
        replace({ String: METASPACE }, " "),
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...addsPrefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : [],
      ],
    },
  };
}

/**
 * A BPE model as tokenizer.json has it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(bpe(new Map([["a", 0]]), []).vocab, { a: 0 });
 * ```
 */
export function bpe(vocabulary: ReadonlyMap<string, number>, merges: readonly string[][]) {
  return {
    type: "BPE",
    dropout: null,
    unk_token: null as string | null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    fuse_unk: false,
    byte_fallback: false,
    ignore_merges: false,
    vocab: Object.fromEntries(vocabulary),
    merges,
  };
}

/**
 * The step that puts the token that begins a text before it, for those who ask for special tokens.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * assertEquals(startTemplate("<s>", 1).single[0], { SpecialToken: { id: "<s>", type_id: 0 } });
 * ```
 */
export function startTemplate(token: string, id: number) {
  const start = { SpecialToken: { id: token, type_id: 0 } };
  const text = (id: "A" | "B", type_id: number) => ({ Sequence: { id, type_id } });
  return {
    type: "TemplateProcessing",
    single: [start, text("A", 0)],
    pair: [start, text("A", 0), start, text("B", 1)],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } },
  };
}
