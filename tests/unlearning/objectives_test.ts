import { assertEquals, assertThrows } from "@std/assert";
import {
  METHOD_DEFAULTS,
  methodDefaults,
  METHODS,
  objectiveOf,
  OBJECTIVES,
  PAPER_METHODS,
} from "../../lib/unlearning/objectives.ts";

const options = { gamma: 0.5, lambda: 0.1, alpha: 2 };

Deno.test("objectiveOf() gives the terms of each of the paper's methods", () => {
  const retain = { divergenceAll: 0.2 };
  const terms = Object.fromEntries(PAPER_METHODS.map((method) => {
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

Deno.test("objectiveOf() weighs the retain side more where its divergence is a mean over positions", () => {
  for (const method of ["cu", "codeeraser", "codeeraser-held"] as const) {
    const weights = (["sound", "paper", "reference"] as const).map((compat) =>
      objectiveOf(method, { compat }).retain!.divergenceAll
    );
    assertEquals(weights, [0.1 * 200, 0.1 * 200, 0.1], method);
    assertEquals(objectiveOf(method, { compat: "reference", alpha: 3 }).retain!.divergenceAll, 0.1 * 3);
  }
  assertEquals(methodDefaults("npo", "reference"), METHOD_DEFAULTS.npo);
  const others = (["sound", "paper", "reference"] as const).map((compat) =>
    objectiveOf("codeeraser", { compat }).forget.crossEntropyNormal
  );
  assertEquals(others, [0.5, 0.5, 0.1]); // the paper's gamma, and that of the reference's commands
  assertEquals(objectiveOf("ssga", { compat: "reference", gamma: 2 }).forget.crossEntropyNormal, 2);
});

Deno.test("objectiveOf() refuses a name that is none, whatever an object inherits", () => {
  for (const name of ["sgd", "", "GA", "toString", "__proto__", "constructor"]) {
    assertThrows(
      () => objectiveOf(name, options),
      RangeError,
      `Unknown method "${name}": expected "ga", "ssga", "cu", "codeeraser", "codeeraser-held", "graddiff", "npo"`,
    );
  }
  assertEquals([...METHODS] as string[], Object.keys(OBJECTIVES));
});

Deno.test("objectiveOf() of the field's methods has the weights and terms that each says it takes", () => {
  const shape = (method: string, options = {}) => {
    const { forget, retain, terms, isJoint = false } = objectiveOf(method, options);
    return [
      forget,
      retain,
      [terms?.forget, terms?.retain].map((side) => side?.map(({ name }) => name) ?? []),
      isJoint,
    ];
  };
  assertEquals(shape("graddiff", { gamma: 2 }), [
    { crossEntropySecret: -2 },
    { crossEntropyAll: 1 },
    [[], []],
    true,
  ]);
  assertEquals(shape("graddiff", { scope: "row", alpha: 0 }), [
    { crossEntropyAll: -1 },
    null,
    [[], []],
    true,
  ]);
  for (const method of ["npo", "simnpo", "wga", "satimp", "pdu"]) {
    assertEquals(shape(method), [{}, { crossEntropyAll: 1 }, [[method], []], true]);
  }
  assertEquals(shape("npo", { retainLoss: "kl", alpha: 3 })[1], { divergenceAll: 3 });
  assertEquals(shape("undial"), [{}, null, [["undial"], []], true]);
  assertEquals(shape("undial", { alpha: 1 })[1], { crossEntropyAll: 1 });
  assertEquals(["ceu", "prod"].map((method) => shape(method)), [
    [{}, null, [["ceu"], []], false],
    [{}, null, [["prod"], []], false],
  ]);
  assertEquals(shape("revs"), [{}, null, [[], []], false]);
  const edits = { tokens: 2, neurons: 30, residualRank: 0.02, neuronRank: 0.6 };
  assertEquals([objectiveOf("revs").edits, objectiveOf("ga").edits], [edits, undefined]);
  assertEquals(objectiveOf("revs", { tokens: 3 }).edits, { ...edits, tokens: 3 });
  assertEquals(shape("rmu"), [{}, {}, [["rmu"], ["rmuRetain"]], true]);
  assertEquals(shape("rmu", { retainLoss: "nll" }), [{}, { crossEntropyAll: 1 }, [["rmu"], []], true]);
  const layers = (options: { layer?: number; modelLayers?: number }) =>
    objectiveOf("rmu", options).terms!.forget![0]!.layers;
  assertEquals([layers({}), layers({ modelLayers: 4 }), layers({ modelLayers: 4, layer: 1 })], [[7], [3], [
    1,
  ]]);
  assertEquals(objectiveOf("pdu", { epsilon: 0.5 }).dual, { weight: 1, step: 1, warmup: 5, bound: 0.5 });
  assertEquals(Object.keys(METHOD_DEFAULTS), [...METHODS]);
});
