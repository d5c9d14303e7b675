/**
 * The extended profile: what a scanner of 2026 looks for, by rules that tell what is likely a secret by more than its
 * shape. Beside tokens of known form these are private keys, passwords in addresses (URLs), values given to names such as
 * `api_key`, e-mail and IP addresses by rules of their own that mend the reference's (it drops 10.20.30.40 for a date and
 * every second of several addresses). Phone numbers, cards and people's names are looked for only when asked.
 *
 * Every rule takes linear time: an expression has bounds, and begins where a value can.
 *
 * @module
 */
import { asciiUnits } from "./ascii_units.ts";
import { BASE64, HEX, shannonEntropy } from "./entropy.ts";
import { EXTENDED_ADDRESS_MARKS, findAddresses, findEmails } from "./extended_addresses.ts";
import { isGibberish } from "./gibberish.ts";
import { MarkFinder } from "./marks.ts";
import { findNamedValues, SECRET_NAME } from "./named_values.ts";
import { EXTENDED_RULES } from "./rules/extended_rules.ts";
import { findAtPlaces, findByRule } from "./rules/find_by_rule.ts";
import type { SecretRule } from "./rules/secret_rule.ts";
import type { SecretSpan, SecretTag } from "./secret_span.ts";
import { isEncodedText } from "./technical_values.ts";
import { hasTokenChecksum, isKeyBody, isLuhnValid, isPlaceholder } from "./token_checks.ts";
import { isUuid } from "./value_checks.ts";

/** What is looked for only when asked. */
export const EXTRA_SECRETS = ["phone", "card", "name"] as const;

/** One of {@linkcode EXTRA_SECRETS}. */
export type ExtraSecret = typeof EXTRA_SECRETS[number];

/** Options of {@linkcode detectExtended}. */
export interface ExtendedOptions {
  /** What else to look for. */
  also?: readonly ExtraSecret[];
}

type Add = (start: number, end: number) => void;

/** A detector: finds values and says where they stand. */
interface ExtendedDetector {
  tag: SecretTag;
  /** Looked for only when asked for by this name. */
  extra?: ExtraSecret;
  /** One of them matches within whatever is found; a text without is not searched. */
  marks?: readonly RegExp[];
  find: (text: string, add: Add) => void;
}

const PEM_BEGIN = /-----? ?BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)? ?-----?/g;
const PEM_END = /-----? ?END [A-Z0-9 ]{1,40}-----?/g;

function findPrivateKeys(text: string, add: Add): void {
  const begins = text.includes("PRIVATE KEY") ? [...text.matchAll(PEM_BEGIN)] : [];
  begins.forEach(({ 0: line, index }, i) => {
    const next = begins[i + 1]?.index ?? text.length;
    PEM_END.lastIndex = index + line.length;
    const end = PEM_END.exec(text.slice(0, Math.min(next, index + MAX_KEY)));
    if (end && isKeyBody(text.slice(index + line.length, end.index))) add(index, end.index + end[0].length);
  });
}

const MAX_KEY = 20_000; // a key of 16,384 bits has 13,000 characters

