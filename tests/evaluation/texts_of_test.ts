import { assertEquals, assertThrows } from "@std/assert";
import { textsOf } from "../../lib/evaluation/texts_of.ts";

Deno.test("textsOf() gives every text and names the document that is not there", () => {
  const documents = [{ docId: "a", path: null, text: "" }, { docId: "b", path: null, text: "x" }];
  assertEquals([...textsOf(documents, ["a"])], [["a", ""], ["b", "x"]]); // an empty text is there
  assertThrows(() => textsOf(documents, ["a", "c"]), RangeError, 'Cannot probe document "c"');
});
