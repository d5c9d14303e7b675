/**
 * Rows of a forget set with made-up values in the secrets' places: what a model says of these shall stay as it is while it
 * forgets the secrets, as unlearning else makes any value of the kind unlikely there.
 *
 * @module
 */
import type { Document } from "../datasets/corpus.ts";
import type { ForgetExample } from "../datasets/examples.ts";
import { spanFinder } from "../datasets/place.ts";
import { maskSecrets } from "../datasets/secret_mask.ts";
import type { Span } from "../secrets/secret_span.ts";
import type { EncodedText, Tokenizer } from "../tokenizers/tokenizer.ts";
import { parting } from "./control_tokens.ts";
import { ControlValues } from "./control_values.ts";

/** So many sets, of which one is held each epoch. */
export const CONTROL_SETS = 8;

/** A row with made-up values. */
export interface ControlRow {
  /** Tokens of the window, to the last that is masked. */
  ids: Int32Array;
  /** 1 for the tokens of made-up values, but for the first of each that is not the secret's. */
  mask: Uint8Array;
}

/** What is needed of a forget row. */
type PlacedExample = Pick<ForgetExample, "docId" | "window" | "windowTokens" | "ids" | "owners" | "secrets">;

/**
 * Draws sets of rows. A value has one made-up value in each document and set, wherever it stands there.
 *
 * Where a made-up value parts from the secret, the model expects the secret yet: that token is not masked.
 *
 * @param documents those of the rows
 * @returns as many sets as asked for; without the rows in which no token is masked
 *
 * @example
 * ```ts
 * import { assertEquals, assertNotEquals } from "@std/assert";
 * import { forgetExamples } from "../datasets/examples.ts";
 * import { openTokenizer } from "../tokenizers/tokenizer.ts";
 * import { controlRows } from "./control_rows.ts";
 *
 * const tokenizer = await openTokenizer("tests/fixtures/tokenizer");
 * const source = { tokenizer, documents: [{ docId: "a", path: null, text: "port = 80805511;" }] };
 * const row = { doc_id: "a", window: 0, spans: '[["KEY",7,15]]' };
 * const examples = await forgetExamples(source, [row]);
 * const [[first], [second]] = await controlRows(source, examples, { sets: 2, seed: 1 }) as [any, any];
 * assertEquals(first.ids.length, first.mask.lastIndexOf(1) + 1);
 * assertNotEquals(first.ids, second.ids);
 * ```
 */
export async function controlRows(
  { tokenizer, documents }: { tokenizer: Tokenizer; documents: readonly Document[] },
  examples: readonly PlacedExample[],
  { sets, seed }: { sets: number; seed: number },
): Promise<ControlRow[][]> {
  if (sets === 0) return [];
  const texts = new Map(documents.map(({ docId, text }) => [docId, text]));
  const values = new ControlValues(tokenizer);
  const drawn = await Promise.all(
    examples.map(({ docId, secrets }) =>
      Promise.all(
        secrets.map(({ value, tag }) =>
          values.draw({ value, tag }, { count: sets, place: `${docId} ${value}`, seed })
        ),
      )
    ),
  );
  return await Promise.all(Array.from({ length: sets }, async (_, set) => {
    const made = examples.map(({ docId, secrets }, i) => {
      const text = texts.get(docId)!;
      const spanOf = spanFinder(text, "use");
      return replace(text, secrets.map((secret, k) => ({ ...spanOf(secret), value: drawn[i]![k]![set] })));
    });
    const encoded = await tokenizer.encodeBatch(made.map(({ text }) => text));
    const rows = examples.map((example, i) => controlRow(example, encoded[i]!, made[i]!.spans));
    return rows.filter(({ ids }) => ids.length > 0);
  }));
}

/** A made-up value's place, and which of the secrets it stands for. */
type OwnedSpan = Span & { owner: number };

/** Puts values in the places of others; one within another, and one without a value, stays. */
function replace(
  text: string,
  places: readonly (Span & { value: string | undefined })[],
): { text: string; spans: OwnedSpan[] } {
  const spans: OwnedSpan[] = [];
  let [made, end] = ["", 0];
  const inOrder = places.map((place, owner) => ({ ...place, owner })).sort((a, b) => a.start - b.start);
  for (const { start, end: next, value, owner } of inOrder) {
    if (start < end || value === undefined) continue;
    made += text.slice(end, start) + value;
    spans.push({ start: made.length - value.length, end: made.length, owner });
    end = next;
  }
  return { text: made + text.slice(end), spans };
}

function controlRow(
  { ids: known, owners: whose, window, windowTokens }: PlacedExample,
  { ids, starts, ends }: EncodedText,
  spans: readonly OwnedSpan[],
): ControlRow {
  const cut = <A extends Int32Array | Uint32Array>(all: A) => all.subarray(window, window + windowTokens);
  const own = Int32Array.from(cut(ids));
  const { mask, owners } = maskSecrets({ starts: cut(starts), ends: cut(ends) }, spans);
  spans.forEach(({ owner }, k) => {
    const [before, now] = [placesOf(whose, owner), placesOf(owners, k)];
    const parts = parting(before.map((t) => known[t]!), now.map((t) => own[t]!));
    for (const t of parts === now.length ? now : [now[parts]!]) mask[t] = 0;
  });
  const length = mask.lastIndexOf(1) + 1;
  return { ids: own.slice(0, length), mask: mask.slice(0, length) };
}

/** Which tokens are a secret's. */
function placesOf(owners: Int32Array, owner: number): number[] {
  return [...owners.keys()].filter((t) => owners[t] === owner);
}
