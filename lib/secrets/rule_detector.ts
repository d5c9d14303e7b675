/**
 * What rules in gitleaks' format find in a text, as gitleaks 8.30 finds it with `--max-decode-depth 0`: the rules whose
 * keywords the text holds are tried, the group that a rule names is the secret, and what its entropy or an allow list
 * drops is none. Any expression takes linear time.
 *
 * One departure: a list that looks at lines sees the last line of a text alone, also where no newline ends it; gitleaks
 * shows it all of the text then.
 *
 * @module
 */
import { RE2JS } from "../npm/re2js.ts";
import { KeywordFinder } from "./keyword_finder.ts";
import { LinearMatcher } from "./linear_matcher.ts";
import type { Rule, RuleAllowlist, RuleSet } from "./rule_set.ts";
import type { SecretSpan } from "./secret_span.ts";

/** A place, with what matched around it. */
interface Found extends SecretSpan {
  secret: string;
  match: string;
  matchStart: number;
  line: number;
}

/** What {@linkcode RuleDetector.find} may be told. */
export interface FindByRulesOptions {
  /** The text's path, for rules that ask for one. */
  path?: string;
}

const INLINE_ALLOW = "gitleaks:allow";
const compiled = new Map<string, RE2JS>();

function compile(regex: string): RE2JS {
  let known = compiled.get(regex);
  if (known === undefined) compiled.set(regex, known = RE2JS.compile(regex));
  return known;
}

const matchers = new Map<string, LinearMatcher>();

function matcherOf(regex: string): LinearMatcher {
  let known = matchers.get(regex);
  if (known === undefined) matchers.set(regex, known = new LinearMatcher(regex));
  return known;
}

function holds(regex: string | null, text: string): boolean {
  return regex !== null && text !== "" && compile(regex).test(text);
}

function hasStopword({ stopwords }: RuleAllowlist, secret: string): boolean {
  const lower = secret.toLowerCase();
  return stopwords.some((word) => lower.includes(word));
}

/** Whether a list allows a whole text by its path. */
function allowsPath(list: RuleAllowlist, path: string): boolean {
  if (path === "") return false;
  const isListed = holds(list.paths, path);
  if (!list.all) return isListed;
  const isForLater = list.regexes !== null || list.stopwords.length > 0;
  return !isForLater && !list.hasCommits && isListed;
}

function allowsFound(
  list: RuleAllowlist,
  found: Found,
  { text, path }: { text: string; path: string },
): boolean {
  const target = () =>
    list.target === "secret" ? found.secret : list.target === "match" ? found.match : lineOf(text, found);
  const isMatch = () => list.regexes !== null && holds(list.regexes, target());
  if (!list.all) return isMatch() || hasStopword(list, found.secret);
  return !list.hasCommits && (list.paths === null || holds(list.paths, path)) &&
    (list.regexes === null || isMatch()) && (list.stopwords.length === 0 || hasStopword(list, found.secret));
}

/** The lines of a match; they begin with the newline before them, as gitleaks shows them to its lists. */
function lineOf(text: string, { matchStart, match }: Found): string {
  const end = text.indexOf("\n", Math.max(matchStart + match.length, matchStart + 1));
  return text.slice(Math.max(0, text.lastIndexOf("\n", matchStart)), end < 0 ? text.length : end);
}

/** Bits a character; characters beyond ASCII count as many times as they have bytes, as in gitleaks. */
function entropyOf(secret: string): number {
  const counts = new Map<string, number>();
  for (const c of secret) counts.set(c, (counts.get(c) ?? 0) + 1);
  const bytes = new TextEncoder().encode(secret).length;
  let entropy = 0;
  for (const count of counts.values()) entropy -= count / bytes * Math.log2(count / bytes);
  return entropy;
}

/**
 * Rules that are ready to search.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RuleDetector } from "./rule_detector.ts";
 * import { finishRules, readRuleFile } from "./rule_set.ts";
 *
 * const rule = { id: "mine", regex: "mine_([0-9a-f]{8})", keywords: ["mine_"], entropy: 2 };
 * const detector = new RuleDetector(finishRules(readRuleFile({ rules: [rule] })));
 * const found = detector.find("a = mine_0a1b2c3d, mine_00000000");
 * assertEquals(found, [{ tag: "KEY", detector: "mine", start: 9, end: 17 }]);
 * ```
 */
export class RuleDetector {
  readonly #set: RuleSet;
  readonly #keywords: KeywordFinder;
  /** The numbers of the keywords of each rule. */
  readonly #ofRule: number[][] = [];

