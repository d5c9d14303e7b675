/**
 * The 24 plugins of detect-secrets 1.5.0 that CodeEraser runs, as a table: what each yields from one line. Every rule
 * has a trigger, a cheap expression that is found on each line where the rule can match; all triggers are looked for in
 * one walk over a text, by how they begin (marks.ts). Rules that would need more than linear time are functions.
 * The expressions are our own forms of the plugins' rules; \d, \s and \w are spelled as Python means them.
 *
 * @module
 */
import { BASE64, type EntropyRule, HEX } from "./entropy.ts";
import { findJwts } from "./jwt.ts";
import { foldCase, PYTHON_SPACE, PYTHON_WORD } from "./python_text.ts";

/** One rule of a plugin. */
export interface KeyRule {
  /**
   * Found (on the case-folded text) on every line that the rule can match; begins with characters, classes or groups of
   * such, as `MarkFinder` reads them.
   */
  readonly trigger: RegExp;
  /** What the rule yields from a line: a value may lack its prefix or include its delimiters, as in the plugin. */
  readonly find: (line: string) => string[];
}

/** One plugin: rules for lines, or the entropy of quoted strings. */
export interface Detector {
  /** The plugin's name for what it finds; equal values of one type count once. */
  readonly type: string;
  /** Its rules. */
  readonly rules: readonly KeyRule[];
  /** Set for the two entropy plugins, which have no other rules. */
  readonly entropy?: EntropyRule;
}

/** A rule that yields its only group, or the whole match without one; `i` folds case as Python does. */
function pattern(trigger: string, source: string, flags = ""): KeyRule {
  const regex = new RegExp(source, `gu${flags}`);
  const withPlaces = new RegExp(source, `dgu${flags}`); // at twice the time
  const find = (line: string): string[] => {
    const folded = flags.includes("i") ? foldCase(line) : line;
    if (folded === line) {
      return Array.from(line.matchAll(regex), (match) => (match.length > 1 ? match[1] : match[0]) ?? "");
    }
    return Array.from(folded.matchAll(withPlaces), (match) => {
      const place = match.length > 1 ? match.indices![1] : match.indices![0];
      return place === undefined ? "" : line.slice(...place);
    });
  };
  return { trigger: new RegExp(trigger, `gu${flags}`), find };
}

/** detect-secrets' assignment: an optionally quoted or bracketed name, a separator, an optionally quoted secret. */
function assignment(trigger: string, name: string, secret: string): KeyRule {
  const separator = "(?: *(?:=>?|:[:=]?) *| +)";
  const source = `(?<![${PYTHON_WORD}])\\[?["']?${name}["']?\\]?${separator}["']?(${secret})["']?`;
  return pattern(trigger, source, "i");
}

const NPM_TOKEN = "/:_authToken=";
const NPM_VALUE = new RegExp(`[${PYTHON_SPACE}]*(npm_[^\\n]+|[A-Fa-f0-9-]{36})`, "y");

/** The token after the last `/:_authToken=` of a line that one follows, when two slashes stand before it; one a line. */
function findNpmTokens(line: string): string[] {
  const slashes = line.indexOf("//");
  if (slashes < 0) return [];
  for (let at = line.lastIndexOf(NPM_TOKEN); at >= slashes + 3; at = line.lastIndexOf(NPM_TOKEN, at - 1)) {
    NPM_VALUE.lastIndex = at + NPM_TOKEN.length;
    const match = NPM_VALUE.exec(line);
    if (match !== null) return [match[1]!];
  }
  return [];
}

const OPENAI_MARK = "T3BlbkFJ";
const OPENAI_RUN = /[A-Za-z0-9_-]+/y;

/** `sk-`, then the longest run that ends in 20 letters or digits, the mark and 20 more; a run holds at most one. */
function findOpenAiTokens(line: string): string[] {
  const tokens: string[] = [];
  for (let start = line.indexOf("sk-"); start >= 0; start = line.indexOf("sk-", OPENAI_RUN.lastIndex)) {
    OPENAI_RUN.lastIndex = start;
    OPENAI_RUN.test(line);
    const run = line.slice(start, OPENAI_RUN.lastIndex);
    for (let at = run.lastIndexOf(OPENAI_MARK); at >= 23; at = run.lastIndexOf(OPENAI_MARK, at - 1)) {
      const last = at + OPENAI_MARK.length + 20;
      if (!/^[A-Za-z0-9]{48}$/.test(run.slice(at - 20, last))) continue;
      tokens.push(run.slice(0, last));
      break;
    }
  }
  return tokens;
}

const MAILCHIMP_END = /-us[0-9]{1,2}/g;

