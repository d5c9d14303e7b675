/**
 * The files of a model folder's tokenizer: tokenizer.json, or vocab.json and merges.txt, or SentencePiece's
 * tokenizer.model, and what says which tokens begin and end a text.
 *
 * @module
 */
import { readRegularFile, readRegularText } from "../files/read_file.ts";
import { fileReasonOf, reasonOf } from "../files/reason.ts";
import { sentencePieceTokenizer } from "./sentence_piece_tokenizer.ts";
import { type SpecialTokens, specialTokensOf } from "./special_tokens.ts";
import { vocabTokenizer } from "./vocab_tokenizer.ts";

/** The largest tokenizer.json have 33 million bytes. */
const OPTIONS = { what: "tokenizer", maxBytes: 1 << 26 };

/** What a folder's tokenizer is made of. */
export interface TokenizerText {
  /** tokenizer.json's text. */
  text: string;
  /** The file that it came from. */
  path: string;
  /** Which tokens begin and end a text. */
  special: SpecialTokens;
  /** tokenizer_config.json; empty where there is none. */
  settings: Readonly<Record<string, unknown>>;
}

/**
 * Reads a folder's tokenizer.
 *
 * @throws {Error} when there is none; {TypeError} when a file is no regular one; {RangeError} when one has more than 2^26
 * bytes; {SyntaxError} when tokenizer_config.json or tokenizer.model is damaged, or vocab.json and merges.txt
 * do not fit
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/vocab.json`, '{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 3}');
 * await Deno.writeTextFile(`${folder}/merges.txt`, "#version: 0.2\na b\n");
 * const { text, path } = await readTokenizer(folder);
 * assertEquals([path, JSON.parse(text).model.merges], [`${folder}/vocab.json`, [["a", "b"]]]);
 * ```
 */
export async function readTokenizer(folder: string): Promise<TokenizerText> {
  const path = `${folder}/tokenizer.json`;
  const [own, tokenizerConfig, config] = await Promise.all([
    readIfThere(path),
    readJson(`${folder}/tokenizer_config.json`),
    readJson(`${folder}/config.json`).catch(() => ({})), // who loads the model says what is wrong with it
  ]);
  const special = specialTokensOf(tokenizerConfig, config);
  if (typeof own === "string") return { text: own, path, special, settings: tokenizerConfig };
  const vocabPath = `${folder}/vocab.json`;
  const [vocab, merges] = await Promise.all([readIfThere(vocabPath), readIfThere(`${folder}/merges.txt`)]);
  const added = await readJson(`${folder}/added_tokens.json`);
  if (typeof vocab !== "string" || typeof merges !== "string") {
    const modelPath = `${folder}/tokenizer.model`;
    const model = await readIfThere(modelPath, readRegularFile);
    if (model instanceof Error) throw own;
    const { text, special: ofModel } = sentencePieceTokenizer({ model, added, tokenizerConfig }, modelPath);
    return { text, path: modelPath, special: beside(special, ofModel), settings: tokenizerConfig };
  }
  const text = vocabTokenizer({ vocab, merges, added, tokenizerConfig, config }, vocabPath);
  return { text, path: vocabPath, special, settings: tokenizerConfig };
}

/** What the files beside a tokenizer name first, then what it names itself. */
function beside(named: SpecialTokens, own: SpecialTokens): SpecialTokens {
  const both = (which: "starts" | "ends") => [...named[which] ?? [], ...own[which] ?? []];
  return { ...named, starts: both("starts"), ends: both("ends") };
}

/** What a file holds, or the error that there is none. */
async function readIfThere<T = string>(
  path: string,
  read: (path: string, options: typeof OPTIONS) => Promise<T> = readRegularText as never,
): Promise<T | Error> {
  try {
    return await read(path, OPTIONS);
  } catch (error) {
    const { cause } = error as Error;
    if (!(cause instanceof Error)) throw error; // it says itself why the file is not read
    const failed = new Error(`Cannot open tokenizer "${path}": ${fileReasonOf(cause)}`, { cause });
    if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) return failed;
    throw failed;
  }
}

/** A JSON object; an empty one where there is no file. */
async function readJson(path: string): Promise<Record<string, unknown>> {
  const text = await readIfThere(path);
  if (typeof text !== "string") return {};
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError(`Cannot open tokenizer "${path}": ${reasonOf(cause)}`, { cause });
  }
  if (json !== null && typeof json === "object" && !Array.isArray(json)) {
    return json as Record<string, unknown>;
  }
  throw new SyntaxError(`Cannot open tokenizer "${path}": it is no JSON object`);
}
