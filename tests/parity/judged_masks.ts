/**
 * A document with the masks, secret tokens and prefixes that Python's definition gives it (tests/fixtures/masks_oracle.py),
 * and whether ours are the same.
 *
 * @module
 */
import { maskSecrets, secretWindows } from "../../lib/datasets/secret_mask.ts";
import { tokenizeSecrets } from "../../lib/datasets/secret_tokens.ts";
import { fromCodePoints } from "../../lib/tokenizers/code_points.ts";
import type { Tokenizer } from "../../lib/tokenizers/tokenizer.ts";

/** What masks_oracle.py says of a document; places are code points. */
export interface JudgedDocument {
  text: string;
  spans: [number, number][];
  /** The whole document's mask, as a text of 0 and 1. */
  mask: string;
  /** Tokens of the first window. */
  ids: number[];
  /** Its mask. */
  window: string;
  /** The spans that begin before the window's end, or right there. */
  kept: [number, number][];
  /** The values' tokens, a row a span. */
  secrets: number[][];
  /** The tokens before them. */
  prefixes: number[][];
}

/** The names of what differs; none where all is alike. */
export async function differences(tokenizer: Tokenizer, judged: JudgedDocument): Promise<string[]> {
  const text = judged.text.toWellFormed();
  const units = fromCodePoints(text);
  const spans = judged.spans.map((place) => ({ start: units[place[0]]!, end: units[place[1]]!, place }));
  const encoded = await tokenizer.encode(text);
  const tokens = await tokenizeSecrets(tokenizer, spans.map((span) => ({ ...span, text })));
  const first = secretWindows(encoded, spans, { firstOnly: true });
  const window = first.windows[0];
  const { windows, notTreated } = secretWindows(encoded, spans);
  const parts: Record<string, [unknown, unknown]> = {
    mask: [maskSecrets(encoded, spans).mask.join(""), judged.mask],
    ids: [Array.from(encoded.ids.slice(0, 512)), judged.ids],
    window: [window?.mask.join("") ?? "0".repeat(judged.window.length), judged.window],
    kept: [sorted(window?.secrets.map(({ place }) => place) ?? []), sorted(judged.kept)],
    secrets: [tokens.map(({ secret }) => Array.from(secret)), judged.secrets],
    prefixes: [tokens.map(({ prefix }) => Array.from(prefix)), judged.prefixes],
    windows: [
      windows.map(({ mask }) => mask.join("")),
      windows.map(({ window }) => judged.mask.slice(window, window + 512)),
    ],
    treated: [[...windows.flatMap(({ secrets }) => secrets), ...notTreated].length, spans.length],
  };
  return Object.keys(parts).filter((name) =>
    JSON.stringify(parts[name]![0]) !== JSON.stringify(parts[name]![1])
  );
}

function sorted(places: [number, number][]): string[] {
  return places.map((place) => JSON.stringify(place)).sort();
}
