import { assertEquals } from "@std/assert";
import { findJwts, isFormallyValidJwt } from "../../lib/secrets/jwt.ts";

function part(text: string): string {
  const bytes = new TextEncoder().encode(text);
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

Deno.test("isFormallyValidJwt() reads JSON as Python does", () => {
  const head = part('{"a": 1}');
  const right = ['{"b":2}', "1", " [NaN, -Infinity]\n", '"é😀"', "null", "true", '{"NaN": "Infinity"}'];
  const wrong = ["", "nul", "-NaN", "NaNNaN", "01", '{"b":2}x', '"\n"', "\ufeff1", "\u00a01"];
  assertEquals(right.filter((text) => !isFormallyValidJwt(`${head}.${part(text)}.sig`)), []);
  assertEquals(wrong.filter((text) => isFormallyValidJwt(`${head}.${part(text)}.sig`)), []);
});

Deno.test("isFormallyValidJwt() decodes base64 as leniently as Python does", () => {
  const head = part('{"a": 1}');
  // One character over a multiple of four, padding inside, text after the padding, bytes that are no UTF-8.
  const cases = [`${head}.MQ.abcde`, `${head}.M=Q.`, `${head}.MQ==xx.`, `${head}._w.`, `${head}.MQ.a=b`];
  assertEquals(cases.map(isFormallyValidJwt), [false, true, true, false, true]);
});

Deno.test("findJwts() finds the tokens of a line, one for each run", () => {
  const token = `${part('{"a": 1}')}.${part("1")}`;
  assertEquals(findJwts(`x ${token} ${token}.s eyJ eyJ. eyJa.`), [token, `${token}.`]);
  assertEquals(findJwts(`eyJeyJ${"eyJ".repeat(300_000)}`), []);
});
