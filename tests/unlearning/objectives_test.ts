import { assertEquals, assertThrows } from "@std/assert";
import { METHODS, objectiveOf, OBJECTIVES } from "../../lib/unlearning/objectives.ts";

const options = { gamma: 0.5, lambda: 0.1, alpha: 2 };

Deno.test("objectiveOf() gives each method's terms", () => {
  const retain = { divergenceAll: 0.2 };
  const terms = Object.fromEntries(METHODS.map((method) => {
    const { forget, retain } = objectiveOf(method, options);
    return [method, { forget, retain }];
  }));
  assertEquals(terms, {
    ga: { forget: { crossEntropyAll: -1 }, retain: null },
    ssga: { forget: { crossEntropySecret: -1, crossEntropyNormal: 0.5 }, retain: null },
    cu: { forget: { crossEntropyAll: -1, divergenceAll: -0.1 }, retain },
    codeeraser: {
      forget: { crossEntropySecret: -1, crossEntropyNormal: 0.5, divergenceSecret: -0.1 },
      retain,
    },
    "codeeraser-held": {
      forget: { crossEntropySecret: -1, divergenceNormal: 0.5, divergenceSecret: -0.1 },
      retain,
    },
  });
});

Deno.test("objectiveOf() refuses a name that is none, whatever an object inherits", () => {
  for (const name of ["sgd", "", "GA", "toString", "__proto__", "constructor"]) {
    assertThrows(
      () => objectiveOf(name, options),
      RangeError,
      `Unknown method "${name}": expected "ga", "ssga", "cu", "codeeraser", "codeeraser-held"`,
    );
  }
  assertEquals([...METHODS] as string[], Object.keys(OBJECTIVES));
});
