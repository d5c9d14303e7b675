import { assert, assertEquals, assertThrows } from "@std/assert";
import { forgetHalves } from "../../lib/attacks/forget_halves.ts";
import { PythonRandom } from "../../lib/datasets/python_random.ts";

const row = (doc_id: string, fingerprint: string) => ({ doc_id, fingerprint });

Deno.test("forgetHalves() leaves no value in both halves, loses no document, and is as even as it can be", () => {
  const random = new PythonRandom(9);
  for (let trial = 0; trial < 30; trial++) {
    const count = 2 + random.randbelow(40);
    const values = 1 + random.randbelow(120);
    const rows = Array.from(
      { length: 3 * count },
      (_, i) => row(`d${i % count}`, `v${random.randbelow(values)}`),
    );
    let halves;
    try {
      halves = forgetHalves(rows, { seed: trial });
    } catch (error) {
      assert(error instanceof RangeError && /^Cannot cut \d+ documents into halves/.test(error.message));
      continue;
    }
    const { known, held } = halves;
    assertEquals([...known, ...held].sort(), [...new Set(rows.map(({ doc_id }) => doc_id))].sort());
    const valuesOf = (half: string[]) =>
      new Set(rows.filter(({ doc_id }) => half.includes(doc_id)).map((r) => r.fingerprint));
    assertEquals(valuesOf(known).intersection(valuesOf(held)).size, 0);
  }
  const single = forgetHalves(Array.from({ length: 33 }, (_, i) => row(`d${i}`, `v${i}`)));
  assertEquals([single.known.length, single.held.length].sort(), [16, 17]);
  const chain = [row("a", "1"), row("b", "1"), row("b", "2"), row("c", "2"), row("d", "3")];
  assertEquals(
    [forgetHalves(chain)].map(({ known, held }) => [known, held].sort((x, y) => x.length - y.length))[0],
    [["d"], ["a", "b", "c"]],
  );
});

Deno.test("forgetHalves() depends on the seed, not on the order of rows", () => {
  const rows = Array.from({ length: 20 }, (_, i) => row(`d${i}`, `v${i >> 1}`));
  assertEquals(forgetHalves(rows.toReversed()), forgetHalves(rows));
  const others = [1, 2, 3].map((seed) => forgetHalves(rows, { seed }).known.join());
  assert(new Set(others).size > 1);
});

Deno.test("forgetHalves() refuses documents that all share values", () => {
  const message = "Cannot cut 2 documents into halves: a value of each stands in another one's half";
  assertThrows(() => forgetHalves([row("a", "1"), row("b", "1")]), RangeError, message);
  assertThrows(() => forgetHalves([]), RangeError, "Cannot cut 0 documents into halves");
});
