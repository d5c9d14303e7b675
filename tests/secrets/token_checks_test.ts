import { assertEquals } from "@std/assert";
import {
  hasJwtHeader,
  hasTokenChecksum,
  isKeyBody,
  isPlaceholder,
  tokenChecksum,
} from "../../lib/secrets/token_checks.ts";

Deno.test("tokenChecksum() is the CRC-32 in base 62", () => {
  // zlib.crc32(b"") is 0
  assertEquals(tokenChecksum(""), "000000");
  let value = 0;
  for (const digit of tokenChecksum("0".repeat(30))) {
    value = 62 * value + "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".indexOf(digit);
  }
  assertEquals(value, CRC_OF_ZEROS);
});

/** Python's zlib.crc32(b"0" * 30). */
const CRC_OF_ZEROS = 2011552642;

Deno.test("hasTokenChecksum() sees any changed character", () => {
  const body = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC2";
  const token = `gho_${body}${tokenChecksum(body)}`;
  assertEquals(hasTokenChecksum(token), true);
  for (let i = 4; i < token.length; i++) {
    const other = token.slice(0, i) + (token[i] === "x" ? "y" : "x") + token.slice(i + 1);
    assertEquals(hasTokenChecksum(other), false, `character ${i}`);
  }
});

Deno.test("hasJwtHeader() refuses what is no object with an algorithm", () => {
  const part = (text: string) => btoa(text).replaceAll("=", "");
  const cases: [string, string, boolean][] = [
    ['{"alg":"none"}', "{}", true],
    ['{"typ":"JWT"}', "{}", false],
    ['{"alg":1}', "{}", false],
    ["[1]", "{}", false],
    ['{"alg":"none"}', "[]", false],
    ['{"alg":"none"', "{}", false],
  ];
  for (const [header, claims, expected] of cases) {
    assertEquals(hasJwtHeader(`${part(header)}.${part(claims)}.x`), expected, header);
  }
  assertEquals(hasJwtHeader("eyJ"), false);
});

Deno.test("isKeyBody() tells keys from what stands in their place", () => {
  const base64 = "Q7zK/+9a".repeat(10);
  const cases: [string, boolean][] = [
    [`\nMIIEpAIB${base64}\n`, true],
    [`\\nMIIEpAIB${base64}\\n`, true],
    [`\nb3BlbnNzaC1rZXk${base64}\n`, true],
    [`\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n${base64}\n`, true],
    [`\n${base64}\n`, false],
    ["\n...\n", false],
    ["\nMIIE\n", false],
    ["", false],
  ];
  for (const [body, expected] of cases) assertEquals(isKeyBody(body), expected, body);
});

Deno.test("isPlaceholder() keeps what could be a secret", () => {
  assertEquals(isPlaceholder("Q7zK2mX9bV4wT8".repeat(60)), false); // however long
  for (const value of ["q7Zk2mX9", "Tr0ub4dor&3", "correct-horse-9", "c0ffee7712ab"]) {
    assertEquals(isPlaceholder(value), false, value);
  }
  for (
    const value of ["", "xxxxxxxx", "********", "<token>", "%(key)s", "YOUR_KEY", "12345678", "$HOME/x1"]
  ) {
    assertEquals(isPlaceholder(value), value !== "", value);
  }
});
