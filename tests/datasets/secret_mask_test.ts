import { assert, assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { maskSecrets, secretWindows, type Span } from "../../lib/datasets/secret_mask.ts";
import { type EncodedText, openTokenizer } from "../../lib/tokenizers/tokenizer.ts";

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
  for (const [span, mask] of cases) assertEquals([...maskSecrets(offsets, [span])], mask);
  const all = maskSecrets(offsets, [{ start: 1, end: 2 }, { start: 0, end: 1 }, { start: 13, end: 14 }]);
  assertEquals([...all], [1, 0, 0, 0, 1]);
  assertEquals([...maskSecrets(offsets, [])], [0, 0, 0, 0, 0]);
  assertEquals([...maskSecrets({ starts: [], ends: [] }, [{ start: 0, end: 1 }])], []);
});

Deno.test("maskSecrets() marks all tokens of a character that is cut into several", async () => {
  const text = "a𝒳b";
  const { starts, ends } = await tokenizer.encode(text);
  assert(starts.length > 3, "the character is one token");
  const mask = maskSecrets({ starts, ends }, [{ start: 1, end: 3 }]);
  assertEquals([...mask], Array.from(mask, () => 1)); // its neighbours count too
  const far = await tokenizer.encode("a b 𝒳 c d");
  const marked = [...maskSecrets(far, [{ start: 4, end: 6 }])].map((bit, t) => bit ? far.starts[t] : -1);
  assert(marked.filter((start) => start === 4).length > 1);
  assertEquals([marked[0], marked.at(-1)], [-1, -1]);
});

Deno.test("secretWindows() takes one window of a short document", () => {
  const text = letters(20);
  const secrets = [{ start: 12, end: 15 }, { start: 3, end: 5 }];
  const { windows, notTreated } = secretWindows(text, secrets);
  assertEquals(windows.length, 1);
  assertEquals([windows[0]!.window, windows[0]!.ids.length, notTreated], [0, 20, []]);
  assertEquals(windows[0]!.secrets, [secrets[1]!, secrets[0]!]);
  assertEquals(windows[0]!.mask, maskSecrets(text, secrets));
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
    const mask = maskSecrets(encoded, secrets);
    for (const { window, ids, mask: own, secrets: held } of windows) {
      assertEquals(ids, encoded.ids.slice(window, window + 512));
      assertEquals(own, mask.slice(window, window + 512));
      for (const secret of held) {
        const tokens = touching(encoded, secret);
        assert(tokens[0]! >= window, "its beginning is cut off");
        if (tokens.length <= 512) assert(tokens.at(-1)! < window + 512, "its end is cut off");
        assert(tokens.length <= 512 || tokens[0] === window || window === 0, "a long one begins elsewhere");
      }
    }
  }
});
