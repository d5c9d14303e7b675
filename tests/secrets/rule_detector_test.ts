import { assertEquals } from "@std/assert";
import { detectSecrets } from "../../lib/secrets/detect.ts";
import { RuleDetector } from "../../lib/secrets/rule_detector.ts";
import { finishRules, readRuleFile } from "../../lib/secrets/rule_set.ts";

/** What rules find in a text, as `rule value`. */
function find(content: unknown, text: string, path?: string): string[] {
  const found = new RuleDetector(finishRules(readRuleFile(content))).find(
    text,
    path === undefined ? {} : { path },
  );
  return found.map(({ detector, start, end }) => `${detector} ${text.slice(start, end)}`);
}

const rule = (more: Record<string, unknown>, regex = "k=(\\w+)") => ({
  rules: [{ id: "r", regex, ...more }],
});

Deno.test("a rule's secret is the group that it names, else the first that is not empty, else the match", () => {
  const text = "😀 k=abc k=def";
  assertEquals(find(rule({}), text), ["r abc", "r def"]);
  assertEquals(find(rule({}, "k=\\w+"), text), ["r k=abc", "r k=def"]);
  assertEquals(find(rule({ secretGroup: 2 }, "(k)=(a)"), text), ["r a"]);
  assertEquals(find(rule({}, "k=(x)?(d)"), text), ["r d"]);
  assertEquals(find(rule({}, "\\n?k=\\w+\\n?"), "\nk=a\n\nk=b"), ["r k=a", "r k=b"]); // newlines around do not count
});

Deno.test("a rule is tried where a keyword stands, in any case", () => {
  assertEquals(find(rule({ keywords: ["Secret", "x"] }), "k=abc"), []);
  assertEquals(find(rule({ keywords: ["Secret", "x"] }), "k=abc # SECRET"), ["r abc"]);
});

Deno.test("a rule's entropy must be exceeded, in bits a byte", () => {
  assertEquals(find(rule({ entropy: 2 }), "k=abcd k=abcde"), ["r abcde"]);
  assertEquals(find(rule({ entropy: 1 }, "k=(\\S+)"), "k=éé k=ab k=abc"), ["r abc"]);
});

Deno.test("allow lists look at secret, match, line, path and stopwords, by one condition or all", () => {
  const text = "k=abc # no\nk=abd\n";
  const by = (...allowlists: unknown[]) => find(rule({ allowlists }), text, "src/a.py");
  assertEquals(by({ regexes: ["^ab", "zz"] }), []);
  assertEquals(by({ regexes: ["^abc$"] }), ["r abd"]);
  assertEquals(by({ regexes: ["^k=abc"] }), ["r abc", "r abd"]);
  assertEquals(by({ regexes: ["^k=abc"], regexTarget: "match" }), ["r abd"]);
  assertEquals(by({ regexes: ["# no$"], regexTarget: "line" }), ["r abd"]);
  assertEquals(by({ stopwords: ["BC"] }), ["r abd"]);
  assertEquals(by({ paths: ["\\.py$"] }), []);
  assertEquals(by({ paths: ["\\.js$"] }), ["r abc", "r abd"]);
  assertEquals(by({ condition: "AND", paths: ["\\.py$"], stopwords: ["bc"] }), ["r abd"]);
  assertEquals(by({ condition: "AND", paths: ["\\.js$"], stopwords: ["bc"] }), ["r abc", "r abd"]);
  assertEquals(by({ condition: "&&", paths: ["\\.py$"] }), []);
  assertEquals(by({ condition: "AND", commits: ["ab"], paths: ["\\.py$"] }), ["r abc", "r abd"]);
  assertEquals(by({ regexes: ["(?i)X", "ABC"] }), ["r abd"]); // as gitleaks joins them
  const global = { ...rule({}), allowlists: [{ regexes: ["d$"] }, { targetRules: ["r"], stopwords: ["c"] }] };
  assertEquals(find(global, text), []);
  assertEquals(find({ ...rule({}), allowlist: { paths: ["src/"] } }, text, "src/a.py"), []);
});

Deno.test("a rule with a path is tried on such files only", () => {
  assertEquals(find(rule({ path: "\\.env$" }), "k=abc", "a/.env"), ["r abc"]);
  for (const path of ["a/env.py", undefined]) {
    assertEquals(find(rule({ path: "\\.env$" }), "k=abc", path), []);
  }
  assertEquals(find({ rules: [{ id: "r", path: "\\.p12$" }] }, "k=abc", "a.p12"), []); // no place to tell
});

Deno.test("a line that says gitleaks:allow is left out, and generic finds that another rule has", () => {
  assertEquals(find(rule({}), "k=abc # gitleaks:allow\nk=abd"), ["r abd"]);
  const rules = [{ id: "my-generic", regex: "k=(\\w+)" }, { id: "own", regex: "k=(ab\\w+)" }];
  assertEquals(find({ rules }, "k=abc k=xyz\nk=abc2"), ["own abc", "my-generic xyz", "own abc2"]);
});

Deno.test("a rule that requires others finds only what has them near", () => {
  const text = "id=1\nk=abc\n\n\nk=abd";
  const rules = (more: Record<string, unknown>) => ({
    rules: [
      { id: "r", regex: "k=(\\w+)", required: [{ id: "id", ...more }] },
      { id: "id", regex: "id=\\d", skipReport: true },
    ],
  });
  assertEquals(find(rules({}), text), ["r abc", "r abd"]);
  assertEquals(find(rules({ withinLines: 1 }), text), ["r abc"]);
  assertEquals(find(rules({ withinColumns: 0 }), `  ${text}`), []);
  assertEquals(find(rules({}), "k=abc"), []);
});

Deno.test("detectSecrets() takes rules in the place of the reference's and beside the extended ones", () => {
  const rules = new RuleDetector(finishRules(readRuleFile(rule({}, "my-(\\w+)"))));
  const text = "my-abc ada@mail.invalid \ud800";
  const names = (profile: "reference" | "extended") =>
    detectSecrets(text, { profile, rules }).map(({ detector }) => detector);
  assertEquals([names("reference"), names("extended")], [["r"], ["r", "Email"]]);
});

Deno.test("no expression hangs: each takes linear time", () => {
  for (const regex of ["(a+)+b", "(a|aa)*c", "(?:a?){30}a{30}b", "a{0,50}[ab]{0,50}?c"]) {
    const start = performance.now();
    assertEquals(find(rule({}, regex), "a".repeat(20_000)), []);
    assertEquals(performance.now() - start < 20_000, true, regex);
  }
});
