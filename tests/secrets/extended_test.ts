import { assert, assertEquals } from "@std/assert";
import { PythonRandom } from "../../lib/datasets/python_random.ts";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { detectExtended, EXTENDED_DETECTORS } from "../../lib/secrets/extended.ts";
import { HARMLESS_KINDS, SECRET_KINDS } from "../labelled_values.ts";

const EXTRAS = ["phone", "card", "name"] as const;

/** What is found in a text, as `detector value`. */
function find(text: string, also: typeof EXTRAS[number][] = []): string[] {
  return detectExtended(text, { also }).map(({ detector, start, end }) =>
    `${detector} ${text.slice(start, end)}`
  );
}

Deno.test("detectExtended() finds each kind of secret whole, in whatever it stands", () => {
  const random = new PythonRandom(11);
  for (const [kind, { tag, make }] of Object.entries(SECRET_KINDS)) {
    let found = 0;
    for (let i = 0; i < 40; i++) {
      const { before = "", value, after = "" } = make(random);
      const spans = detectExtended(`x = 1\r\n${before}${value}${after}\r\n`);
      const start = 7 + before.length;
      if (
        spans.some((span) => span.tag === tag && span.start === start && span.end === start + value.length)
      ) found++;
    }
    assert(found >= 38, `${found} of 40 ${kind}`);
  }
});

Deno.test("detectExtended() takes nothing for a secret that only looks like one", () => {
  const random = new PythonRandom(12);
  for (const [kind, make] of Object.entries(HARMLESS_KINDS)) {
    if (kind === "local address") continue; // the value filter's business
    for (let i = 0; i < 40; i++) {
      const { before = "", value, after = "" } = make(random);
      assertEquals(find(`x = 1\n${before}${value}${after}\n`), [], kind);
    }
  }
});

Deno.test("detectExtended() takes no name of a thing for a value that is named", () => {
  const names = [
    "https://auth.invalid/v1/token",
    "arn:aws:x:1:2:secret:Ab1",
    "<|image_pad|>",
    "</chunk1>",
    "{.access1}",
  ];
  for (const value of names) assertEquals(find(`token = "${value}"`), [], value);
  const values = ["https://auth.invalid/?k=q7Zk2mX9", "(q7Zk2mX9", "q7Zk|2mX9>"];
  for (const value of values) assertEquals(find(`token = "${value}"`), [`NamedValue ${value}`]);
});

Deno.test("detectExtended() looks for people's data only when asked", () => {
  const text = 'Ada Lovelace <ada@mail.invalid>\nphone = "+49 30 901820"\ncard = "4539 1488 0343 6467"\n';
  assertEquals(find(text), ["Email ada@mail.invalid"]);
  assertEquals(find(text, ["phone"]), ["Email ada@mail.invalid", "Phone +49 30 901820"]);
  assertEquals(find(text, [...EXTRAS]), [
    "PersonName Ada Lovelace",
    "Email ada@mail.invalid",
    "Phone +49 30 901820",
    "PaymentCard 4539 1488 0343 6467",
  ]);
  assertEquals(find("4539 1488 0343 6468", ["card"]), []);
});

Deno.test("detectExtended() mends what the reference's address rules miss", () => {
  const text = "ping 20.30.40.50 93.184.216.34 151.101.1.69";
  assertEquals(
    find(text),
    ["20.30.40.50", "93.184.216.34", "151.101.1.69"].map((value) => `IpAddress ${value}`),
  );
  assertEquals(detectSecrets(text).length, 1);
});

Deno.test("detectExtended() reads hostile lines of a million characters to their end", () => {
  const attacks = [
    "a.",
    "a@",
    "@",
    "a@a.",
    "eyJ",
    "eyJa.eyJ",
    "1.",
    "1:",
    "://",
    "://a:",
    "://a:b@",
    "key",
    "key=",
    "key = 'a",
    "token='",
    "'",
    '"a',
    "aws",
    "aws_key ",
    "sk-",
    "sk-T3BlbkFJ",
    "ghp_",
    "?sv=",
    "&sig=",
    "-----BEGIN PRIVATE KEY-----",
    "-----END ",
    "AKIA",
    "A",
    "+1 ",
    "+1",
    "4",
    "4539 ",
    "Ab ",
    "Ab Cd <",
    "xoxb-1",
    "\\",
    "_",
    "password: ",
    "x:x@",
  ];
  for (const attack of attacks) {
    const line = attack.repeat(Math.ceil(1e6 / attack.length));
    for (const text of [line, `'${line}'`, `key = "${line}"`]) detectExtended(text, { also: EXTRAS });
  }
});

Deno.test("detectSecrets() of every profile has whole, ordered spans in any text", () => {
  const texts = [
    "",
    "\0",
    "\ud800@mail.invalid",
    "😀 ada@mail.invalid 😀",
    "\ufeffada@mail.invalid\r",
    "é".repeat(99),
  ];
  for (const text of texts) {
    for (const profile of ["reference", "extended"] as const) {
      let last = 0;
      for (const { start, end } of detectSecrets(text, { profile, also: EXTRAS })) {
        assert(start >= last && end > start && end <= text.length);
        last = start;
      }
    }
  }
  assertEquals(new Set(Object.values(EXTENDED_DETECTORS).map(({ tag }) => tag)).size, 8);
});
