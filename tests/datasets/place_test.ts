import { assertEquals, assertThrows } from "@std/assert";
import { placeKey, spanFinder } from "../../lib/datasets/place.ts";

const place = (start: number, end: number, doc_id = "<b>.py") => ({ doc_id, tag: "KEY", start, end });

Deno.test("spanFinder() counts code points of the file as UTF-16 units of the text", () => {
  const spanOf = spanFinder("a😀b😀c", "probe");
  assertEquals(spanOf(place(0, 1)), { start: 0, end: 1 });
  assertEquals(spanOf(place(2, 4)), { start: 3, end: 6 });
  assertEquals(spanOf(place(4, 5)), { start: 6, end: 7 });
});

Deno.test("spanFinder() refuses places that no document has", () => {
  const spanOf = spanFinder("a😀b", "probe");
  for (const [start, end] of [[0, 4], [-1, 2], [2, 2], [2, 1], [NaN, 1]]) {
    assertThrows(
      () => spanOf(place(start!, end!)),
      RangeError,
      `Cannot probe the secret at ${start}..${end} of "<b>.py": the document has 3 code points`,
    );
  }
});

Deno.test("placeKey() tells document, start and end apart, not the tag", () => {
  const places = [place(1, 23), place(12, 3), place(1, 2), place(1, 23, "<b>.py\u00001")];
  assertEquals(new Set(places.map(placeKey)).size, places.length);
  const email = { ...place(1, 2), tag: "EMAIL" };
  assertEquals(placeKey(email), placeKey(place(1, 2)));
});
