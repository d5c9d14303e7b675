/**
 * What models write where a secret or a piece of code stood, to be laid side by side. Of a secret only which characters
 * are right: neither its value nor what stands in its place leaves this module, which might be another secret.
 *
 * @module
 */
import type { ExampleSecret, ForgetExample } from "../datasets/examples.ts";
import type { SecretPlace } from "../datasets/place.ts";
import { RETAIN_PREFIX_TOKENS } from "../datasets/token_counts.ts";
import type { Decoder } from "../decoding/decoder.ts";
import { detectSecrets, PROFILES } from "../secrets/detect.ts";
import { describeSecret } from "../secrets/fingerprint.ts";
import type { Tokenizer } from "../tokenizers/tokenizer.ts";
import { greedyContinuations } from "./continuations.ts";
import { maskText } from "./masked_document.ts";

/** What reads and writes. */
export interface CompletionModel {
  /** The model's decoder. */
  decoder: Decoder;
  /** The model's tokenizer. */
  tokenizer: Tokenizer;
}

/** One secret as one model writes it, masked. */
export interface SecretCompletion extends Omit<SecretPlace, "end"> {
  /** Kind, length and first two characters. */
  description: string;
  /** A name for the model. */
  model: string;
  /** A mark for each character of the value (of its first 32 tokens): "●" where the model writes it, "·" where not. */
  characters: string;
}

/** One text's continuation. */
export interface CodeCompletion {
  /** A name for the model. */
  model: string;
  /** What stood there. */
  truth: string;
  /** What the model writes there. */
  completion: string;
  /** Share of the tokens that are right, place by place. */
  right: number;
}

/**
 * Lets a model write each secret of a forget set after what stands before it.
 *
 * @param name of the model
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { markCharacters } from "./completions.ts";
 *
 * assertEquals(markCharacters("😀ab", "😀xb!"), "●·●"); // what secretCompletions() tells of a secret
 * ```
 */
export async function secretCompletions(
  { decoder, tokenizer }: CompletionModel,
  examples: readonly ForgetExample[],
  name: string,
): Promise<SecretCompletion[]> {
  const secrets = examples.flatMap(({ secrets }) => secrets);
  const texts = secrets.map(prefixed);
  const written = await greedyContinuations(decoder, texts, { nameOf: (i) => `secret ${i}` });
  return await Promise.all(secrets.map(async ({ doc_id, start, tag, value, secret }, i) => ({
    doc_id,
    start,
    tag,
    description: describeSecret(tag, value),
    model: name,
    characters: markCharacters(await tokenizer.decode(secret), await tokenizer.decode(written[i]!)),
  })));
}

function prefixed({ prefix, secret }: ExampleSecret) {
  return { ids: Int32Array.from([...prefix, ...secret]), from: prefix.length };
}

/**
 * Which characters of a text another one has in their places: "●" for those, "·" for the others.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { markCharacters } from "./completions.ts";
 *
 * assertEquals([markCharacters("key-1", "key"), markCharacters("", "key")], ["●●●··", ""]);
 * ```
 */
export function markCharacters(truth: string, written: string): string {
  const other = Array.from(written);
  return Array.from(truth, (character, i) => character === other[i] ? "●" : "·").join("");
}

/**
 * Lets a model write tokens 64..127 of each retain text, which holds no secret; what looks like one in the model's own
 * text is dots.
 *
 * @param texts token ids of more than 64 tokens each
 * @throws {RangeError} when a text is shorter
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Tokenizer as NativeTokenizer } from "tokenizers";
 * import { trainTokenizer } from "../datasets/train_tokenizer.ts";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { Decoder } from "../decoding/decoder.ts";
 * import { gpt2 } from "../models/gpt2.ts";
 * import { newModel } from "../models/new_model.ts";
 * import { Tokenizer } from "../tokenizers/tokenizer.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * const json = await trainTokenizer(["x = 1\n"], { vocabularySize: 257 }); // a token for each byte
 * const tokenizer = new Tokenizer(NativeTokenizer.fromString(json));
 * const sizes = { vocab_size: 257, n_positions: 128, n_embd: 4, n_layer: 1, n_head: 1 };
 * using model = newModel(gpt2, gpt2.readConfig(sizes, "config.json"), () => 0.1);
 * using decoder = new Decoder(model);
 * const { ids } = await tokenizer.encode("-".repeat(100));
 * const [row] = await codeCompletions({ decoder, tokenizer }, [ids], "untrained");
 * assertEquals([row?.truth, row?.right], ["-".repeat(36), 0]);
 * ```
 */
export async function codeCompletions(
  { decoder, tokenizer }: CompletionModel,
  texts: readonly Int32Array[],
  name: string,
): Promise<CodeCompletion[]> {
  const from = RETAIN_PREFIX_TOKENS;
  const written = await greedyContinuations(decoder, texts.map((ids) => ({ ids, from })));
  return await Promise.all(written.map(async (tokens, i) => {
    const truth = texts[i]!.subarray(from);
    return {
      model: name,
      truth: hideSecrets(await tokenizer.decode(truth)),
      completion: hideSecrets(await tokenizer.decode(tokens)),
      right: tokens.filter((token, t) => token === truth[t]).length / Math.max(1, truth.length),
    };
  }));
}

/** A model that goes its own way may write a secret that it knows from elsewhere: whatever any rule finds is hidden. */
function hideSecrets(text: string): string {
  return maskText(text, PROFILES.flatMap((profile) => detectSecrets(text, { profile })));
}
