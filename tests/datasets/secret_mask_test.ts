import { assert, assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { maskSecrets, secretWindows, type TokenOffsets } from "../../lib/datasets/secret_mask.ts";
import { trainTokenizer } from "../../lib/datasets/train_tokenizer.ts";
import type { Span } from "../../lib/secrets/secret_span.ts";
import { type EncodedText, openTokenizer, parseTokenizer } from "../../lib/tokenizers/tokenizer.ts";

const tokenizer = await openTokenizer(new URL("../fixtures/tokenizer", import.meta.url).pathname);

/** A text of one-character tokens, so that offsets are easy to say. */
function letters(count: number): EncodedText {
  const starts = Uint32Array.from({ length: count }, (_, t) => t);
  return { ids: Int32Array.from(starts), starts, ends: starts.map((start) => start + 1) };
}

/** The tokens that a window must hold for a secret to be whole in it: those that touch it. */
function touching({ starts, ends }: EncodedText, { start, end }: Span): number[] {
  return [...starts.keys()].filter((t) => starts[t]! <= end && ends[t]! >= start);
}

/** Whose each token is by the plain definition: of the secrets that it touches, the first. */
function plainOwners({ starts, ends }: TokenOffsets, secrets: readonly Span[]): Int32Array {
  return Int32Array.from(
    { length: starts.length },
    (_, t) => secrets.findIndex(({ start, end }) => starts[t]! <= end && ends[t]! >= start),
  );
}

/** Windows by the plain definition: a secret goes into the first of those opened, or that at 0, that holds it whole. */
function plainWindows(text: EncodedText, secrets: readonly Span[], length: number): [number, Span[]][] {
  const located = secrets.map((secret) => ({ secret, tokens: touching(text, secret) }))
    .map(({ secret, tokens }) => ({ secret, first: tokens[0], last: tokens.at(-1)! }))
    .sort((a, b) => a.first! - b.first! || a.last - b.last);
  const windows = new Map<number, Span[]>();
  for (const { secret, first, last } of located) {
    if (first === undefined) continue;
    const known = [0, ...windows.keys()].find((window) => first >= window && last < window + length);
    const window = known ?? Math.max(0, Math.min(first, Math.max(first - 128, last + 1 - length)));
    windows.set(window, [...windows.get(window) ?? [], secret]);
  }
  return [...windows].sort(([a], [b]) => a - b);
}

function randomSpans(random: PythonRandom, length: number, { count = 12, longest = 60 } = {}): Span[] {
  return Array.from({ length: 1 + random.randbelow(count) }, () => {
    const start = random.randbelow(length);
    return { start, end: Math.min(length, start + 1 + random.randbelow(longest)) };
  });
}

/** A mask against the plain definition. */
function assertPlainMask(offsets: TokenOffsets, secrets: readonly Span[]): void {
  const { mask, owners } = maskSecrets(offsets, secrets);
  const plain = plainOwners(offsets, secrets);
  assertEquals(owners, plain);
  assertEquals([...mask], Array.from(plain, (owner) => Number(owner >= 0)));
}

Deno.test("maskSecrets() marks tokens that touch a secret, both ends inclusive", () => {
  const offsets = { starts: [0, 3, 6, 9, 12], ends: [3, 6, 9, 12, 15] };
  const cases: [Span, number[]][] = [
    [{ start: 6, end: 9 }, [0, 1, 1, 1, 0]], // both neighbours end and begin where it does
    [{ start: 7, end: 8 }, [0, 0, 1, 0, 0]],
    [{ start: 6, end: 8 }, [0, 1, 1, 0, 0]],
    [{ start: 7, end: 9 }, [0, 0, 1, 1, 0]],
    [{ start: 0, end: 2 }, [1, 0, 0, 0, 0]],
    [{ start: 14, end: 15 }, [0, 0, 0, 0, 1]],
    [{ start: 0, end: 15 }, [1, 1, 1, 1, 1]],
    [{ start: 16, end: 20 }, [0, 0, 0, 0, 0]],
  ];
  for (const [span, mask] of cases) assertEquals([...maskSecrets(offsets, [span]).mask], mask);
  const { mask: all } = maskSecrets(offsets, [{ start: 1, end: 2 }, { start: 0, end: 1 }, {
    start: 13,
    end: 14,
  }]);
  assertEquals([...all], [1, 0, 0, 0, 1]);
  assertEquals([...maskSecrets(offsets, []).mask], [0, 0, 0, 0, 0]);
  assertEquals([...maskSecrets({ starts: [], ends: [] }, [{ start: 0, end: 1 }]).mask], []);
});

Deno.test("maskSecrets() marks all tokens of a character that is cut into several", async () => {
  const text = "a𝒳b";
  const { starts, ends } = await tokenizer.encode(text);
  assert(starts.length > 3, "the character is one token");
  const { mask } = maskSecrets({ starts, ends }, [{ start: 1, end: 3 }]);
  assertEquals([...mask], Array.from(mask, () => 1)); // its neighbours count too
  const far = await tokenizer.encode("a b 𝒳 c d");
  const marked = [...maskSecrets(far, [{ start: 4, end: 6 }]).mask].map((bit, t) => bit ? far.starts[t] : -1);
  assert(marked.filter((start) => start === 4).length > 1);
  assertEquals([marked[0], marked.at(-1)], [-1, -1]);
});

Deno.test("maskSecrets() gives a token of several secrets to the first in the list", () => {
  const offsets = { starts: [0, 2, 4, 6, 8], ends: [2, 4, 6, 8, 10] };
  const [all, inner] = [{ start: 0, end: 10 }, { start: 5, end: 5.5 }];
  assertEquals([...maskSecrets(offsets, [all, inner]).owners], [0, 0, 0, 0, 0]);
  assertEquals([...maskSecrets(offsets, [inner, all]).owners], [1, 1, 0, 1, 1]);
});

Deno.test("maskSecrets() is the plain definition for offsets of any kind", () => {
  const random = new PythonRandom(7);
  for (let i = 0; i < 300; i++) {
    const length = 1 + random.randbelow(80);
    const kind = i % 3; // 0: like a tokenizer's, with gaps, overlaps and tokens of no length; 1: out of order; 2: both
    const starts = Array.from({ length }, () => random.randbelow(120));
    if (kind !== 1) starts.sort((a, b) => a - b);
    const ends = starts.map((start) => start + random.randbelow(6));
    if (kind === 0) ends.forEach((end, t) => ends[t] = Math.max(end, ends[t - 1] ?? 0));
    if (kind === 2) [starts[length - 1], ends[length - 1]] = [0, 0]; // as a token at the end that stands for no text
    assertPlainMask({ starts, ends }, randomSpans(random, 125, { longest: i % 2 ? 8 : 100 }));
  }
});

/** Tokenizers whose offsets are odd. */
const ODD_TOKENIZERS: Record<string, object> = {
  "bytes of a character, each a token": {
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: false },
  },
  "blanks trimmed from offsets": {
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true },
    post_processor: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  },
  "text that normalization makes longer or shorter": {
    normalizer: { type: "NFKD" },
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true },
  },
};

