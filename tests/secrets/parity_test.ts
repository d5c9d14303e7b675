import { assert, assertEquals } from "@std/assert";
import { DETECTORS } from "../../lib/secrets/api_key.ts";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { type OracleSpan, toOracleSpans } from "../parity/oracle_spans.ts";

interface Parity {
  documents: { backwards: string; spans: OracleSpan[] }[];
}

const { documents }: Parity = JSON.parse(
  Deno.readTextFileSync(new URL("../fixtures/secrets_parity.json", import.meta.url)),
);

function inOrder(rows: (string | number)[][]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

Deno.test("detectSecrets() gives the Python tools' spans for every document of the fixture", () => {
  for (const { backwards, spans } of documents) {
    const text = Array.from(backwards).reverse().join("");
    const found = toOracleSpans(detectSecrets(text));
    assertEquals(inOrder(found), inOrder(spans), `in ${JSON.stringify(backwards)}`);
  }
});

Deno.test("the parity fixture has every detector that yields something gibberish, and documents with none", () => {
  const types = new Set(documents.flatMap(({ spans }) => spans.map((span) => span[1])));
  // IPPublic never yields a value, and GitHub's only one, "ghp", is nearer to the limit than the fixture takes.
  const expected = ["Email", "IpAddress", ...Object.values(DETECTORS).map(({ type }) => type)];
  assertEquals(expected.filter((type) => !types.has(type)), ["GitHub Token", "Public IP (ipv4)"]);
  assert(documents.some(({ spans }) => spans.length === 0));
});
