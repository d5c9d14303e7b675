import { assertEquals, assertThrows } from "@std/assert";
import { setSecrets } from "../../lib/evaluation/set_secrets.ts";

const place = (doc_id: string, start: number, secret_id: string) => ({
  ...{ doc_id, start, end: start + 5, secret_id, tag: "KEY", detector: "Npm" },
  copies: 2,
});
const row = (doc_id: string, spans: unknown) => ({
  ...{ doc_id, window: 0, spans: JSON.stringify(spans), ma: 1, mask_tokens: 40 },
});

Deno.test("setSecrets() lists each secret of each row once, and a shared value under both sets", () => {
  const places = [place("p/a", 0, "x"), place("p/a", 9, "y"), place("q/b", 3, "x")];
  const sets = {
    one: [row("p/a", [["KEY", 0, 5], ["KEY", 9, 14]])],
    two: [row("q/b", [["KEY", 3, 8]])],
    none: [],
  };
  assertEquals(setSecrets(sets, places).map((secret) => [secret.set, secret.package, secret.secret_id]), [
    ["one", "p", "x"],
    ["one", "p", "y"],
    ["two", "q", "x"],
  ]);
});

Deno.test("setSecrets() leaves out neighbours' secrets and unknown places", () => {
  const sets = { one: [row("p/a", [[null, 0, 5], ["KEY", 1, 5]])] };
  assertEquals(setSecrets(sets, [place("p/a", 0, "x")]), []);
});

Deno.test("setSecrets() refuses spans that are no JSON", () => {
  const sets = { one: [{ ...row("p/a", []), spans: "[[" }] };
  assertThrows(() => setSecrets(sets, []), SyntaxError, 'Cannot read the spans of "p/a": ');
  for (const spans of [{ KEY: 1 }, ["KEY"], [["KEY", 0]], [["KEY", 0, "9"]]]) {
    assertThrows(
      () => setSecrets({ one: [row("p/a", spans)] }, []),
      SyntaxError,
      "expected [[tag, start, end,",
    );
  }
});