for (const [name, parts] of Object.entries(ODD_TOKENIZERS)) {
  Deno.test(`maskSecrets() and secretWindows() are the plain definitions: ${name}`, async () => {
    const plain = JSON.parse(await trainTokenizer(["x = 1\n"], { vocabularySize: 257 })); // a token for each byte
    const odd = parseTokenizer(
      JSON.stringify({ ...plain, normalizer: null, post_processor: null, ...parts }),
      "tokenizer.json",
    );
    const random = new PythonRandom(11);
    const words = ["x = 1\n", "  \n\t", "é", "e\u0323\u0301", "ﬃ", "😀𝒳", "日本", "\u00a0", "ǆ", " ", "aB3$"];
    for (let i = 0; i < 25; i++) {
      const text = Array.from(
        { length: 1 + random.randbelow(60) },
        () => words[random.randbelow(words.length)]!,
      )
        .join("");
      const encoded = await odd.encode(text);
      const secrets = randomSpans(random, text.length, { count: 20, longest: i % 4 === 0 ? 100 : 12 });
      assertPlainMask(encoded, secrets);
      for (const length of [16, 40, 512]) {
        const { windows } = secretWindows(encoded, secrets, { length });
        assertEquals(
          windows.map(({ window, secrets }) => [window, secrets]),
          plainWindows(encoded, secrets, length),
        );
      }
    }
  });
}

Deno.test("secretWindows() takes one window of a short document", () => {
  const text = letters(20);
  const secrets = [{ start: 12, end: 15 }, { start: 3, end: 5 }];
  const { windows, notTreated } = secretWindows(text, secrets);
  assertEquals(windows.length, 1);
  assertEquals([windows[0]!.window, windows[0]!.ids.length, notTreated], [0, 20, []]);
  assertEquals(windows[0]!.secrets, [secrets[1]!, secrets[0]!]);
  const { mask, owners } = maskSecrets(text, secrets);
  assertEquals([windows[0]!.mask, windows[0]!.owners], [mask, owners]);
});

Deno.test("secretWindows() gives no window without a secret", () => {
  assertEquals(secretWindows(letters(2000), []), { windows: [], notTreated: [] });
  const empty = letters(0);
  const secret = { start: 0, end: 1 };
  assertEquals(secretWindows(empty, [secret]), { windows: [], notTreated: [secret] });
});

