import { assertEquals, assertNotEquals } from "@std/assert";
import { DistinctTexts } from "../../lib/datasets/distinct_texts.ts";
import { documentUnits, type DocumentUnitsOptions } from "../../lib/datasets/document_units.ts";

const documents = Array.from(
  { length: 11 },
  (_, i) => ({ docId: `d${i}`, path: null, text: "x".repeat(1 + i) }),
);

const unitsOf = (options: DocumentUnitsOptions, of = documents) =>
  Array.fromAsync(documentUnits(of, options));
const idsOf = (units: Awaited<ReturnType<typeof unitsOf>>) =>
  units.map(({ documents }) => documents.map(({ docId }) => docId).join(" "));

Deno.test("documentUnits() cuts by documents and characters, the same for every shard", async () => {
  const limits = { documents: 4, characters: 20 };
  const whole = await unitsOf(limits);
  assertEquals(idsOf(whole), ["d0 d1 d2 d3", "d4 d5 d6", "d7 d8", "d9", "d10"]);
  assertEquals(whole.map(({ end }) => end), [4, 7, 9, 10, 11]);
  for (const index of [0, 1]) {
    const own = await unitsOf({ ...limits, shard: { index, count: 2 } });
    assertEquals(own.map(({ isOwn }) => isOwn), whole.map((_, i) => i % 2 === index));
    assertEquals(own.filter(({ isOwn }) => isOwn), whole.filter((_, i) => i % 2 === index));
  }
});

Deno.test("documentUnits() leaves documents out, and its keys tell of texts, ids and rows", async () => {
  const [odd] = await unitsOf({ rowOf: (_, number) => number % 2 === 1 ? 100 + number : null });
  assertEquals(odd!.documents.map(({ row }) => row), [101, 103, 105, 107, 109]);
  assertEquals(await unitsOf({ rowOf: () => null }), []);
  const keyOf = async (changes: object, rowOf = (_: unknown, number: number) => number) =>
    (await unitsOf({ rowOf }, [{ ...documents[0]!, ...changes }, documents[1]!]))[0]!.key;
  const key = await keyOf({});
  assertEquals(await keyOf({}), key);
  for (const other of [{ docId: "e" }, { text: "y" }]) assertNotEquals(await keyOf(other), key);
  assertNotEquals(await keyOf({}, (_, number) => number + 1), key);
});

Deno.test("DistinctTexts numbers many texts as a map does", () => {
  const [texts, numbers] = [new DistinctTexts(), new Map<string, number>()];
  for (let i = 0; i < 20_000; i++) {
    const text = `x = ${i * i % 7919}`;
    if (!numbers.has(text)) numbers.set(text, numbers.size);
    assertEquals(texts.add(text), numbers.get(text));
  }
  assertEquals(texts.size, numbers.size);
});
