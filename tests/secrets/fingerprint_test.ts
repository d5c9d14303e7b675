import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { describeSecret, fingerprintSecret } from "../../lib/secrets/fingerprint.ts";

Deno.test("fingerprintSecret() is HMAC-SHA-256 in hexadecimal: RFC 4231, test case 2", () => {
  const key = new TextEncoder().encode("Jefe");
  const expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
  assertEquals(fingerprintSecret("what do ya want for nothing?", key), expected);
});

Deno.test("fingerprintSecret() depends on value and key, and refuses an empty key", () => {
  const [one, two] = [Uint8Array.of(1), Uint8Array.of(2)];
  assertNotEquals(fingerprintSecret("a", one), fingerprintSecret("b", one));
  assertNotEquals(fingerprintSecret("a", one), fingerprintSecret("a", two));
  assertThrows(
    () => fingerprintSecret("a", new Uint8Array()),
    RangeError,
    "Cannot fingerprint a secret as the key must not be empty: 0 bytes",
  );
});

Deno.test("describeSecret() shows two characters of a long value, none of a short one", () => {
  const long = "AKIA" + "Q7ZJ".repeat(4);
  assertEquals(describeSecret("KEY", long), "KEY, 20 characters, AK...");
  assertEquals(describeSecret("KEY", long.slice(0, 16)), "KEY, 16 characters, AK...");
  assertEquals(describeSecret("KEY", "😀é" + "1".repeat(14)), "KEY, 16 characters, 😀é...");
  assertEquals(describeSecret("KEY", "\x1b\t" + "1".repeat(14)), "KEY, 16 characters, ??...");
  for (let length = 1; length < 16; length++) {
    const rest = length === 1 ? "" : "s";
    assertEquals(describeSecret("KEY", long.slice(0, length)), `KEY, ${length} character${rest}`);
  }
});