Deno.test("secretWindows() cuts a long document where its secrets are", () => {
  const text = letters(3000);
  const cut = (secrets: Span[]) =>
    secretWindows(text, secrets).windows.map(({ window, ids, secrets }) => [
      window,
      ids.length,
      secrets.length,
    ]);
  const cases: [Span[], number[][]][] = [
    [[{ start: 0, end: 9 }], [[0, 512, 1]]], // at the beginning
    [[{ start: 2990, end: 3000 }], [[2861, 139, 1]]], // at the very end: 128 tokens before its neighbour
    [[{ start: 500, end: 511 }], [[0, 512, 1]]], // its neighbour is the window's last token
    [[{ start: 500, end: 512 }], [[371, 512, 1]]], // its neighbour is not
    [[{ start: 600, end: 610 }], [[471, 512, 1]]],
    [[{ start: 600, end: 1000 }], [[489, 512, 1]]], // too long for 128 tokens before it
    [[{ start: 600, end: 1110 }], [[599, 512, 1]]], // the longest that fits, with its neighbours
    [[{ start: 600, end: 2000 }], [[599, 512, 1]]], // longer than a window: its beginning
    [[{ start: 600, end: 610 }, { start: 900, end: 910 }], [[471, 512, 2]]],
    [[{ start: 600, end: 610 }, { start: 980, end: 990 }], [[471, 512, 1], [851, 512, 1]]],
    [[{ start: 5, end: 9 }, { start: 1000, end: 1009 }], [[0, 512, 1], [871, 512, 1]]],
    [[{ start: 700, end: 720 }, { start: 710, end: 730 }, { start: 705, end: 709 }], [[571, 512, 3]]],
    [[{ start: 600, end: 2000 }, { start: 600, end: 610 }], [[471, 512, 1], [599, 512, 1]]],
  ];
  for (const [secrets, windows] of cases) assertEquals(cut(secrets), windows);
});

Deno.test("secretWindows() masks the part of another window's secret that it holds", () => {
  const secrets = [{ start: 5, end: 9 }, { start: 508, end: 520 }];
  const [first, second] = secretWindows(letters(1000), secrets).windows;
  assertEquals([first!.secrets, second!.secrets], [[secrets[0]!], [secrets[1]!]]);
  assertEquals([...first!.mask.slice(506)], [0, 1, 1, 1, 1, 1]);
});

Deno.test("secretWindows() takes the first window only where it is told to", () => {
  const text = letters(1000); // its first window's last character ends at 512
  const firstOnly = (...starts: number[]) => {
    const secrets = starts.map((start) => ({ start, end: start + 10 }));
    const { windows, notTreated } = secretWindows(text, secrets, { firstOnly: true });
    const kept = windows.flatMap(({ secrets }) => secrets.map(({ start }) => start));
    return { windows: windows.map(({ window }) => window), kept, lost: notTreated.map(({ start }) => start) };
  };
  assertEquals(firstOnly(10, 700), { windows: [0], kept: [10], lost: [700] });
  assertEquals(firstOnly(505), { windows: [0], kept: [505], lost: [] }); // straddles the end
  assertEquals(firstOnly(512), { windows: [0], kept: [512], lost: [] }); // starts exactly there
  assertEquals(firstOnly(513, 10), { windows: [0], kept: [10], lost: [513] });
  assertEquals(firstOnly(600), { windows: [], kept: [], lost: [600] });
  const [window] = secretWindows(text, [{ start: 512, end: 522 }], { firstOnly: true }).windows;
  assertEquals([...window!.mask.slice(510)], [0, 1]); // its neighbour is all that the window has of it
});

Deno.test("secretWindows() loses no secret of random documents, and each is whole in its window", async () => {
  const random = new PythonRandom(42);
  const words = ["x = 1\n", "return value ", "'é😀𝒳'", "日本", "\n    ", "for in range", "aB3$"];
  for (let i = 0; i < 40; i++) {
    const count = 1 + random.randbelow(900);
    const text = Array.from({ length: count }, () => words[random.randbelow(words.length)]!).join("");
    const encoded = await tokenizer.encode(text);
    const secrets = Array.from({ length: 1 + random.randbelow(12) }, () => {
      const start = random.randbelow(text.length);
      const length = 1 + random.randbelow(i % 4 === 0 ? 900 : 60);
      return { start, end: Math.min(text.length, start + length) };
    });
    const { windows, notTreated } = secretWindows(encoded, secrets);
    assertEquals(notTreated, []);
    assertEquals(windows.flatMap((window) => window.secrets).length, secrets.length);
    assertEquals(
      windows.map(({ window }) => window),
      windows.map(({ window }) => window).sort((a, b) => a - b),
    );
    const { mask, owners } = maskSecrets(encoded, secrets);
    for (const { window, ids, mask: own, owners: whose, secrets: held } of windows) {
      assertEquals(ids, encoded.ids.slice(window, window + 512));
      assertEquals(own, mask.slice(window, window + 512));
      assertEquals(whose, owners.slice(window, window + 512));
      for (const secret of held) {
        const tokens = touching(encoded, secret);
        assert(tokens[0]! >= window, "its beginning is cut off");
        if (tokens.length <= 512) assert(tokens.at(-1)! < window + 512, "its end is cut off");
        assert(tokens.length <= 512 || tokens[0] === window || window === 0, "a long one begins elsewhere");
      }
    }
  }
});
