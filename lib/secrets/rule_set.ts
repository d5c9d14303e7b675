/**
 * Rules of detection that others wrote, in the format of gitleaks: what its files say, checked and merged, as plain data.
 * What a rule does is in rule_detector.ts. Of a rule without an expression, which is about a file's name alone, nothing
 * can be masked: it is counted and left out.
 *
 * Source: the README of gitleaks 8.30, "Configuration".
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { RE2JS } from "../npm/re2js.ts";
import type { SecretTag } from "./secret_span.ts";
import { TableReader } from "./table_reader.ts";

/** What is no secret all the same. */
export interface RuleAllowlist {
  /** Whether all of its conditions must hold, or one. */
  all: boolean;
  /** Whether it names commits, of which a text has none. */
  hasCommits: boolean;
  /** One expression for all of those given; so for `regexes`. */
  paths: string | null;
  regexes: string | null;
  /** What `regexes` look at. */
  target: "secret" | "match" | "line";
  /** In lower case. */
  stopwords: string[];
}

/** Another rule that must find something too, so near. */
export interface RequiredRule {
  id: string;
  withinLines: number | null;
  withinColumns: number | null;
}

/** One rule. */
export interface Rule {
  id: string;
  tag: SecretTag;
  regex: string | null;
  /** The group that is the secret; 0 for the first that is not empty, or all of the match. */
  group: number;
  /** The entropy to exceed, in bits; 0 for any. */
  entropy: number;
  /** In lower case; a text without any of them is not searched. */
  keywords: string[];
  path: string | null;
  allowlists: RuleAllowlist[];
  required: RequiredRule[];
  /** Whether it only serves rules that require it. */
  isHelper: boolean;
}

/** What a file says; plain data that may be sent to a worker. */
export interface RuleSet {
  rules: Rule[];
  /** For what any rule finds. */
  allowlists: RuleAllowlist[];
}

/** What a file says of the one that it builds on. */
export interface RuleExtension {
  /** Its path, as the file spells it; null for the scanner's own rules. */
  path: string | null;
  disabled: string[];
}

/** An expression that RE2 takes. */
function checked(regex: string, name: string): string {
  try {
    RE2JS.compile(regex);
  } catch (cause) {
    throw new SyntaxError(`${name}: RE2 refuses an expression: ${reasonOf(cause)}`, { cause });
  }
  return regex;
}

function oneOf(expressions: readonly string[], name: string): string | null {
  for (const expression of expressions) checked(expression, name);
  return expressions.length === 0 ? null : checked(`(?:${expressions.join("|")})`, name);
}

const CONDITIONS: { readonly [name: string]: boolean } = {
  "": false,
  "OR": false,
  "||": false,
  "AND": true,
  "&&": true,
};
const TARGETS: { readonly [name: string]: RuleAllowlist["target"] } = {
  "": "secret",
  "secret": "secret",
  "match": "match",
  "line": "line",
};

function readAllowlist(table: TableReader, name: string): RuleAllowlist {
  const [condition, target] = [table.text("condition"), table.text("regexTarget")];
  const all = CONDITIONS[condition.toUpperCase()];
  if (all === undefined) throw new SyntaxError(`${name}: condition must be "and" or "or"`);
  if (TARGETS[target] === undefined) {
    throw new SyntaxError(`${name}: regexTarget must be "secret", "match" or "line"`);
  }
  const list: RuleAllowlist = {
    all,
    hasCommits: table.texts("commits").length > 0,
    paths: oneOf(table.texts("paths"), name),
    regexes: oneOf(table.texts("regexes"), name),
    target: TARGETS[target]!,
    stopwords: [...new Set(table.texts("stopwords").map((word) => word.toLowerCase()))],
  };
  if (!list.hasCommits && list.paths === null && list.regexes === null && list.stopwords.length === 0) {
    throw new SyntaxError(`${name}: commits, paths, regexes or stopwords are needed`);
  }
  return list;
}

/** The lists of a table, by either of the names that they have had. */
function readAllowlists(table: TableReader, name: string) {
  const [old, list] = [table.table("allowlist"), table.tables("allowlists", "allowlist")];
  if (old && list.length > 0) throw new SyntaxError(`${name}: allowlist and allowlists cannot both be given`);
  return (old ? [old] : list).map((one) => ({
    list: readAllowlist(one, `${name}: allowlist`),
    rules: one.texts("targetRules"),
  }));
}

const TAGS: readonly [SecretTag, RegExp][] = [
  ["EMAIL", /e-?mail/i],
  ["IP_ADDRESS", /ip[_-]?addr|ipv[46]/i],
  ["HASH", /hash|crypt|krb5|kerberos/i],
  ["PASSWORD", /passw|pwd|netrc|credential/i],
];

/** What a rule's finds are called: one of its tags, where that is a name of ours, or what its name says. */
function tagOf(id: string, tags: readonly string[]): SecretTag {
  const named = ["KEY", ...TAGS.map(([tag]) => tag)].find((tag) =>
    tags.some((own) => own.toUpperCase().replace(/[ -]/g, "_") === tag)
  );
  return named as SecretTag ?? TAGS.find(([, pattern]) => pattern.test(id))?.[0] ?? "KEY";
}

