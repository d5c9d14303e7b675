import { assertEquals, assertThrows } from "@std/assert";
import { readForgetSpans, writeForgetSpans } from "../../lib/datasets/forget_spans.ts";

Deno.test("readForgetSpans() reads what writeForgetSpans() writes, byte for byte", () => {
  const spans = '[["KEY",3,9,"ab12"],["EMAIL",20,31],[null,40,48,"cd34"]]';
  const places = readForgetSpans({ doc_id: "a", spans });
  assertEquals(
    places.map(({ doc_id, tag, start, end, fingerprint }) => [doc_id, tag, start, end, fingerprint]),
    [
      ["a", "KEY", 3, 9, "ab12"],
      ["a", "EMAIL", 20, 31, null],
      ["a", null, 40, 48, "cd34"],
    ],
  );
  assertEquals(writeForgetSpans(places), spans);
  assertEquals(readForgetSpans({ doc_id: "a", spans: writeForgetSpans([]) }), []);
});

Deno.test("readForgetSpans() refuses what is no list of spans", () => {
  const wrong = [
    ...[null, 7, "x", { KEY: 1 }, ["KEY"], [["KEY", 0]], [[7, 0, 1]], [["KEY", 0, 1.5]], [["KEY", "0", 1]]],
    ...[[["KEY", 0, 1, null]], [["KEY", 0, 1, "ab", 2]], [["KEY", 0, 1], null], [["KEY", 0, 2 ** 60]]],
  ];
  for (const spans of wrong.map((value) => JSON.stringify(value))) {
    assertThrows(
      () => readForgetSpans({ doc_id: "a", spans }),
      SyntaxError,
      'Cannot read the spans of "a": expected [[tag, start, end, fingerprint], ...]',
    );
  }
  assertThrows(
    () => readForgetSpans({ doc_id: "a", spans: "[[" }),
    SyntaxError,
    'Cannot read the spans of "a": ',
  );
});
