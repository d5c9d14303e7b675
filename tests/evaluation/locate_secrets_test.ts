import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type LocatedSecret,
  SecretLocator,
  type SecretLocatorOptions,
} from "../../lib/evaluation/locate_secrets.ts";
import type { SecretPlace } from "../../lib/datasets/place.ts";
import { fingerprintSecret } from "../../lib/secrets/fingerprint.ts";
import { parseTokenizer } from "../../lib/tokenizers/tokenizer.ts";
import { openTinyTokenizer } from "./tiny_model.ts";

const tokenizer = await openTinyTokenizer();
const KEY = new Uint8Array(32);

/** Documents of one secret each; those of one number modulo 60 are copies of each other. */
const DOCUMENTS = Array.from({ length: 90 }, (_, i) => {
  const before = `# file ${i % 60}\n${"return x in range\n".repeat((i % 60) % 7)}k = '`;
  const value = `aB${i % 60}$zZ9-q`;
  const place = { doc_id: `d${i}`, tag: "KEY", start: before.length, end: before.length + value.length };
  return { docId: `d${i}`, path: null, text: `${before}${value}'\n`, place, value };
});
const PLACES = DOCUMENTS.map(({ place }) => place);

async function locate<P extends SecretPlace>(
  places: readonly P[],
  options: SecretLocatorOptions = {},
  documents = DOCUMENTS,
) {
  const locator = new SecretLocator(tokenizer, places, options);
  for (const document of documents) await locator.add(document);
  return await locator.finish();
}

/** What is the same whoever found a secret. */
function show({ place, row, window, maskTokens, pair, unit }: LocatedSecret) {
  return {
    id: place.doc_id,
    row,
    window,
    maskTokens,
    unit,
    pair: pair.key,
    tokens: [...pair.prefix, -1, ...pair.secret],
  };
}

Deno.test("SecretLocator finds the same secrets in any order of documents, and of shards together", async () => {
  const units = 7;
  const { located } = await locate(PLACES, { units });
  assertEquals(
    located.map(({ row, place }) => [row, place.doc_id]),
    PLACES.map((place, i) => [i, place.doc_id]),
  );
  assertEquals(new Set(located.map(({ pair }) => pair)).size, 60);
  const backwards = await locate(PLACES, { units }, DOCUMENTS.toReversed());
  assertEquals(backwards.located.map(show), located.map(show));
  const shards = [];
  for (const index of [0, 1, 2]) {
    const own = await locate(PLACES, { units, isOwn: (unit) => unit % 3 === index });
    assert(own.located.length > 0 && own.located.every(({ unit }) => unit % 3 === index));
    shards.push(...own.located);
  }
  assertEquals(shards.sort((a, b) => a.row - b.row).map(show), located.map(show));
});

Deno.test("SecretLocator keeps the value of a secret only where it is asked for", async () => {
  const { located } = await locate(PLACES, { reveal: true });
  assertEquals(located.map(({ value }) => value), DOCUMENTS.map(({ value }) => value));
  assert((await locate(PLACES)).located.every((secret) => !("value" in secret)));
});

Deno.test("SecretLocator refuses a place where another value stands than was found", async () => {
  const proven = DOCUMENTS.map(({ place, value }) => ({
    ...place,
    fingerprint: fingerprintSecret(value, KEY),
  }));
  const { located } = await locate(proven, { key: () => KEY });
  assertEquals(located.map(({ place }) => place), proven);
  const moved = proven.map((place, i) => i === 40 ? { ...place, start: place.start - 1 } : place);
  await assertRejects(
    () => locate(moved, { key: () => KEY }),
    RangeError,
    "another value stands there than was found",
  );
});

Deno.test("SecretLocator names the first document that did not come, and says how many there are", async () => {
  const some = DOCUMENTS.filter((_, i) => i % 30 !== 5);
  await assertRejects(
    () => locate(PLACES, {}, some),
    RangeError,
    '"d5" as the corpus has no such document, nor 2 others: ',
  );
});

Deno.test("SecretLocator names secrets that nothing predicts, and finds the others", async () => {
  const { added_tokens: _, ...json } = JSON.parse(
    await Deno.readTextFile("tests/fixtures/tokenizer/tokenizer.json"),
  );
  delete json.model.vocab["<|endoftext|>"];
  const without = parseTokenizer(JSON.stringify(json), "tokenizer.json");
  assertEquals([without.endOfText, await without.startOfText()], [null, null]);
  const text = "aB3$zZ9-q = 1\nk = 'aB3$zZ9-q'\n";
  const places = [0, 19].map((start) => ({ doc_id: "a", tag: "KEY", start, end: start + 9 }));
  const locator = new SecretLocator(without, places);
  await locator.add({ docId: "a", path: null, text });
  const { located, unpredicted } = await locator.finish();
  assertEquals([unpredicted, located.map(({ place, row }) => [place.start, row])], [[places[0]], [[19, 1]]]);
  const { located: both, unpredicted: none } = await locate(places, {}, [{
    ...DOCUMENTS[0]!,
    docId: "a",
    text,
  }]);
  assertEquals([both.length, none], [2, []]);
});