function readRule(table: TableReader): Rule {
  const id = table.text("id").trim();
  if (id === "") throw new SyntaxError(`${table.name}: id is missing`);
  const name = `rule "${id}"`;
  const [regex, path] = [table.text("regex"), table.text("path")];
  const tags = table.texts("tags");
  return {
    id,
    tag: tagOf(id, tags),
    regex: regex === "" ? null : checked(regex, name),
    group: table.number("secretGroup", 0),
    entropy: table.number("entropy", 0),
    keywords: table.texts("keywords").map((keyword) => keyword.toLowerCase()),
    path: path === "" ? null : checked(path, name),
    allowlists: readAllowlists(table, name).map(({ list }) => list),
    required: table.tables("required", `${name}: required`).map((one) => {
      const id = one.text("id");
      if (id === "") throw new SyntaxError(`${name}: a required rule's id is missing`);
      return {
        id,
        withinLines: one.number("withinLines", null),
        withinColumns: one.number("withinColumns", null),
      };
    }),
    isHelper: table.flag("skipReport"),
  };
}

/** The rules of a file's content, and what it builds on; lists for rules that are not there yet in `targeted`. */
export interface RuleFile extends RuleSet {
  extension: RuleExtension | null;
  targeted: { list: RuleAllowlist; rules: string[] }[];
}

/**
 * Reads what a file's TOML says.
 *
 * @throws {SyntaxError} If it says anything that no rule can.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { readRuleFile } from "./rule_set.ts";
 *
 * const { rules } = readRuleFile({ rules: [{ id: "my-password", regex: "pw=(\\w+)", keywords: ["PW"] }] });
 * assertEquals([rules[0]!.tag, rules[0]!.keywords], ["PASSWORD", ["pw"]]);
 * assertThrows(() => readRuleFile({ rules: [{ id: "a", regex: "(" }] }), SyntaxError, 'rule "a": RE2 refuses');
 * ```
 */
export function readRuleFile(content: unknown): RuleFile {
  const table = new TableReader(content, "the file");
  const extend = table.table("extend");
  const path = extend?.text("path") ?? "";
  const useDefault = extend?.flag("useDefault") ?? false;
  if (path !== "" && useDefault) throw new SyntaxError("extend: path and useDefault cannot both be given");
  const rules = new Map(
    table.tables("rules", "rule").map((one) => readRule(one)).map((rule) => [rule.id, rule]),
  );
  const lists = readAllowlists(table, "the file");
  return {
    rules: [...rules.values()],
    allowlists: lists.filter(({ rules }) => rules.length === 0).map(({ list }) => list),
    targeted: lists.filter(({ rules }) => rules.length > 0),
    extension: path === "" && !useDefault ? null : {
      path: useDefault ? null : path,
      disabled: extend!.texts("disabledRules"),
    },
  };
}

/**
 * The rules of a file upon those of the one that it builds on: a rule of the same name keeps what it does not say anew.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { extendRules, readRuleFile } from "./rule_set.ts";
 *
 * const base = readRuleFile({ rules: [{ id: "a", regex: "a+", keywords: ["a"] }, { id: "b", regex: "b" }] });
 * const own = readRuleFile({ extend: { path: "x", disabledRules: ["b"] }, rules: [{ id: "a", entropy: 3 }] });
 * const { rules } = extendRules(own, base);
 * assertEquals(rules.map(({ id, regex, entropy }) => [id, regex, entropy]), [["a", "a+", 3]]);
 * ```
 */
export function extendRules(own: RuleFile, base: RuleSet): RuleFile {
  const rules = new Map(own.rules.map((rule) => [rule.id, rule]));
  for (const old of base.rules) {
    if (own.extension?.disabled.includes(old.id)) continue;
    const rule = rules.get(old.id);
    rules.set(
      old.id,
      rule === undefined ? old : {
        ...old,
        regex: rule.regex ?? old.regex,
        group: rule.group || old.group,
        entropy: rule.entropy || old.entropy,
        path: rule.path ?? old.path,
        keywords: [...old.keywords, ...rule.keywords],
        allowlists: [...old.allowlists, ...rule.allowlists],
      },
    );
  }
  return {
    ...own,
    rules: [...rules.values()].sort((a, b) => a.id < b.id ? -1 : 1),
    allowlists: [...own.allowlists, ...base.allowlists],
  };
}

/**
 * The rules that are there in the end.
 *
 * @throws {SyntaxError} If one finds nothing, names a group that its expression lacks, or a rule that there is not.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 * import { finishRules, readRuleFile } from "./rule_set.ts";
 *
 * const file = readRuleFile({ rules: [{ id: "a", regex: "a", secretGroup: 1 }] });
 * assertThrows(() => finishRules(file), SyntaxError, 'rule "a": secretGroup is 1, its expression has 0 groups');
 * ```
 */
export function finishRules({ rules, allowlists, targeted }: RuleFile): RuleSet {
  const byId = new Map(rules.map((rule) => [rule.id, { ...rule, allowlists: [...rule.allowlists] }]));
  for (const rule of byId.values()) {
    if (rule.regex === null && rule.path === null) {
      throw new SyntaxError(`rule "${rule.id}": regex and path are both missing`);
    }
    const groups = rule.regex === null ? Infinity : RE2JS.compile(rule.regex).groupCount();
    if (!Number.isInteger(rule.group) || rule.group < 0 || rule.group > groups) {
      throw new SyntaxError(
        `rule "${rule.id}": secretGroup is ${rule.group}, its expression has ${groups} groups`,
      );
    }
    for (const { id } of rule.required) {
      if (!byId.has(id)) throw new SyntaxError(`rule "${rule.id}": the required rule "${id}" does not exist`);
    }
  }
  for (const { list, rules } of targeted) {
    for (const id of rules) {
      const rule = byId.get(id);
      if (!rule) throw new SyntaxError(`an allowlist's target rule "${id}" does not exist`);
      rule.allowlists.push(list);
    }
  }
  return { rules: [...byId.values()], allowlists };
}
