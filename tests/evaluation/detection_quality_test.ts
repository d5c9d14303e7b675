import { assertEquals } from "@std/assert";
import { detectionQuality } from "../../lib/evaluation/detection_quality.ts";

const place = (start: number, detector: string, doc_id = "a.py") => ({
  doc_id,
  start,
  end: start + 9,
  detector,
});

Deno.test("detectionQuality() counts a place as found whichever detector found it", () => {
  const planted = [place(0, "Npm"), place(20, "Npm"), place(40, "JWT")];
  const found = [place(0, "Base64"), place(0, "Npm"), place(40, "JWT"), place(60, "JWT")];
  assertEquals(detectionQuality(found, planted), [
    { detector: "Npm", planted: 2, found: 1, missed: 1, not_planted: 0 },
    { detector: "JWT", planted: 1, found: 1, missed: 0, not_planted: 1 },
    { detector: "Base64", planted: 0, found: 0, missed: 0, not_planted: 0 },
  ]);
});

Deno.test("detectionQuality() takes places for equal only in the same document and to the last character", () => {
  const [row] = detectionQuality([place(0, "Npm", "b.py"), { ...place(0, "Npm"), end: 8 }], [
    place(0, "Npm"),
  ]);
  assertEquals([row?.missed, row?.not_planted], [1, 2]);
  assertEquals(detectionQuality([], []), []);
});