/** The last 32 small letters and digits before each `-us1`, where no token before has them. */
function findMailchimpKeys(line: string): string[] {
  const keys: string[] = [];
  let from = 0;
  for (const { 0: end, index } of line.matchAll(MAILCHIMP_END)) {
    const start = index - 32;
    if (start < from || !/^[0-9a-z]{32}$/.test(line.slice(start, index))) continue;
    from = index + end.length;
    keys.push(line.slice(start, from));
  }
  return keys;
}

const KEY_NAME = "(?:key|pwd|password|pass|token)";
const KEY_NAME_PW = "(?:key|pwd|pw|password|pass|token)";
const CLOUDANT_NAME = `(?:cloudant|cl|clou)[_-]?(?:api)?${KEY_NAME_PW}`;
const CLOUDANT_START = "cl(?:ou(?:dant)?)?[_-]?(?:api)?(?:key|pw|pass|token)";
const CLOUDANT_USER = `https?://[${PYTHON_WORD}-]+:`;
const CLOUDANT_HOST = `@[${PYTHON_WORD}-]+\\.cloudant\\.com`;
const IAM_SECRET = "[a-z0-9_-]{44}(?![a-z0-9_-])";
const IAM_NAME =
  `(?:ibm[_-]?cloud[_-]?iam|cloud[_-]?iam|ibm[_-]?cloud|ibm[_-]?iam|ibm|iam|cloud)?[_-]?(?:api)?[_-]?`;
const ARTIFACTORY_START = `(?:[${PYTHON_SPACE}=:"]|^)`;
const ARTIFACTORY_END = `(?:[${PYTHON_SPACE}"]|$)`;
const SK_LIVE = "[rs]k_live_";
const DISCORD_TAIL = "\\.[a-zA-Z\\p{Nd}_-]{6}\\.[a-zA-Z\\p{Nd}_-]{27}";
const GITLAB_END = `(?![${PYTHON_WORD}])`;

/**
 * The plugins by name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { DETECTORS } from "./api_key.ts";
 *
 * const key = "AKIA" + "Q7ZJ".repeat(4);
 * assertEquals(DETECTORS.AWS.rules[0]!.find(`id = ${key}`), [key]);
 * assertEquals(Object.keys(DETECTORS).length, 24);
 * ```
 */
