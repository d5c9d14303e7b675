import { assert, assertEquals } from "@std/assert";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { type BigramTable, ENGLISH_BIGRAMS } from "../../lib/secrets/gibberish.ts";

const KEY = "QZ7xK2vJ9mWq4bXf8pTzR3hLw6cNgYd5";

function found(text: string): string[] {
  return detectSecrets(text).map((span) => `${span.detector} ${text.slice(span.start, span.end)}`);
}

Deno.test("detectSecrets() finds nothing in an empty text, and survives lone surrogates", () => {
  assertEquals(detectSecrets(""), []);
  assertEquals(found(`\ud800 k = '${KEY}' \udfff`), [`Base64HighEntropy ${KEY}`]);
});

Deno.test("detectSecrets() gives every occurrence of a key, quoted or not, in UTF-16 units", () => {
  const text = `😀 k = '${KEY}'\nprint(${KEY})`;
  assertEquals(detectSecrets(text).map((span) => span.start), [8, 8 + 32 + 8]);
});

Deno.test("detectSecrets() sorts by start, end and tag and gives a place once for each detector", () => {
  const token = "xoxb-12-" + KEY;
  const text = `t = '${token}'  # ${KEY}@mail.invalid 203.0.113.7`;
  const spans = detectSecrets(text);
  assertEquals(spans.map((span) => span.detector), ["Slack", "Base64HighEntropy", "Email", "IpAddress"]);
  assertEquals(spans.map((span) => span.start), spans.map((span) => span.start).toSorted((x, y) => x - y));
});

Deno.test("detectSecrets() strips backslashes from a key", () => {
  assertEquals(found(`x = "\\${KEY}\\"`), [`Base64HighEntropy ${KEY}`]);
});

Deno.test("detectSecrets() reads a file as INI before it reads lines", async (t) => {
  const cases: [title: string, text: string, found: string[]][] = [
    ["a quoted key in the comment of an INI file is missed", `[s]\na = b\n# '${KEY}'`, []],
    ["without a value the lines are read", `[s]\n# '${KEY}'`, [`Base64HighEntropy ${KEY}`]],
    ["an unquoted value of an INI file is found", `[s]\na = ${KEY}`, [`Base64HighEntropy ${KEY}`]],
    ["an unquoted value of a file without sections is found", `a = ${KEY}`, [`Base64HighEntropy ${KEY}`]],
    ["an unquoted value below code is not", `import os\na = ${KEY}`, []],
    ["nor beside a key that the lines give", `a = ${KEY}\nb = 'xoxb-12-${KEY}'`, [
      `Base64HighEntropy xoxb-12-${KEY}`,
      `Slack xoxb-12-${KEY}`,
    ]],
    ["a bare % spoils an INI file", `[s]\na = ${KEY}\nb = 50%`, []],
    ["a value with %% is not found in the text", `[s]\na = %%${KEY}`, []],
    ["an identifier is no secret", `[s]\nuser_id = ${KEY}`, []],
  ];
  for (const [title, text, expected] of cases) {
    await t.step(title, () => assertEquals(found(text).sort(), expected.sort()));
  }
});

Deno.test("detectSecrets() drops likely hashes and all keys of a short file about hashing", () => {
  assertEquals(found(`md5 = '${KEY}'`), []);
  assertEquals(found(`x.shape\nk = '${KEY}'`), []);
  assertEquals(found(`x.shape\nk = '${KEY}'${"\n".repeat(50)}`), [`Base64HighEntropy ${KEY}`]);
});

Deno.test("detectSecrets() tells gibberish by the table that it is given", () => {
  const counts = Object.fromEntries(
    Object.entries(ENGLISH_BIGRAMS.counts).map(([first, row]) => {
      return [
        first,
        Object.fromEntries(Object.keys(row).map((second) => [second, /[a-z]/.test(second) ? 1000 : 1])),
      ];
    }),
  );
  const bigrams: BigramTable = { ...ENGLISH_BIGRAMS, counts };
  assertEquals(detectSecrets(`k = '${KEY}'`, { bigrams }), []);
});

Deno.test("detectSecrets() reads a line of a million characters in linear time", async (t) => {
  const million = (unit: string): string => unit.repeat(1_000_000 / unit.length);
  let state = 3;
  const letter = (): string => "qzxjkvwbpfgQZXJKVWBPFG0123456789"[(state = state * 48271 % 2147483647) % 32]!;
  const keys = Array.from({ length: 20_000 }, () => `'${Array.from({ length: 40 }, letter).join("")}'`);
  const texts: Record<string, string> = {
    "JWT starts": million("eyJ"),
    "JWT runs": million("eyJaaaa.eyJbbbb."),
    "OpenAI starts": million("sk-") + "T3BlbkFJ",
    "npm starts": million("//") + "/:_authToken=",
    "names and blanks": million("key" + " ".repeat(497)),
    "AWS names": million("awskey'"),
    "Slack digits": "xoxb-" + million("1-"),
    "GitLab agents": million("glagent-" + "a".repeat(1_100)),
    "mail chimps": million("a") + "-us1",
    "quotes": million("'a"),
    "dots": million("1."),
    "colons": million("1:"),
    "keys": keys.join(" "),
    "keys behind an identifier": "_id=" + million("x").slice(0, 200_000) + keys.join(" "),
    "keys on lines": keys.join("\n"),
  };
  for (const [name, text] of Object.entries(texts)) {
    await t.step(name, () => {
      const start = performance.now();
      detectSecrets(text);
      const ms = performance.now() - start;
      // A quadratic rule takes minutes; the bound leaves room for busy machines.
      assert(ms < 5_000, `took ${ms} ms`);
    });
  }
});
