/**
 * Trains a byte-level BPE tokenizer, as Hugging Face's `BpeTrainer` does, and gives its tokenizer.json.
 *
 * The Node binding's `train` has no options: it learns 30,000 entries, without special tokens. Merges are learnt in
 * order, so the first ones of a long training are those of a short one; vocabulary = special token, the 256 bytes'
 * characters by code point, then what each merge makes. `train` also reads files line by line, where a token could
 * never hold a line break and the blanks after it: each text goes on one line with form feeds for line breaks, which
 * are the same to the pre-tokenizer and stand beside them in every tie, and the learnt entries are renamed back.
 *
 * A vocabulary gives away what stands often in its texts. So it is learnt without the secrets that are found in them
 * (see without_secrets.ts), and an entry of at least six characters that is part of one nevertheless, as a piece of it
 * stands elsewhere, is dropped with all that is made of it, unless it is a word: letters of one case, or a capital and
 * small ones, that follow each other like English.
 *
 * Texts come as a stream and lie in files meanwhile, twice as they are. Held are the values of their secrets and what
 * `train` holds, the count of each different word: neither depends on how often a text is there.
 *
 * @module
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BPE, byteLevelAlphabet, byteLevelPreTokenizer, Tokenizer } from "../npm/tokenizers.ts";
import { makeFolder, removePath } from "../files/folders.ts";
import { createFile, PRIVATE, writeAll } from "../files/write_file.ts";
import { isGibberish } from "../secrets/gibberish.ts";
import { occurrences } from "../secrets/occurrences.ts";
import { SHORTEST, type TextStream, withoutSecrets } from "./without_secrets.ts";

/** The special token: id 0, between texts, before the first and where padding is needed. */
export const END_OF_TEXT = "<|endoftext|>";

const LINE_BREAK = "\u010a"; // "\n" in the byte-level alphabet
const FORM_FEED = "\u010c"; // "\f"

/** Options of {@linkcode trainTokenizer}. */
export interface TrainTokenizerOptions {
  /** Entries of the vocabulary, special token and bytes included (default 4,096; at most 30,000). */
  vocabularySize?: number;
  /** Learns from the texts as they are: they are known to hold no secret. Default false. */
  keepSecrets?: boolean;
  /** A folder to make for the texts meanwhile, for its owner only, and to remove; one of the system's temporary folder by default. */
  folder?: string;
}

/**
 * Trains on whole texts, each ending in "\n" and without form feeds or carriage returns; deterministic. The library
 * writes three line breaks to stdout meanwhile.
 *
 * @returns The content of tokenizer.json: no secret of the texts is part of it.
 * @throws {RangeError} If the vocabulary is too small or too large for the texts, or a text holds such a character.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { trainTokenizer } from "./train_tokenizer.ts";
 *
 * const json = JSON.parse(await trainTokenizer(["x = 1\n", "x = 2\n"], { vocabularySize: 258 }));
 * assertEquals(json.model.merges, [["Ġ", "="]]);
 * ```
 */
export async function trainTokenizer(
  texts: TextStream,
  { vocabularySize = 4096, keepSecrets = false, folder }: TrainTokenizerOptions = {},
): Promise<string> {
  const alphabet = byteLevelAlphabet().sort();
  const needed = vocabularySize - alphabet.length - 1;
  if (needed < 0 || vocabularySize > 30_000) {
    throw new RangeError(`Cannot train a tokenizer of ${vocabularySize} entries: expected 257 to 30,000`);
  }
  const learnt = await learnMerges(checked(texts), { keepSecrets, ...(folder !== undefined && { folder }) });
  const merges = dropSecrets(learnt.merges, learnt.values).slice(0, needed);
  if (merges.length < needed) {
    throw new RangeError(
      `Cannot train a tokenizer of ${vocabularySize} entries: the texts give ${merges.length} merges only`,
    );
  }
  const entries = [END_OF_TEXT, ...alphabet, ...merges.map(([left, right]) => left + right)];
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const special = { id: 0, content: END_OF_TEXT, single_word: false, lstrip: false, rstrip: false };
  const json = {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: [{ ...special, normalized: false, special: true }],
    normalizer: null,
    pre_tokenizer: byteLevel,
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(entries.map((entry, id) => [entry, id])),
      merges,
    },
  };
  return JSON.stringify(json, null, 1) + "\n";
}

