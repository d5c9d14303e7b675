/**
 * What a model writes when it goes on from a prefix of a known text: the truth as far as the model predicts it, then
 * its own greedy tokens. The truth's forward gives both the first mistake and the cache to decode from.
 *
 * @module
 */
import type { Decoder } from "../decoding/decoder.ts";

/** A text, and from which token on the model writes it. */
export interface PrefixedText {
  /** All tokens, prefix and truth. */
  ids: Int32Array;
  /** The first token that the model writes, at least 1. */
  from: number;
}

/**
 * The greedy continuation of each text's prefix, as long as its truth.
 *
 * @param options.nameOf what messages call a text: "text 0" by default
 * @returns for each text its tokens `from`..T-1 as the model writes them
 * @throws {RangeError} when a text is longer than the model has positions, or its prefix is empty; {NotFiniteError} when
 * the model's logits are NaN or infinite
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { openTensorFlow } from "../engine/engine.ts";
 * import { Decoder } from "../decoding/decoder.ts";
 * import { loadModel } from "../checkpoints/load.ts";
 *
 * using _engine = await openTensorFlow({ device: "cpu" });
 * using loaded = await loadModel("tests/fixtures/gpt2/trained");
 * using decoder = new Decoder(loaded.model, { batch: 1 });
 * const ids = Int32Array.of(3, 20, 49, 41, 5, 26); // a text that it has memorized
 * assertEquals(await greedyContinuations(decoder, [{ ids, from: 3 }]), [ids.slice(3)]);
 * ```
 */
export async function greedyContinuations(
  decoder: Decoder,
  texts: readonly PrefixedText[],
  { nameOf = (text) => `text ${text}` }: { nameOf?: (text: number) => string } = {},
): Promise<Int32Array[]> {
  const empty = texts.findIndex(({ ids, from }) => from < 1 || from > ids.length);
  if (empty >= 0) {
    const { ids, from } = texts[empty]!;
    throw new RangeError(
      `Cannot continue text ${empty} from token ${from} as it must be 1..T: it has ${ids.length} tokens`,
    );
  }
  const longest = Math.max(1, ...texts.map(({ ids }) => ids.length));
  const results: Int32Array[] = [];
  for (let first = 0; first < texts.length; first += decoder.batch) {
    const batch = texts.slice(first, first + decoder.batch);
    results.push(
      ...await continueBatch(decoder, batch, { length: longest, nameOf: (i) => nameOf(first + i) }),
    );
  }
  return results;
}

async function continueBatch(
  decoder: Decoder,
  texts: readonly PrefixedText[],
  options: { length: number; nameOf: (text: number) => string },
): Promise<Int32Array[]> {
  using filled = await decoder.prefill(texts.map(({ ids }) => ids), { ...options, keepCache: true });
  const mistakes = texts.map(({ ids, from }, i) => {
    let position = from;
    while (position < ids.length && filled.predictions[i]![position - 1] === ids[position]) position++;
    return position;
  });
  const wrong = texts.map((_, i) => i).filter((i) => mistakes[i]! < texts[i]!.ids.length);
  const decoded = await decoder.continueAll(
    filled,
    wrong.map((text) => ({
      text,
      position: mistakes[text]!,
      token: filled.predictions[text]![mistakes[text]! - 1]!,
      until: texts[text]!.ids.length,
    })),
  );
  return texts.map(({ ids, from }, i) => {
    const result = ids.slice(from);
    const j = wrong.indexOf(i);
    if (j >= 0) result.set(decoded[j]!, mistakes[i]! - from);
    return result;
  });
}
