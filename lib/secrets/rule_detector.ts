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
import { MatchLineReader, type MatchLines } from "./match_lines.ts";
import { NearPlaces, type Place } from "./near_places.ts";
import { occurrences } from "./occurrences.ts";
import type { Rule, RuleAllowlist, RuleSet } from "./rule_set.ts";
import type { SecretSpan } from "./secret_span.ts";

/** What matched, and the secret in it. */
interface Match extends SecretSpan {
  secret: string;
  match: string;
  matchStart: number;
}

/** A match, and where it stands. */
interface Found extends Match, Place {
  lines: MatchLines;
}

/** What {@linkcode RuleDetector.find} may be told. */
export interface FindByRulesOptions {
  /** The text's path, for rules that ask for one. */
  path?: string;
}

const INLINE_ALLOW = "gitleaks:allow";
/** The first half of a character. */
const HALF = "\ud800";
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
  return regex !== null && text !== "" && matcherOf(regex).test(text);
}

const stopwords = new WeakMap<RuleAllowlist, KeywordFinder>();

function hasStopword(list: RuleAllowlist, secret: string): boolean {
  let finder = stopwords.get(list);
  if (finder === undefined) stopwords.set(list, finder = new KeywordFinder(list.stopwords));
  return finder.find(secret).size > 0;
}

/** Whether a list allows a whole text by its path. */
function allowsPath(list: RuleAllowlist, path: string): boolean {
  if (path === "") return false;
  const isListed = holds(list.paths, path);
  if (!list.all) return isListed;
  const isForLater = list.regexes !== null || list.stopwords.length > 0;
  return !isForLater && !list.hasCommits && isListed;
}

function allowsFound(list: RuleAllowlist, found: Found, path: string): boolean {
  const isMatch = () =>
    list.regexes !== null &&
    (list.target === "line"
      ? found.lines.answer(list.regexes, holds)
      : holds(list.regexes, found[list.target]));
  if (!list.all) return isMatch() || hasStopword(list, found.secret);
  return !list.hasCommits && (list.paths === null || holds(list.paths, path)) &&
    (list.regexes === null || isMatch()) && (list.stopwords.length === 0 || hasStopword(list, found.secret));
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
    const reader = new MatchLineReader(text);
    const found: Found[] = [];
    for (const [start, end] of matcherOf(rule.regex).findAll(text)) {
      const match = toMatch(rule, text.slice(start, end), start);
      const one = { ...match, ...reader.at(start, start + match.match.length) };
      if (one.lines.answer(INLINE_ALLOW, (word, line) => line.includes(word))) continue;
      if (rule.entropy !== 0 && entropyOf(one.secret) <= rule.entropy) continue;
      if (!lists.some((list) => allowsFound(list, one, path))) found.push(one);
    }
    if (isRequired || rule.required.length === 0 || found.length === 0) return found;
    const others = rule.required.map((required) =>
      new NearPlaces(
        this.#findOne(this.#set.rules.find(({ id }) => id === required.id)!, of, { isRequired: true }),
        required,
      )
    );
    return found.filter((one) => others.every((places) => places.isNear(one)));
  }
}

/** The secret of a match; newlines around it do not count. */
function toMatch({ id, tag, regex, group }: Rule, whole: string, at: number): Match {
  const lead = /^\n*/.exec(whole)![0].length;
  const match = whole.slice(lead).replace(/\n+$/, "");
  const groups = matcherOf(regex!).groups(match) ?? [];
  const filled = groups.findIndex((from, i) => i >= 2 && i % 2 === 0 && from < groups[i + 1]!);
  const which = group > 0 && groups.length > 0 ? 2 * group : filled;
  let [from, to] = which < 0 ? [0, match.length] : [groups[which]!, groups[which + 1]!];
  if (from === to) [from, to] = [0, 0]; // a group that took no part
  const start = at + lead + from;
  return {
    tag,
    detector: id,
    match,
    matchStart: at,
    secret: match.slice(from, to),
    start,
    end: start + to - from,
  };
}

/** Without what a rule named generic found of a value that another found on the same line. */
function withoutGeneric(all: readonly Found[]): Found[] {
  const found = all.filter(({ start, end }) => end > start);
  const isGeneric = ({ detector }: Found) => detector.toLowerCase().includes("generic");
  const dropped = new Set<Found>();
  for (const onLine of Map.groupBy(found, ({ line }) => line).values()) {
    const [generic, others] = [onLine.filter(isGeneric), onLine.filter((one) => !isGeneric(one))];
    if (generic.length === 0 || others.length === 0) continue;
    const values = others.map(({ secret }) => secret).join(HALF); // which no whole text holds
    const places = occurrences(values, generic.map(({ secret }) => secret));
    generic.forEach((one, i) => places[i]!.length > 0 && dropped.add(one));
  }
  return found.filter((one) => !dropped.has(one));
}
