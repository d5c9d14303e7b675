import { assert, assertEquals, assertMatch } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { SECRET_FORMATS, type SecretFormat, secretPieces } from "../../lib/embedded/secret_formats.ts";
import { SNIPPET_KINDS } from "../../lib/embedded/secret_snippets.ts";

const FORMATS = Object.keys(SECRET_FORMATS) as SecretFormat[];

Deno.test("SECRET_FORMATS draw e-mails at .invalid and addresses of the documentation ranges", () => {
  const random = new PythonRandom(7);
  for (let i = 0; i < 200; i++) {
    assertMatch(SECRET_FORMATS.email(random), /^[a-z]{4}\.[a-z]{6}\d\d@[a-z]{4}-[a-z]{4}\.invalid$/);
    assertMatch(SECRET_FORMATS.ipv4(random), /^(192\.0\.2|198\.51\.100|203\.0\.113)\.[1-9]\d{0,2}$/);
    assertMatch(SECRET_FORMATS.ipv6(random), /^2001:db8:[\da-f]{4}:[\da-f]{4}::[\da-f]{4}$/);
  }
});

Deno.test("SECRET_FORMATS draw an unsigned JWT", () => {
  const [header = "", payload = "", signature] = SECRET_FORMATS.jwt(new PythonRandom(7)).split(".");
  assertEquals(JSON.parse(atob(header)), { alg: "none" });
  assertEquals(JSON.parse(atob(payload)).sub.length, 24);
  assertEquals(signature, "");
});

for (const format of FORMATS) {
  Deno.test(`SECRET_FORMATS draw ${format} by the seed, each time another`, () => {
    const draw = (seed: number) => {
      const random = new PythonRandom(seed);
      return Array.from({ length: 5 }, () => SECRET_FORMATS[format](random));
    };
    assertEquals(draw(1), draw(1));
    assertEquals(new Set([...draw(1), ...draw(2)]).size, 10);
  });
}

Deno.test("SNIPPET_KINDS use every format and name it in the line of its value", () => {
  const used = new Set<string>(Object.values(SNIPPET_KINDS).flatMap(({ formats }) => formats));
  assertEquals([...used].sort(), [...FORMATS].sort());
  for (const kind of Object.values(SNIPPET_KINDS)) {
    const values = kind.formats.map((_, i) => `VALUE${i}`);
    const lines = kind.lines("fern_ledger", values);
    assert(lines.length >= 2 && lines.length <= 5);
    for (const value of values) assertEquals(lines.filter((line) => line.includes(value)).length, 1);
    assert(/fern.ledger/.test(lines[0]!));
  }
});

Deno.test("secretPieces() leaves out what all values of a format share", () => {
  const random = new PythonRandom(3);
  assertEquals(secretPieces(SECRET_FORMATS.ipv4(random)), []);
  assertEquals(secretPieces("AccountKey=0123456789", 9), ["012345678", "123456789"]);
  for (const format of FORMATS) {
    const [a, b] = [SECRET_FORMATS[format](random), SECRET_FORMATS[format](random)];
    const shared = secretPieces(a).filter((piece) => b.includes(piece));
    assertEquals(shared, [], format);
  }
});