const AUTHORITY =
  /([^\s:@/"'<>\\]{0,64}):([^\s@/"'<>\\]{1,128}(?:@[^\s@/"'<>\\?#]{0,64}){0,2})@[A-Za-z0-9[]/y;

const LEAST_PASSWORD = 4; // user:abc, a:b of examples

function findUrlPasswords(text: string, add: Add): void {
  for (let at = text.indexOf("://"); at >= 0; at = text.indexOf("://", at + 3)) {
    AUTHORITY.lastIndex = at + 3;
    const match = AUTHORITY.exec(text);
    if (
      !match || isPlaceholder(match[2]!) ||
      /^(?:(?:my|your|the)[-_]?)?(?:pass(?:word|wd)?|pw|pwd|secret|token|(?:auth|api)[-_]?key|passwort|wachtwoord|senha|parola|heslo|motdepasse|(?:aws_)?secret_access_key|access[-_]token)$|^\d{2,5}[,@]/i
        .test(match[2]!) ||
      new Set(match[2]!).size < 3
    ) {
      continue;
    }
    if (match[2]!.length < LEAST_PASSWORD || match[1] === match[2] || /^\W+$/.test(match[2]!)) continue; // user:user, postgres:postgres
    const start = at + 3 + match[1]!.length + 1;
    add(start, start + match[2]!.length);
  }
}

/** Whether a value only marks a secret's place, is a UUID, or has the form of a token and another checksum. */
function isNoSecret(value: string): boolean {
  const isForged = /^(?:gh[pousr]|npm)_[A-Za-z0-9]{36}$/.test(value) && !hasTokenChecksum(value);
  return isForged || isUuid(value) || isPlaceholder(value) || /^sha\d{3}-/.test(value);
}

const QUOTED = /(["'`])([A-Za-z0-9+/_=-]{20,200})\1/g;
const HASH_CONTEXT =
  /sha|md5|hash|digest|integrity|checksum|["']sum["']|csrf|authenticity|commit|etag|revision|fingerprint|base64,|data:/i;
const LEAST_BASE64 = 32;

/** What is given to a name: only that may be a secret without a name for it. */
const GIVEN = /([\w-]{1,60})["'`]?\]?\s{0,4}(?::=|=>|=|:)\s{0,4}$/;
/** Names of what is random, and no secret. */
const DATA =
  /^(?:\d+|\w*(?:proof|wallet|monero|bitcoin|ethereum|public|pubkey|pub_key|cert|cipher|plain|expect|result|message|signature|vector|boundary|digest|blob_?id|revision|uuid|guid)\w*|ct|pt|enc|pk\w{0,2}|e?pk|want|msg|sig|data|in|out|input|output|sep|actual|id|ids|ref|tag|aad|iv|context|\w*(?:[-_]ids?|Ids?|placeholder|Placeholder)|[\w-]*(?:-id|trace|directory|path|name|verification)[\w-]*|challenge|description|content|sum|code|random\w*|\w*(?:cookie|serialized)\w*|x|y|n|e|p|q|g|r|s)$/i;
/** A text with more of them holds data: vectors of a test, a table of hashes. */
const MOST_RANDOM = 5;

/** Quoted strings of high entropy that are given to a name, read like no words, and are no hash by what stands before. */
function findRandomStrings(text: string, add: Add): void {
  const found: [number, number][] = [];
  for (const { 0: quoted, 2: value, index } of text.matchAll(QUOTED)) {
    const before = text.slice(Math.max(0, index - 80), index);
    const name = GIVEN.exec(before)?.[1];
    if (name === undefined || DATA.test(name) || isNoSecret(value!)) continue;
    if (
      HASH_CONTEXT.test(before.slice(before.lastIndexOf("\n") + 1)) ||
      /([A-Za-z])\1{4}|^\/[a-z]{3,}\/|(?:^|\/)[a-z]{4,}\/.*\//.test(value!)
    ) {
      continue;
    }
    const isHex = /^[\da-f]+$|^[\dA-F]+$/.test(value!);
    const mixed = [/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(value!));
    const isRandom = isHex
      ? !HASH_LENGTHS.includes(value!.length) && shannonEntropy(value!, HEX.charset) > HEX.limit + 0.3
      : mixed && value!.length >= LEAST_BASE64 && shannonEntropy(value!, BASE64.charset) > BASE64.limit &&
        isGibberish(value!) && !isEncodedText(value!);
    if (isRandom) found.push([index + 1, index + quoted.length - 1]);
    if (found.length > MOST_RANDOM) return;
  }
  for (const [start, end] of found) add(start, end);
}

/** Hexadecimal strings so long are mostly ids of MongoDB or hashes: MD5, SHA-1, SHA-256, SHA-512. A name must say more. */
const HASH_LENGTHS: readonly number[] = [24, 32, 40, 64, 128];

const PHONE = /(?<![\w.+-])\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){1,4}(?![\w.-])/g;

function findPhones(text: string, add: Add): void {
  for (const { 0: value, index } of text.matchAll(PHONE)) {
    const digits = value.replace(/\D/g, "").length;
    if (digits >= 8 && digits <= 15) add(index, index + value.length);
  }
}

const CARD = /(?<![\w.-])[3-6]\d{3}[ -]?(?:\d{4}[ -]?\d{4}[ -]?\d{4}|\d{6}[ -]?\d{5})(?![\w.-])/g;

function findCards(text: string, add: Add): void {
  for (const { 0: value, index } of text.matchAll(CARD)) {
    const digits = value.replace(/\D/g, "");
    if (isLuhnValid(digits) && new Set(digits).size > 3) add(index, index + value.length);
  }
}

const PERSON =
  /(?<![\p{L}\p{N}])(\p{Lu}[\p{L}'.-]{1,30}(?: \p{Lu}[\p{L}'.-]{0,30}){1,3})[ \t]{1,4}[<(](?=[\w.%+-]{1,64}@)/gu;

function findNames(text: string, add: Add): void {
  for (const { 1: name, index } of text.includes("@") ? text.matchAll(PERSON) : []) {
    add(index, index + name!.length);
  }
}

function findByRules(rules: readonly SecretRule[]): ExtendedDetector["find"] {
  return (text, add) => rules.forEach((rule) => findByRule(rule, text, add));
}

/** The rows of each detector. */
const RULES = Map.groupBy(EXTENDED_RULES, ({ id }) => id);

/**
 * The detectors of the extended profile by name; the first to find a place names it.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { EXTENDED_DETECTORS } from "./extended.ts";
 *
 * assert("PrivateKey" in EXTENDED_DETECTORS);
 * ```
 */
export const EXTENDED_DETECTORS: Readonly<Record<string, ExtendedDetector>> = {
  PrivateKey: { tag: "KEY", marks: [/--- ?BEGIN /], find: findPrivateKeys },
  ...Object.fromEntries(
    Array.from(RULES, ([name, rules]) => {
      const marks = rules.map(({ mark, pattern }) => mark ?? pattern);
      return [name, { tag: rules[0]!.tag ?? "KEY" as const, marks, find: findByRules(rules) }];
    }),
  ),
  UrlPassword: { tag: "KEY", marks: [/:\/\//], find: findUrlPasswords },
  NamedValue: { tag: "KEY", marks: [SECRET_NAME], find: findNamedValues },
  RandomString: { tag: "KEY", marks: [/["'`][A-Za-z0-9+/_=-]{20}/], find: findRandomStrings },
  Email: { tag: "EMAIL", marks: [/@/], find: findEmails },
  IpAddress: { tag: "IP_ADDRESS", marks: EXTENDED_ADDRESS_MARKS, find: findAddresses },
  Phone: { tag: "PHONE", extra: "phone", find: findPhones },
  PaymentCard: { tag: "CARD", extra: "card", find: findCards },
  PersonName: { tag: "NAME", extra: "name", find: findNames },
};

/** What is searched for at once: a row, or a detector that has none. */
interface Search extends Pick<ExtendedDetector, "tag" | "extra" | "marks"> {
  detector: string;
  /** The row, where it is only tried at its marks. */
  rule?: SecretRule;
  find: ExtendedDetector["find"];
}

const SEARCHES: readonly Search[] = Object.entries(EXTENDED_DETECTORS).flatMap(([detector, own]) =>
  RULES.get(detector)?.map((rule) => ({
    ...own,
    detector,
    marks: [rule.mark ?? rule.pattern],
    ...(rule.isAtMark && { rule }),
    find: findByRules([rule]),
  })) ?? [{ ...own, detector }]
);
const MARKS = new MarkFinder(SEARCHES.flatMap(({ marks = [] }) => marks));
/** The number of the search that a mark belongs to, by mark. */
const MARKED = SEARCHES.flatMap(({ marks = [] }, i) => marks.map(() => i));

/**
 * The secrets of a text by the extended profile, in order. A value inside another, of whatever tag, is not told again.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { detectExtended } from "./extended.ts";
 *
 * const text = "dsn = 'postgres://app:q7Zk2mX9@db.invalid/main'  # ada@mail.invalid";
 * const found = detectExtended(text).map(({ detector, start, end }) => [detector, text.slice(start, end)]);
 * assertEquals(found, [["UrlPassword", "q7Zk2mX9"], ["Email", "ada@mail.invalid"]]);
 * ```
 */
export function detectExtended(text: string, { also = [] }: ExtendedOptions = {}): SecretSpan[] {
  const spans: SecretSpan[] = [];
  const seen: (number[] | undefined)[] = [];
  MARKS.walk(asciiUnits(text), (number, at) => {
    const i = MARKED[number]!;
    const places = seen[i] ??= [];
    if (SEARCHES[i]!.rule || places.length === 0) places.push(at);
  });
  for (const [i, { detector, tag, extra, marks, rule, find }] of SEARCHES.entries()) {
    const places = seen[i];
    if ((extra && !also.includes(extra)) || (marks && !places)) continue;
    const add: Add = (start, end) => void spans.push({ tag, detector, start, end });
    if (rule) findAtPlaces(rule, { text, places: places! }, add);
    else find(text, add);
  }
  return withoutInner(spans);
}

/** Spans by place, without those that lie in another. */
function withoutInner(spans: readonly SecretSpan[]): SecretSpan[] {
  const order = new Map(Object.keys(EXTENDED_DETECTORS).map((name, i) => [name, i]));
  const sorted = spans.toSorted((a, b) =>
    a.start - b.start || b.end - a.end || order.get(a.detector)! - order.get(b.detector)!
  );
  const kept: SecretSpan[] = [];
  let end = -1;
  for (const span of sorted) {
    if (span.end <= end) continue;
    kept.push(span);
    end = span.end;
  }
  return kept;
}
