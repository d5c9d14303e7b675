import { assert, assertEquals, assertThrows } from "@std/assert";
import { otherSecrets } from "../../lib/evaluation/other_secrets.ts";

const place = (i: number, value: number) => ({
  ...{ doc_id: `d${i}`, tag: i % 2 === 0 ? "KEY" : "EMAIL", start: i, end: i + 9 },
  fingerprint: `f${value}`,
});
/** Forty places of twenty values, each twice. */
const PLACES = Array.from({ length: 40 }, (_, i) => place(i, i % 20));
const spansOf = (...places: ReturnType<typeof place>[]) =>
  places.map(({ doc_id, start, end }) => ({ doc_id, spans: JSON.stringify([["KEY", start, end]]) }));

Deno.test("otherSecrets() takes one place a value, none of the forget set's values, by the seed", () => {
  const forget = spansOf(PLACES[3]!, PLACES[21]!);
  const others = otherSecrets(PLACES, forget, { seed: 1, count: 100 });
  const values = others.map(({ fingerprint }) => fingerprint);
  assertEquals(values.length, 18);
  assertEquals(new Set(values).size, 18);
  assert(!values.includes("f3") && !values.includes("f1"), "their other places hold the same values");
  assertEquals(otherSecrets(PLACES, forget, { seed: 1, count: 5 }), others.slice(0, 5));
  assertEquals(otherSecrets(PLACES, forget, { seed: 1, count: 100 }), others);
  assert(
    JSON.stringify(otherSecrets(PLACES, forget, { seed: 2, count: 5 })) !==
      JSON.stringify(others.slice(0, 5)),
  );
});

Deno.test("otherSecrets() leaves out secrets of neighbouring windows, which are erased with them", () => {
  const row = { doc_id: "d0", spans: '[["KEY",0,9],[null,5,14]]' };
  const places = [...PLACES, { ...place(5, 5), doc_id: "d0" }];
  const values = otherSecrets(places, [row], { seed: 1, count: 100 }).map(({ fingerprint }) => fingerprint);
  assertEquals(values.length, 18);
  assert(!values.includes("f0") && !values.includes("f5"));
});

Deno.test("otherSecrets() refuses a table that lacks the forget set's secrets", () => {
  assertThrows(
    () => otherSecrets(PLACES.slice(1), spansOf(PLACES[0]!, PLACES[1]!), { seed: 1, count: 5 }),
    RangeError,
    "Cannot tell other secrets from the forget set's: 1 of its 2 are not in the table of secrets: give the one that " +
      "the set was made from",
  );
});
