import { assert, assertEquals } from "@std/assert";
import { detectEmails } from "../../lib/secrets/email.ts";

function values(text: string): string[] {
  return detectEmails(text).map((span) => text.slice(span.start, span.end));
}

Deno.test("detectEmails() finds what the rule finds when the text is", async (t) => {
  const cases: [text: string, found: string[]][] = [
    ["", []],
    ["ada@mail.invalid", ["ada@mail.invalid"]],
    ["<ada@mail.invalid>, bob@mail.invalid.", ["ada@mail.invalid", "bob@mail.invalid"]],
    ["x=ada@mail.invalid", ["x=ada@mail.invalid"]],
    ["ada@mail.i", []],
    ["ada@mail.1nvalid", []],
    ["@mail.invalid", []],
    ["ada@.invalid", []],
    ["ada@mail..invalid", []],
    ["ada@mail.invalid/path", []],
    ["ada@mail.invalid;", ["ada@mail.invalid"]],
    ["ada@a.bc.d", ["ada@a.bc"]],
    ["a@b.com.x@d.com", ["a@b.com", "x@d.com"]],
    ["a@b.co@c.de", ["a@b.co"]],
    ["ada@mail.co中文", ["ada@mail.co中文"]],
    ["ada@mail.co中文²", ["ada@mail.co中"]],
    ["中ada@mail.com", ["中ada@mail.com"]],
    ["ada@mail.ab\u0301", ["ada@mail.ab\u0301"]],
    ["ada@mail.ab\x1c", []],
    ["ada@mail.ab\x85", ["ada@mail.ab"]],
    ["ada@mail.ab\x08", ["ada@mail.ab"]],
    ["😀ada@mail.𐐀𐐁", ["😀ada@mail.𐐀𐐁"]],
    ["a\nada@mail.ab\nb", ["ada@mail.ab"]],
  ];
  for (const [text, found] of cases) {
    await t.step(JSON.stringify(text), () => assertEquals(values(text), found));
  }
});

Deno.test("detectEmails() counts UTF-16 units", () => {
  assertEquals(detectEmails("😀 a@b.cd"), [{ tag: "EMAIL", detector: "Email", start: 3, end: 9 }]);
});

Deno.test("detectEmails() takes linear time on a million characters of the rule's worst kinds", () => {
  for (const unit of ["a.", "a@", "@a.", "a@b.", "a@b.c中", ".."]) {
    const start = performance.now();
    detectEmails("a@" + unit.repeat(1_000_000 / unit.length));
    assert(performance.now() - start < 3_000, `${unit} took ${performance.now() - start} ms`);
  }
});