export const DETECTORS = {
  Artifactory: {
    type: "Artifactory Credentials",
    rules: [
      pattern("AKC[a-zA-Z0-9]{10}", `${ARTIFACTORY_START}AKC[a-zA-Z0-9]{10,}${ARTIFACTORY_END}`),
      pattern(
        "AP[\\p{Nd}A-F][a-zA-Z0-9]{8}",
        `${ARTIFACTORY_START}AP[\\p{Nd}A-F][a-zA-Z0-9]{8,}${ARTIFACTORY_END}`,
      ),
    ],
  },
  AWS: {
    type: "AWS Access Key",
    rules: [
      pattern("A(?:3T|BIA|CCA|KIA|SIA)", "(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}"),
      pattern("aws", `aws[^\\n]{0,20}?${KEY_NAME_PW}[^\\n]{0,20}?['"]([0-9a-z/+]{40})['"]`, "i"),
    ],
  },
  AzureStorage: {
    type: "Azure Storage Account access key",
    rules: [pattern("AccountKey=", "AccountKey=[a-zA-Z0-9+/=]{88}")],
  },
  Cloudant: {
    type: "Cloudant Credentials",
    rules: [
      assignment(CLOUDANT_START, CLOUDANT_NAME, "[0-9a-f]{64}"),
      assignment(CLOUDANT_START, CLOUDANT_NAME, "[a-z]{24}"),
      pattern("cloudant\\.com", `${CLOUDANT_USER}([0-9a-f]{64})${CLOUDANT_HOST}`, "i"),
      pattern("cloudant\\.com", `${CLOUDANT_USER}([a-z]{24})${CLOUDANT_HOST}`, "i"),
    ],
  },
  Discord: {
    type: "Discord Bot Token",
    rules: [pattern(DISCORD_TAIL, `[MNO][a-zA-Z\\p{Nd}_-]{23,25}${DISCORD_TAIL}`)],
  },
  // Yields the prefix alone, as the plugin does.
  GitHub: { type: "GitHub Token", rules: [pattern("gh[pousr]_", "(gh[pousr])_[A-Za-z0-9_]{36}")] },
  GitLab: {
    type: "GitLab Token",
    rules: [
      pattern("gl(?:pat|dt|ft|soat|rt)-", `(gl(?:pat|dt|ft|soat|rt))-[A-Za-z0-9_-]{20,50}${GITLAB_END}`),
      pattern("GR1348941", `GR1348941[A-Za-z0-9_-]{20,50}${GITLAB_END}`),
      pattern("glcbt-", `glcbt-([0-9a-fA-F]{2}_)?[A-Za-z0-9_-]{20,50}${GITLAB_END}`),
      pattern("glimt-", `glimt-[A-Za-z0-9_-]{25}${GITLAB_END}`),
      pattern("glptt-", `glptt-[A-Za-z0-9_-]{40}${GITLAB_END}`),
      pattern("glagent-", `glagent-[A-Za-z0-9_-]{50,1024}${GITLAB_END}`),
      pattern("gloas-", `gloas-[A-Za-z0-9_-]{64}${GITLAB_END}`),
    ],
  },
  IbmCloudIam: {
    type: "IBM Cloud IAM Key",
    rules: [
      assignment(
        `${KEY_NAME}["']?\\]?(?: *(?:=>?|:[:=]?) *| +)["']?${IAM_SECRET}`,
        IAM_NAME + KEY_NAME,
        IAM_SECRET,
      ),
    ],
  },
  IbmCosHmac: {
    type: "IBM COS HMAC Credentials",
    rules: [
      assignment(
        "secret[_-]?(?:access)?[_-]?key",
        "(?:(?:ibm)?[_-]?cos[_-]?(?:hmac)?)?[_-]?secret[_-]?(?:access)?[_-]?key",
        "[a-f0-9]{48}(?![a-f0-9])",
      ),
    ],
  },
  JWT: { type: "JSON Web Token", rules: [{ trigger: /eyJ/g, find: findJwts }] },
  Mailchimp: { type: "Mailchimp Access Key", rules: [{ trigger: /-us[0-9]/g, find: findMailchimpKeys }] },
  Npm: { type: "NPM tokens", rules: [{ trigger: /\/:_authToken=/g, find: findNpmTokens }] },
  OpenAI: { type: "OpenAI Token", rules: [{ trigger: /T3BlbkFJ/g, find: findOpenAiTokens }] },
  PyPI: {
    type: "PyPI Token",
    rules: [
      pattern("pypi-AgEI", "pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{70,}"),
      pattern("pypi-AgEN", "pypi-AgENdGVzdC5weXBpLm9yZw[A-Za-z0-9_-]{70,}"),
    ],
  },
  SendGrid: {
    type: "SendGrid API Key",
    rules: [pattern("SG\\.", "SG\\.[a-zA-Z0-9_-]{22}\\.[a-zA-Z0-9_-]{43}")],
  },
  Slack: {
    type: "Slack Token",
    rules: [
      pattern("xox[abopsr]-", "xox[abopsr]-(?:\\p{Nd}+-)+[a-z0-9]+", "i"),
      pattern(
        "hooks\\.slack\\.com",
        "https://hooks\\.slack\\.com/services/T[a-z0-9_]+/B[a-z0-9_]+/[a-z0-9_]+",
        "i",
      ),
    ],
  },
  Softlayer: {
    type: "SoftLayer Credentials",
    rules: [
      assignment(
        "s(?:oftlayer|l)[_-]?(?:api)?[_-]?(?:key|pwd|pass|token)",
        `(?:softlayer|sl)[_-]?(?:api)?[_-]?${KEY_NAME}`,
        "[a-z0-9]{64}",
      ),
      // The dots of the address are any character, as in the plugin.
      pattern("softlayer", "https?://api[^\\n]softlayer[^\\n]com/soap/(?:v3|v3[^\\n]1)/([a-z0-9]{64})", "i"),
    ],
  },
  SquareOAuth: { type: "Square OAuth Secret", rules: [pattern("sq0csp-", "sq0csp-[0-9A-Za-z\\\\_-]{43}")] },
  Stripe: { type: "Stripe Access Key", rules: [pattern(SK_LIVE, `${SK_LIVE}[0-9a-zA-Z]{24}`)] },
  TelegramBot: {
    type: "Telegram Bot Token",
    rules: [pattern("\\p{Nd}:[0-9A-Za-z_-]{35}", "\\p{Nd}{8,10}:[0-9A-Za-z_-]{35}")],
  },
  Twilio: {
    type: "Twilio API Key",
    rules: [pattern("AC[a-z0-9]{32}", "AC[a-z0-9]{32}"), pattern("SK[a-z0-9]{32}", "SK[a-z0-9]{32}")],
  },
  Base64HighEntropy: { type: "Base64 High Entropy String", rules: [], entropy: BASE64 },
  HexHighEntropy: { type: "Hex High Entropy String", rules: [], entropy: HEX },
  // Its values are digits, dots and a colon, which isNotAlphanumericString always drops: there is nothing to run.
  IPPublic: { type: "Public IP (ipv4)", rules: [] },
} as const satisfies Record<string, Detector>;

/** The name of a plugin. */
export type DetectorName = keyof typeof DETECTORS;
