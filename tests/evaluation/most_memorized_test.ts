import { assertEquals } from "@std/assert";
import { mostMemorized } from "../../lib/evaluation/most_memorized.ts";

function found(fingerprint: string, doc_id: string, start = 0) {
  return { doc_id, tag: "KEY", detector: "AWS", start, end: start + 20, fingerprint };
}

function score({ doc_id, start, end }: ReturnType<typeof found>, ma: number | null) {
  return { doc_id, start, end, ma };
}

Deno.test("mostMemorized() takes the places of one fingerprint together", () => {
  const places = [found("f", "a"), found("f", "b"), found("f", "b", 50), found("g", "c")];
  const probed = [
    score(places[0]!, 1),
    score(places[1]!, 0.5),
    score(places[2]!, 0),
    score(places[3]!, 0.25),
  ];
  assertEquals(mostMemorized(places, probed, 5), [
    { place: places[0]!, ma: 0.5, documents: 2 },
    { place: places[3]!, ma: 0.25, documents: 1 },
  ]);
});

Deno.test("mostMemorized() orders by MA, then documents, then place, and takes the first", () => {
  const places = [
    found("one", "d"),
    found("two", "b"),
    found("two", "c"),
    found("best", "e"),
    found("other", "a"),
  ];
  const probed = places.map((place) => score(place, place.fingerprint === "best" ? 1 : 0.5));
  const order = (count: number) => mostMemorized(places, probed, count).map(({ place }) => place.fingerprint);
  assertEquals(order(9), ["best", "two", "other", "one"]);
  assertEquals(order(2), ["best", "two"]);
  assertEquals(
    mostMemorized([...places].reverse(), [...probed].reverse(), 9).map(({ place }) => place.fingerprint),
    order(9),
  );
});

Deno.test("mostMemorized() leaves out places without a score", () => {
  const places = [found("f", "a"), found("f", "b"), found("g", "c"), found("h", "d")];
  const probed = [score(places[0]!, 0.5), score(places[1]!, null), score(places[2]!, null)];
  assertEquals(mostMemorized(places, probed, 5), [{ place: places[0]!, ma: 0.5, documents: 1 }]);
  assertEquals(mostMemorized([], probed, 5), []);
});

Deno.test("mostMemorized() counts a place that two detectors found once", () => {
  const places = [found("f", "a"), { ...found("f", "a"), detector: "Base64HighEntropy" }, found("f", "b")];
  const probed = [score(places[0]!, 1), score(places[2]!, 0.25)];
  assertEquals(mostMemorized(places, probed, 5)[0]!.ma, 0.625);
});