  constructor(set: RuleSet) {
    this.#set = set;
    const numbers = new Map<string, number>();
    for (const { keywords } of set.rules) {
      this.#ofRule.push(keywords.map((keyword) => {
        if (!numbers.has(keyword)) numbers.set(keyword, numbers.size);
        return numbers.get(keyword)!;
      }));
    }
    this.#keywords = new KeywordFinder([...numbers.keys()]);
  }

  /** The secrets of a text, by their start. */
  find(text: string, { path = "" }: FindByRulesOptions = {}): SecretSpan[] {
    if (this.#set.allowlists.some((list) => allowsPath(list, path))) return [];
    const keywords = this.#keywords.find(text);
    const found = this.#set.rules.flatMap((rule, i) => {
      const isAsked = this.#ofRule[i]!.length === 0 ||
        this.#ofRule[i]!.some((number) => keywords.has(number));
      return isAsked && !rule.isHelper ? this.#findOne(rule, { text, path }) : [];
    });
    return withoutGeneric(found)
      .map(({ tag, detector, start, end }) => ({ tag, detector, start, end }))
      .sort((a, b) => a.start - b.start || a.end - b.end || (a.detector < b.detector ? -1 : 1));
  }

  #findOne(rule: Rule, of: { text: string; path: string }, { isRequired = false } = {}): Found[] {
    const { text, path } = of;
    if (rule.regex === null || rule.path !== null && !compile(rule.path).test(path)) return [];
    if (rule.allowlists.some((list) => allowsPath(list, path))) return [];
    const lists = [...this.#set.allowlists, ...rule.allowlists];
    const lines = new LineCounter(text);
    const found: Found[] = [];
    for (const [start, end] of matcherOf(rule.regex).findAll(text)) {
      const one = toFound(rule, text.slice(start, end), start);
      if (lineOf(text, one).includes(INLINE_ALLOW)) continue;
      if (rule.entropy !== 0 && entropyOf(one.secret) <= rule.entropy) continue;
      if (lists.some((list) => allowsFound(list, one, of))) continue;
      one.line = lines.at(start);
      found.push(one);
    }
    if (isRequired || rule.required.length === 0 || found.length === 0) return found;
    const others = rule.required.map((required) => ({
      ...required,
      found: this.#findOne(this.#set.rules.find(({ id }) => id === required.id)!, of, { isRequired: true }),
    }));
    return found.filter((one) =>
      others.every(({ found, withinLines, withinColumns }) =>
        found.some((other) =>
          Math.abs(one.line - other.line) <= (withinLines ?? Infinity) &&
          Math.abs(columnOf(text, one) - columnOf(text, other)) <= (withinColumns ?? Infinity)
        )
      )
    );
  }
}

/** The secret of a match; newlines around it do not count. */
function toFound({ id, tag, regex, group }: Rule, whole: string, at: number): Found {
  const lead = /^\n*/.exec(whole)![0].length;
  const match = whole.slice(lead).replace(/\n+$/, "");
  const place = { tag, detector: id, match, matchStart: at, line: 0 };
  const matcher = compile(regex!).matcher(match);
  let number = 0;
  if (matcher.groupCount() > 0 && matcher.find()) {
    const numbers = Array.from({ length: matcher.groupCount() }, (_, i) => i + 1);
    number = group > 0 ? group : numbers.find((i) => (matcher.group(i) ?? "") !== "") ?? 0;
    if (number > 0) {
      const secret = matcher.group(number) ?? "";
      const start = at + lead + (secret === "" ? 0 : matcher.start(number));
      return { ...place, secret, start, end: start + secret.length };
    }
  }
  return { ...place, secret: match, start: at + lead, end: at + lead + match.length };
}

/** The lines of places that come in order. */
class LineCounter {
  readonly #text: string;
  #line = 0;
  #next: number;

  constructor(text: string) {
    this.#text = text;
    this.#next = text.indexOf("\n");
  }

  at(place: number): number {
    while (this.#next >= 0 && this.#next <= place) {
      this.#line++;
      this.#next = this.#text.indexOf("\n", this.#next + 1);
    }
    return this.#line;
  }
}

function columnOf(text: string, { matchStart }: Found): number {
  return matchStart - Math.max(0, text.lastIndexOf("\n", matchStart));
}

/** Without what a rule named generic found of a value that another found on the same line. */
function withoutGeneric(found: readonly Found[]): Found[] {
  const isGeneric = ({ detector }: Found) => detector.toLowerCase().includes("generic");
  const others = Map.groupBy(found.filter((one) => !isGeneric(one)), ({ line }) => line);
  return found.filter((one) =>
    one.end > one.start &&
    !(isGeneric(one) && others.get(one.line)?.some(({ secret }) => secret.includes(one.secret)))
  );
}
