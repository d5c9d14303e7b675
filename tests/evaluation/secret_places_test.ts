import { assertEquals, assertThrows } from "@std/assert";
import { textsOf, unitsOf } from "../../lib/evaluation/secret_places.ts";

const place = (start: number, end: number) => ({ doc_id: "<b>.py", tag: "KEY", start, end });

Deno.test("unitsOf() counts code points of the file as UTF-16 units of the text", () => {
  const text = "a😀b😀c";
  assertEquals(unitsOf(place(0, 1), text), { start: 0, end: 1 });
  assertEquals(unitsOf(place(2, 4), text), { start: 3, end: 6 });
  assertEquals(unitsOf(place(4, 5), text), { start: 6, end: 7 });
});

Deno.test("unitsOf() refuses places that no document has", () => {
  for (const [start, end] of [[0, 4], [-1, 2], [2, 2], [2, 1], [NaN, 1]]) {
    assertThrows(
      () => unitsOf(place(start!, end!), "a😀b"),
      RangeError,
      `the secret at ${start}..${end} of "<b>.py": the document has 3 code points`,
    );
  }
});

Deno.test("textsOf() gives every text and names the document that is not there", () => {
  const documents = [{ docId: "a", path: null, text: "" }, { docId: "b", path: null, text: "x" }];
  assertEquals([...textsOf(documents, ["a"])], [["a", ""], ["b", "x"]]); // an empty text is there
  assertThrows(() => textsOf(documents, ["a", "c"]), RangeError, 'Cannot probe document "c"');
});
