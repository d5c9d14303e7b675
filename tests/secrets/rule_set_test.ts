import { assertEquals, assertThrows } from "@std/assert";
import { extendRules, finishRules, readRuleFile } from "../../lib/secrets/rule_set.ts";

const BAD: readonly [unknown, string][] = [
  [{ rules: 1 }, "the file: rules must be a list of tables"],
  [{ rules: [1] }, "rule 1 is no table"],
  [{ rules: [{ regex: "a" }] }, "rule 1: id is missing"],
  [{ rules: [{ id: "a", regex: 1 }] }, "rule 1: regex must be a text"],
  [{ rules: [{ id: "a" }] }, 'rule "a": regex and path are both missing'],
  [{ rules: [{ id: "a", regex: "(?=a)" }] }, 'rule "a": RE2 refuses an expression'],
  [{ rules: [{ id: "a", regex: "a", path: "(" }] }, 'rule "a": RE2 refuses an expression'],
  [{ rules: [{ id: "a", regex: "(a)", secretGroup: 2 }] }, "secretGroup is 2, its expression has 1 groups"],
  [{ rules: [{ id: "a", regex: "(a)", secretGroup: -1 }] }, "secretGroup is -1"],
  [{ rules: [{ id: "a", regex: "a", entropy: "3" }] }, "rule 1: entropy must be a number"],
  [{ rules: [{ id: "a", regex: "a", keywords: [1] }] }, "rule 1: keywords must be a list of texts"],
  [{ rules: [{ id: "a", regex: "a", allowlists: [{}] }] }, "commits, paths, regexes or stopwords are needed"],
  [
    { rules: [{ id: "a", regex: "a", allowlists: [{ condition: "XOR", stopwords: ["a"] }] }] },
    'condition must be "and" or "or"',
  ],
  [
    { rules: [{ id: "a", regex: "a", allowlist: { regexTarget: "x", stopwords: ["a"] } }] },
    "regexTarget must be",
  ],
  [
    { rules: [{ id: "a", regex: "a", allowlist: { stopwords: ["a"] }, allowlists: [{ stopwords: ["a"] }] }] },
    'rule "a": allowlist and allowlists cannot both be given',
  ],
  [{ rules: [{ id: "a", regex: "a", required: [{ id: "b" }] }] }, 'the required rule "b" does not exist'],
  [{ allowlists: [{ targetRules: ["b"], stopwords: ["a"] }] }, `target rule "b" does not exist`],
  [{ extend: { path: "a", useDefault: true } }, "path and useDefault cannot both be given"],
];

Deno.test("readRuleFile() and finishRules() refuse what no rule can say", () => {
  for (const [content, message] of BAD) {
    assertThrows(() => finishRules(readRuleFile(content)), SyntaxError, message);
  }
});

Deno.test("a rule's tag is one of its own tags, or what its name says", () => {
  const tag = (id: string, tags: string[] = []) =>
    readRuleFile({ rules: [{ id, tags, regex: "a" }] }).rules[0]!.tag;
  assertEquals(
    ["my-token", "db-password", "bcrypt-hash", "work-email", "ipv4"].map((id) => tag(id)),
    ["KEY", "PASSWORD", "HASH", "EMAIL", "IP_ADDRESS"],
  );
  assertEquals([tag("x", ["ip address"]), tag("password", ["KEY"]), tag("x", ["infra"])], [
    "IP_ADDRESS",
    "KEY",
    "KEY",
  ]);
});

Deno.test("extendRules() merges rules of one name, and lists", () => {
  const base = readRuleFile({
    rules: [{ id: "b", regex: "b", keywords: ["B"], entropy: 1, allowlists: [{ stopwords: ["x"] }] }, {
      id: "off",
      regex: "o",
    }],
    allowlists: [{ stopwords: ["base"] }],
  });
  const own = readRuleFile({
    extend: { path: "base.toml", disabledRules: ["off"] },
    rules: [{ id: "b", keywords: ["c"], allowlists: [{ stopwords: ["y"] }] }, { id: "a", regex: "a" }],
    allowlists: [{ stopwords: ["own"] }],
  });
  const { rules, allowlists } = finishRules(extendRules(own, base));
  assertEquals(rules.map(({ id }) => id), ["a", "b"]);
  const { regex, keywords, entropy, allowlists: lists } = rules[1]!;
  assertEquals([regex, keywords, entropy], ["b", ["b", "c"], 1]);
  assertEquals(lists.flatMap(({ stopwords }) => stopwords), ["x", "y"]);
  assertEquals(allowlists.flatMap(({ stopwords }) => stopwords), ["own", "base"]);
});