async function* checked(texts: TextStream): AsyncGenerator<string> {
  let number = 0;
  for await (const text of texts) {
    if (!text.endsWith("\n") || /[\f\r]/.test(text)) {
      throw new RangeError(
        `Cannot train a tokenizer on text ${number}: it has no "\\n" at its end, or form feeds or carriage returns`,
      );
    }
    yield text;
    number++;
  }
}

/** The merges of all texts, and the values that were left out of them. */
async function learnMerges(
  texts: AsyncIterable<string>,
  { keepSecrets, folder = join(tmpdir(), `codescrub-${crypto.randomUUID()}`) }: {
    keepSecrets: boolean;
    folder?: string;
  },
): Promise<{ merges: [string, string][]; values: string[] }> {
  await makeFolder(folder, { mode: 0o700 });
  try {
    const clean = keepSecrets
      ? { texts, values: [] }
      : await withoutSecrets(texts, join(folder, "clean.txt"));
    await writeLines(join(folder, "texts.txt"), clean.texts);
    const tokenizer = new Tokenizer(BPE.empty());
    tokenizer.setPreTokenizer(byteLevelPreTokenizer(false, true));
    tokenizer.train([join(folder, "texts.txt")]);
    tokenizer.save(join(folder, "tokenizer.json"));
    const learnt = JSON.parse(await Deno.readTextFile(join(folder, "tokenizer.json")));
    const merges: [string, string][] = learnt.model.merges;
    return {
      merges: merges.map(([left, right]) => [restoreLineBreaks(left), restoreLineBreaks(right)]),
      values: clean.values,
    };
  } finally {
    await removePath(folder);
  }
}

/** Writes each text on a line of its own. */
async function writeLines(path: string, texts: AsyncIterable<string>): Promise<void> {
  using file = await createFile(path, { mode: PRIVATE });
  const encoder = new TextEncoder();
  for await (const text of texts) {
    await writeAll(file, encoder.encode(text.replace(/\n$/, "").replaceAll("\n", "\f") + "\n"), path);
  }
}

function restoreLineBreaks(entry: string): string {
  return entry.replaceAll(FORM_FEED, LINE_BREAK);
}

/** The merges without those that make a piece of a secret, or are made of one. */
function dropSecrets(merges: readonly [string, string][], values: readonly string[]): [string, string][] {
  const candidates = merges.map(([left, right]) => wordOf(left + right)).filter(mayGiveAway);
  const secrets = values.map(toByteLevel).join("\n"); // which is no character of that alphabet
  const places = occurrences(secrets, candidates);
  const pieces = new Set(candidates.filter((_, i) => places[i]!.length > 0));
  const dropped = new Set<string>();
  return merges.filter(([left, right]) => {
    const entry = left + right;
    if (!pieces.has(wordOf(entry)) && !dropped.has(left) && !dropped.has(right)) return true;
    dropped.add(entry);
    return false;
  });
}

/** An entry without the white space before it. */
function wordOf(entry: string): string {
  return entry.replace(/^[\u0100-\u0120]+/, "");
}

/** Whether it is no word, which is part of a secret by chance: letters of one case, or a capital and small ones, like English. */
function mayGiveAway(entry: string): boolean {
  if (entry.length < SHORTEST) return false;
  const isWord = /^(?:\p{Lu}?\p{Ll}+|\p{Lu}+)$/u.test(entry) && !isGibberish(entry);
  return !isWord && /[\p{L}\p{N}]/u.test(entry);
}

/** A text's bytes in the alphabet of byte-level tokenizers (GPT-2's): printable ones as they are, others from U+0100 on. */
function toByteLevel(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => BYTE_LEVEL[byte]!).join("");
}

const isPrintable = (byte: number) => byte > 32 && byte < 127 || byte > 160 && byte !== 173;
let others = 0x100;
const BYTE_LEVEL = Array.from(
  { length: 256 },
  (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : others++),
);
