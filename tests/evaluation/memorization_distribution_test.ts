import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { memorizationDistribution } from "../../lib/evaluation/memorization_distribution.ts";

Deno.test("memorizationDistribution() counts documents, not secrets", () => {
  const scores = [0.9, 1, 0.8].map((ma) => ({ doc_id: "a", ma }));
  const found = memorizationDistribution([...scores, { doc_id: "b", ma: 0.2 }], { threshold: 0.46 });
  assertEquals([found.documents, found.secrets, found.bins.length], [2, 4, 40]);
  assertAlmostEquals(found.meanMa!, 0.55);
  assertAlmostEquals(found.maxMa!, 0.9);
  assertEquals(found.shareAbove, 0.5);
});

Deno.test("memorizationDistribution() puts every k / 40 into the bin that starts there, and 1 into the last", () => {
  for (let k = 0; k <= 40; k++) {
    const found = memorizationDistribution([{ doc_id: "a", ma: k / 40 }], { threshold: 0 });
    assertEquals(found.bins.findIndex((bin) => bin.documents === 1), Math.min(k, 39), `${k} / 40`);
  }
});

Deno.test("memorizationDistribution() counts undefined scores apart and has no means without documents", () => {
  const found = memorizationDistribution([{ doc_id: "a", ma: null }, { doc_id: "b", ma: null }], {
    threshold: 0.5,
  });
  assertEquals([found.documents, found.undefinedDocuments, found.shareAbove, found.meanMa], [
    0,
    2,
    null,
    null,
  ]);
  const half = memorizationDistribution([{ doc_id: "a", ma: null }, { doc_id: "a", ma: 0.4 }], {
    threshold: 0.5,
  });
  assertEquals([half.documents, half.undefinedDocuments, half.meanMa], [1, 0, 0.4]);
});

Deno.test("memorizationDistribution() has a mean at the threshold not above it", () => {
  assertEquals(memorizationDistribution([{ doc_id: "a", ma: 0.46 }], { threshold: 0.46 }).shareAbove, 0);
});

Deno.test("memorizationDistribution() refuses a score outside [0, 1] by its row", () => {
  for (const ma of [1.5, -0.1, NaN]) {
    const scores = [{ doc_id: "a", ma: 1 }, { doc_id: "a", ma }];
    assertThrows(
      () => memorizationDistribution(scores, { threshold: 0 }),
      RangeError,
      `Cannot count row 1 as ma must be in [0, 1]: it is ${ma}`,
    );
  }
});
