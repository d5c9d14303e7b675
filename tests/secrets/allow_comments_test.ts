import { assert, assertEquals } from "@std/assert";
import { allowComments } from "../../lib/secrets/allow_comments.ts";

/** The lines of a text whose value a comment allows. */
function allowedLines(text: string): number[] {
  const isAllowed = allowComments(text);
  const lines = text.split("\n");
  let at = 0;
  return lines.flatMap((line, i) => {
    const start = at;
    at += line.length + 1;
    const value = line.indexOf("VALUE");
    return value >= 0 && isAllowed({ start: start + value, end: start + value + 5 }) ? [i + 1] : [];
  });
}

const ON_LINE = [
  ..."codescrub:allow gitleaks:allow betterleaks:allow kingfisher:allow kingfisher:ignore trufflehog:ignore"
    .split(" "),
  ..."ggignore secretlint-disable-line GITLEAKS:ALLOW".split(" "),
  "pragma: allowlist secret",
  "pragma:whitelist secret",
  "pragma: allowlist-secret",
  "#nosec B105",
  "# nosec: B101, B106",
  "#nosec G101 -- a test's",
];
const NEXT_LINE = ["pragma: allowlist nextline secret", "secretlint-disable-next-line"];
const NEITHER = [
  "nosec",
  "# nosec B404",
  "NOSONAR",
  "noqa",
  "gitleaks: allow",
  "allowlist secret",
  "secretlint-disable",
];

Deno.test("allowComments() know the words of the common scanners, and no others", () => {
  for (const end of ["\n", "\r\n"]) {
    const around = (words: string) => [`a = VALUE`, `b = VALUE // ${words}`, "c = VALUE", ""].join(end);
    for (const words of ON_LINE) assertEquals(allowedLines(around(words)), [2], words);
    for (const words of NEXT_LINE) assertEquals(allowedLines(around(words)), [3], words);
    for (const words of NEITHER) assertEquals(allowedLines(around(words)), [], words);
  }
  assertEquals(allowedLines("VALUE ggignore"), [1]);
  assertEquals(allowedLines("VALUE secretlint-disable-next-line"), []);
  assertEquals(allowedLines("VALUE secretlint-disable-next-line ggignore\nVALUE\nVALUE"), [1, 2]);
});

Deno.test("allowComments() hold for a value of several lines with one on any of them, and take linear time", () => {
  const key = "-----BEGIN\nabc # gitleaks:allow\nEND-----\n";
  assertEquals(allowComments(key)({ start: 0, end: key.length - 1 }), true);
  assertEquals(allowComments(key)({ start: 0, end: 5 }), false);
  const started = performance.now();
  for (const words of ["ggignore ", "secretlint-disable-next-line ", "#nosec ", "pragma: allowlist "]) {
    allowComments(words.repeat(1e6 / words.length))({ start: 0, end: 1 });
  }
  assert(performance.now() - started < 2000);
});
