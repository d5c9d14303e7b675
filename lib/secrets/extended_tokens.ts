/**
 * Tokens of known form, for the extended profile: what scanners of 2026 know, with the checks that a format has. A rule
 * is a row: a literal that the text must hold, an expression of bounded length that begins and ends where a token can,
 * and what else must be true of a value.
 *
 * @module
 */
import { hasJwtHeader, hasTokenChecksum } from "./token_checks.ts";

/** One kind of token. */
export interface TokenRule {
  /** What every match holds; a text without it is not searched. */
  readonly literal: string;
  /** What every match holds too, where that is rarer than how it begins. */
  readonly mark?: RegExp;
  /** The value is its first group, or all of it. */
  readonly pattern: RegExp;
  /** What else holds of a value. */
  readonly check?: (value: string) => boolean;
}

const START = "(?<![A-Za-z0-9_-])";
const END = "(?![A-Za-z0-9_-])";

function token(
  literal: string,
  source: string,
  { check, mark }: Pick<TokenRule, "check" | "mark"> = {},
): TokenRule {
  const pattern = new RegExp(`${START}${source}${END}`, "g");
  return { literal, pattern, ...(check && { check }), ...(mark && { mark }) };
}

const github = (letter: string) =>
  token(`gh${letter}_`, `gh${letter}_[A-Za-z0-9]{36}`, { check: hasTokenChecksum });

/** Rules by detector. */
export const EXTENDED_TOKENS = {
  GitHub: [
    ...["p", "o", "u", "s", "r"].map(github),
    token("github_pat_", "github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
  ],
  Npm: [token("npm_", "npm_[A-Za-z0-9]{36}", { check: hasTokenChecksum })],
  GitLab: [
    token("gl", "gl(?:pat|dt|ft|soat|rt|ptt)-[A-Za-z0-9_-]{20,50}"),
    token("glcbt-", "glcbt-(?:[0-9a-fA-F]{1,5}_)?[A-Za-z0-9_-]{20,50}"),
  ],
  DockerHub: [token("dckr_pat_", "dckr_pat_[A-Za-z0-9_-]{27}")],
  HuggingFace: [token("hf_", "hf_[A-Za-z]{34}"), token("api_org_", "api_org_[A-Za-z]{34}")],
  Anthropic: [token("sk-ant-", "sk-ant-[a-z]{3,5}\\d\\d-[A-Za-z0-9_-]{80,110}")],
  OpenAI: [token("T3BlbkFJ", "sk-(?:[a-z]{4,8}-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}")],
  Google: [token("AIza", "AIza[0-9A-Za-z_-]{35}"), token("GOCSPX-", "GOCSPX-[A-Za-z0-9_-]{28}")],
  AWS: [
    // an account's number is in it, in base 32: no 0, 1, 8 or 9
    { literal: "A", pattern: /(?<![A-Za-z0-9/+=])(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}(?![A-Za-z0-9/+=])/g },
    {
      literal: "aws",
      mark: /aws/,
      pattern:
        /aws[a-z0-9_.-]{0,20}(?:key|secret|token)[^\n]{0,20}?["'=: ]([0-9A-Za-z/+]{40})(?![0-9A-Za-z/+=])/gi,
      check: (value) => /[A-Z]/.test(value) && /[a-z]/.test(value) && /\d/.test(value),
    },
  ],
  Azure: [
    { literal: "AccountKey=", pattern: /AccountKey=([A-Za-z0-9+/]{86}==)/g },
    { literal: "sig=", mark: /&sig=/, pattern: /[?&]s[vertp]=[^\s"'<>]{1,300}?&sig=([A-Za-z0-9%]{43,70})/g },
    token("8Q~", "[A-Za-z0-9_~.]{3}8Q~[A-Za-z0-9_~.-]{31,34}", { mark: /8Q~/ }),
  ],
  Databricks: [token("dapi", "dapi[0-9a-f]{32}(?:-\\d)?")],
  DigitalOcean: [token("do", "do[opr]_v1_[0-9a-f]{64}")],
  Shopify: [token("shp", "shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}")],
  Slack: [
    token("xox", "xox[abopsr]-(?:\\d{8,14}-){1,3}[A-Za-z0-9]{16,64}"),
    token("xapp-", "xapp-\\d-[A-Z0-9]{8,14}-\\d{8,14}-[a-f0-9]{64}"),
    {
      literal: "hooks.slack.com",
      pattern:
        /https:\/\/hooks\.slack\.com\/services\/T[A-Z0-9]{6,12}\/B[A-Z0-9]{6,12}\/[A-Za-z0-9]{20,28}/gi,
    },
  ],
  Stripe: [token("k_live_", "[rs]k_live_[0-9a-zA-Z]{24,99}"), token("whsec_", "whsec_[A-Za-z0-9]{32}")],
  SendGrid: [token("SG.", "SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}")],
  PyPI: [token("pypi-AgE", "pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{70,200}")],
  TelegramBot: [token(":", "\\d{8,10}:AA[0-9A-Za-z_-]{33}", { mark: /:AA[0-9A-Za-z_-]{33}/ })],
  Discord: [token(".", "[MNO][A-Za-z0-9_-]{23,25}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,38}", {
    mark: /\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}/,
  })],
  Mailchimp: [token("-us", "[0-9a-f]{32}-us[0-9]{1,2}", { mark: /-us[0-9]/ })],
  Twilio: [token("SK", "SK[0-9a-f]{32}"), token("AC", "AC[0-9a-f]{32}")],
  SquareOAuth: [token("sq0", "sq0(?:csp|atp|idp)-[0-9A-Za-z_-]{22,43}")],
  JWT: [
    token(
      "eyJ",
      "eyJ[A-Za-z0-9_-]{10,2000}\\.eyJ[A-Za-z0-9_-]{10,4000}\\.[A-Za-z0-9_-]{0,1000}",
      { check: hasJwtHeader },
    ),
  ],
} as const satisfies Record<string, readonly TokenRule[]>;
