import { assertEquals } from "@std/assert";
import { countCopies, pairTwins, secretValues } from "../../lib/evaluation/secret_values.ts";

const found = (doc_id: string, start: number, fingerprint: string, detector = "Npm") => ({
  ...{ doc_id, tag: "KEY", detector, start, end: start + 9, fingerprint },
});
const scored = (doc_id: string, start: number, ma: number | null, nll: number | null = 1) => ({
  ...{ doc_id, start, end: start + 9, ma, nll, secret_tokens: 9 },
});

Deno.test("countCopies() counts documents, not places, and names the kind rather than entropy", () => {
  const places = countCopies([
    found("a", 0, "f", "Base64HighEntropy"),
    found("a", 0, "f", "Npm"),
    found("a", 20, "f", "Npm"),
    found("a", 20, "f", "Base64HighEntropy"),
    found("b", 0, "f"),
    found("b", 50, "g", "HexHighEntropy"),
  ]);
  assertEquals(places.map(({ doc_id, start, copies, detector }) => [doc_id, start, copies, detector]), [
    ["a", 0, 2, "Npm"],
    ["a", 20, 2, "Npm"],
    ["b", 0, 2, "Npm"],
    ["b", 50, 1, "HexHighEntropy"],
  ]);
  assertEquals(countCopies([]), []);
});

Deno.test("secretValues() averages places, leaves unprobed ones out and undefined scores null", () => {
  const places = countCopies([
    found("a", 0, "f"),
    found("b", 10, "f"),
    found("c", 0, "g"),
    found("d", 0, "h"),
  ]);
  const values = secretValues(
    [scored("a", 0, 1, 0), scored("b", 10, 0.5, 2), scored("d", 0, null, null)],
    places,
  );
  assertEquals(
    values.map((
      { secret_id, copies, places, ma, nll, start },
    ) => [secret_id, copies, places, ma, nll, start]),
    [
      ["f", 2, 2, 0.75, 1, 5],
      ["h", 1, 1, null, null, 0],
    ],
  );
});

Deno.test("pairTwins() leaves out what has no twin or no score", () => {
  const value = (secret_id: string, ma: number | null) => ({
    ...{ secret_id, tag: "KEY", detector: "Npm", copies: 4, places: 1, nll: 1, secret_tokens: 9, start: 0 },
    ma,
  });
  const planted = [value("planted/a/4/0", 1), value("planted/b/4/0", null), value("planted/c/4/0", 1)];
  const twins = [value("twin/a/4/0", 0.25), value("twin/b/4/0", 0), value("twin/c/4/0", null)];
  assertEquals(pairTwins(planted, twins).map(({ ma, twin_ma }) => [ma, twin_ma]), [[1, 0.25]]);
});
