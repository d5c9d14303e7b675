import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
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

Deno.test("describeSecret() shows no more than two characters, and none that a terminal would act on", () => {
  assertEquals(describeSecret("KEY", "AKIAQ7ZJ"), "KEY, 8 characters, AK...");
  assertEquals(describeSecret("KEY", "😀é1"), "KEY, 3 characters, 😀é...");
  assertEquals(describeSecret("KEY", "\x1b\t1"), "KEY, 3 characters, ??...");
  assertEquals(describeSecret("KEY", "x"), "KEY, 1 character, x...");
  assert(!describeSecret("KEY", "secret").includes("sec"));
});
