import { assert, assertEquals } from "@std/assert";
import { NearDuplicates } from "../../lib/collection/near_duplicates.ts";
import { bandsFor, MinHash, shareFound } from "../../lib/collection/min_hash.ts";
import { jaccard, shinglesOf } from "../../lib/collection/shingles.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { plainJaccard } from "./plain_definitions.ts";

/** Texts of which some are others with words changed, more or fewer of them. */
function drawTexts(count: number, seed: number): string[] {
  const random = new PythonRandom(seed);
  const word = () => `w${random.randbelow(1000)}`;
  const texts: string[][] = [];
  for (let i = 0; i < count; i++) {
    const like = i % 3 > 0 && texts.length > 0 ? texts[random.randbelow(texts.length)]! : null;
    const share = random.random() * 0.12;
    texts.push(
      like
        ? like.map((own) => random.random() < share ? word() : own)
        : Array.from({ length: 30 + random.randbelow(100) }, word),
    );
  }
  return texts.map((words) => words.join(" "));
}

Deno.test("jaccard() of shinglesOf() is the plain definition's, in every alphabet", () => {
  const texts = [
    ...drawTexts(40, 1),
    ...[
      "",
      "one",
      "one two",
      "  a\tb\nc  d e f ",
      "größe_1 = Größe",
      "数据 = 数据 + 1; 数据",
      "𝒳 = 𝒴(𝒳)",
      "😀 😀 x",
    ],
    ...["x.y(z) // w", "a-b-c-d-e-f", "\u0301a b", "a\r\nb\r\nc\r\nd\r\ne\r\nf"],
  ];
  for (const one of texts) {
    for (const other of texts) {
      assertEquals(
        jaccard(shinglesOf(one), shinglesOf(other)),
        surrogatesAsWords(one, other),
        `${one} | ${other}`,
      );
    }
  }
});

/** What is beyond the basic plane is of words here. */
function surrogatesAsWords(one: string, other: string): number {
  const plain = (text: string) => text.replace(/[\u{10000}-\u{10ffff}]/gu, (c) => `q${c.codePointAt(0)}q`);
  return plainJaccard(plain(one), plain(other));
}

Deno.test("NearDuplicates drops what is as alike as the threshold by the plain definition, and nothing else", async () => {
  const texts = drawTexts(300, 2);
  const sets = texts.map(shinglesOf); // equal to the plain definition's, as the first test shows
  for (const threshold of [0.5, 0.7, 0.9]) {
    using near = new NearDuplicates(threshold, await Deno.makeTempFile());
    const kept: number[] = [];
    let [dropped, missed] = [0, 0];
    for (const [i, text] of texts.entries()) {
      const found = near.add(text, i);
      const best = Math.max(0, ...kept.map((k) => jaccard(sets[k]!, sets[i]!)));
      if (found) {
        assertEquals(found.similarity, plainJaccard(texts[found.of]!, text));
        assert(found.similarity >= threshold && kept.includes(found.of));
        dropped++;
      } else {
        if (best >= threshold) missed++;
        kept.push(i);
      }
    }
    assert(dropped > 30, `${dropped} dropped at ${threshold}`);
    assert(missed <= 0.01 * dropped, `${missed} of ${dropped} missed at ${threshold}`);
  }
});

Deno.test("MinHash finds pairs as often as the bands promise", () => {
  const random = new PythonRandom(3);
  for (const index of [0.4, 0.6]) {
    const bands = bandsFor(0.7);
    const minHash = new MinHash(bands);
    let found = 0;
    const [pairs, size] = [600, 140];
    for (let i = 0; i < pairs; i++) {
      const common = Math.round(2 * index * size / (1 + index));
      const draw = () => random.randbelow(2 ** 32);
      const both = Array.from({ length: common }, draw);
      const [a, b] = [0, 1].map(() =>
        Uint32Array.from([...both, ...Array.from({ length: size - common }, draw)])
      );
      const keys = minHash.keysOf(a!).slice();
      if (minHash.keysOf(b!).some((key, band) => key === keys[band])) found++;
    }
    assert(Math.abs(found / pairs - shareFound(index, bands)) < 0.06, `${found} of ${pairs} at ${index}`);
  }
});

Deno.test("bandsFor() finds 99 of 100 pairs at every threshold, by at most 256 numbers", () => {
  for (let threshold = 0.3; threshold <= 1; threshold += 0.05) {
    const bands = bandsFor(threshold);
    assert(bands.bands * bands.rows <= 256);
    assert(shareFound(threshold, bands) >= 0.99, `${threshold}: ${JSON.stringify(bands)}`);
  }
});

Deno.test("NearDuplicates keeps texts without words, and grows", async () => {
  using near = new NearDuplicates(0.7, await Deno.makeTempFile());
  for (const [i, text] of ["", "  ", "+-*", "+-*"].entries()) assertEquals(near.add(text, i), null);
  for (let i = 4; i < 3000; i++) assertEquals(near.add(`a${i} b${i} c${i}`, i), null);
  assertEquals(near.add("a7 b7 c7", 3000), { of: 7, similarity: 1 });
});
