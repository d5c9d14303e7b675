/**
 * Rules for headers and queries of HTTP, and for keys of frameworks, files and a few services.
 *
 * @module
 */
import { isTechnical } from "../technical_values.ts";
import { type SecretRule, token } from "./secret_rule.ts";

const NOT_HEX = /[g-z]/i;

/** What base64 stands for; nothing where it is none. */
function decoded(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return "";
  }
}

/** A member of a module: `apikey_1.default`. */
const MEMBER = /^(?!eyJ)[A-Za-z_]\w{0,40}(?:\.[A-Za-z_]\w{0,40})+$/;

/** Whether base64 stands for the name of a user and a password. */
const isBasic = (base64: string) => /^[\x20-\x7e]{1,80}:[\x20-\x7e]{4,200}$/.test(decoded(base64));

/** The rows. */
export const HEADER_RULES: readonly SecretRule[] = [
  {
    id: "AuthorizationHeader",
    description: "credentials of an HTTP header",
    pattern:
      /\bAuthorization["'`]?\s{0,4}(?:[:=,]|=>)\s{0,4}["'`]?\s?(?:(?:Bearer|Token|Basic|ApiKey|Api-Key|Key|GoogleLogin auth=|SSWS|OAuth|Apikey)\s{1,4})?(?:token=)?["']?((?![${<%])[A-Za-z0-9+/_.~=-]{14,1000})(?![\w(])/gi,
    mark: /Authorization/i,
    entropy: 2.8,
    check: (value) =>
      /\d/.test(value) && !/^[\d.]+$/.test(value) && !isTechnical(value) &&
        !/^\+|^(?!eyJ)[A-Za-z]\w{0,30}\.[A-Z]\w{0,30}$/.test(value) ||
      isBasic(value),
    examples: [
      "Authorization: Bearer «8f<x30>»",
      "-H 'Authorization: Basic «<a22>7==»'",
      "Authorization: Basic «Ym9iOlF6ZWtrbVhhYQ==»",
      "Authorization: token «<x40>»",
      '"authorization": "«<x8>-<x4>-<x4>-<x4>-<x12>»"',
    ],
    counterExamples: [
      "Authorization: Bearer $TOKEN",
      "Authorization: Bearer <token>",
      "Authorization: required",
      'h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString(x))',
      "Authorization: AWS4-HMAC-SHA256 Credential=<a12>",
    ],
  },
  {
    id: "ApiHeader",
    description: "key of an HTTP header",
    pattern:
      /\b(?:X-[\w-]{0,30}(?:Key|Token|Secret|Auth)|(?:Private|Job|Deploy|Api|Access|Auth)-(?:Token|Key)|Jenkins-Crumb|apikey)["'`]?\s{0,4}(?:[:,]|=>)\s{0,4}["'`]?((?![${<%])[A-Za-z0-9+/_.=-]{12,300})(?![\w(]|["'`]\s{0,2}(?::|=>))/gi,
    mark: /X-[A-Za-z]|-Token|-Key|-Crumb|apikey/i,
    entropy: 2.8,
    check: (value) =>
      /\d/.test(value) && /[a-z]/i.test(value) && !value.startsWith("-") && !MEMBER.test(value),
    examples: ["X-Api-Key: «<x32>»", '"PRIVATE-TOKEN": "«<a19>7»"', "-H 'X-Auth-Token: «<a20>7»'"],
    counterExamples: [
      "X-Api-Key: ${KEY}",
      "X-Auth-Token: yourtokenhere",
      "router.use('/apikey', apikey_1.default_1)",
      '"u": "apiKey", "accounts.user2": "apiKey"',
    ],
  },
  {
    id: "QueryKey",
    description: "key in the query of an address",
    pattern:
      /[?&](?:api_?key|access_?token|auth_?token|token|secret|client_secret|password|passwd|pwd|private_token|sig(?:nature)?|key|auth|subscription-key|x-amz-signature)=((?![${<%[{*])[A-Za-z0-9_.~+/=-]{8,300})/gi,
    mark:
      /[?&](?:api|access|auth|token|secret|client_secret|pass|pwd|private_token|sig|key|subscription-key|x-amz-sig)/i,
    entropy: 2.5,
    check: (value) =>
      /\d/.test(value) && /[a-z]/i.test(value) && !/^\d+(?:\.\d+)+|^[\da-f]{1,8}$/i.test(value),
    examples: ["https://a.invalid/x?apiKey=«<x8>-<x4>-<x4>-<x4>-<x12>»", "a?x=1&access_token=«<a30>7»"],
    counterExamples: ["a?key=name", "a?token=${TOKEN}", "a?code=<a30>7"],
  },
  {
    id: "FrameworkKey",
    description: "secret key of Django, Rails, Laravel, Flask or WordPress",
    pattern:
      /\b(?:DJANGO_)?(?:SECRET_KEY(?:_BASE)?|secret_key_base|secret_token|APP_KEY|RAILS_MASTER_KEY|(?:SECURE_|LOGGED_IN_|NONCE_)?AUTH_(?:KEY|SALT)|(?:LOGGED_IN|NONCE)_(?:KEY|SALT))["'\]]{0,2}\s{0,20}(?:[:=,]|=>){1,2}\s{0,20}(?:[rbuf](?=["']))?["']?((?!\$\{|<%|\{\{|os\.|process\.|env|put your)[^"'\n]{32,200}?)["']?(?=\s*[,;)#]|\s*$)/gm,
    mark:
      /SECRET_KEY|secret_key_base|secret_token|APP_KEY|MASTER_KEY|AUTH_KEY|AUTH_SALT|_IN_KEY|_IN_SALT|NONCE_KEY|NONCE_SALT/,
    entropy: 3,
    check: (value) =>
      /\d/.test(value) && /[a-z]/.test(value) && !/[([]["']|\w\(|environ|^\w+:\s/.test(value) &&
        NOT_HEX.test(value) || /^[a-f0-9]{64,}$/.test(value),
    examples: [
      "SECRET_KEY = '«django-insecure-<a50>»'",
      "  secret_key_base: «<x128>»",
      "Foo::Application.config.secret_token = '«<x128>»'",
      "APP_KEY=«base64:<b43>=»",
      "define('AUTH_KEY',         '«<a20>^7&*<a40>»');",
    ],
    counterExamples: ["SECRET_KEY = os.environ['SECRET_KEY']", "SECRET_KEY = get_random_secret_key()"],
  },
  {
    id: "Age",
    description: "private key of age",
    pattern: /(?<![A-Z0-9-])AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{58}(?![A-Z0-9])/g,
    examples: ["«AGE-SECRET-KEY-1<q58>»"],
    counterExamples: ["AGE-SECRET-KEY-1QPZRY9"],
  },
  {
    id: "EncodedKey",
    description: "private key in PEM, in base64",
    pattern: /(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi[A-Za-z0-9+/]{60,20000}={0,2}/g,
    check: (value) => /BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY/.test(atob(value.slice(0, 80))),
    examples: ["«LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JSUV2<b120>»"],
    counterExamples: ["LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1JSUR<b60>"],
  },
  {
    id: "EncodedKey",
    description: "private key of PuTTY",
    mark: /PuTTY-User-Key-File/,
    pattern:
      /PuTTY-User-Key-File-\d:[^]{0,4000}?Private-Lines: \d{1,3}\s{1,4}((?:[A-Za-z0-9+/=]{1,64}\r?\n){0,80}[A-Za-z0-9+/=]{4,64})(?=\s|$)/g,
    examples: [
      "PuTTY-User-Key-File-2: ssh-rsa\nPublic-Lines: 1\n<b64>\nPrivate-Lines: 2\n«<b64>\n<b40>»\nPrivate-MAC: <x40>",
    ],
    counterExamples: ["PuTTY-User-Key-File-2: ssh-rsa\nPublic-Lines: 1\n<b64>"],
  },
  {
    id: "EncodedKey",
    description: "private exponent of a JSON web key",
    pattern:
      /"d"\s{0,4}:\s{0,4}"([A-Za-z0-9_-]{43,1000})"(?=[^{}]{0,3000}"(?:kty|crv|qi|dp)")|"(?:kty|crv|qi|dp)"[^{}]{0,3000}"d"\s{0,4}:\s{0,4}"([A-Za-z0-9_-]{43,1000})"/g,
    mark: /"d"/,
    examples: ['{"kty":"EC","crv":"P-256","d":"«<w43>»","x":"<w43>"}'],
    counterExamples: ['{"kty":"EC","x":"<w43>"}'],
  },
  {
    id: "Amazon",
    description: "key of the marketplace's web service, or client of its login",
    pattern:
      /(?<![\w.])(?:amzn\.mws\.[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|amzn1\.oa2-cs\.v1\.[0-9a-f]{64})(?!\w)/g,
    mark: /amzn/,
    examples: ["«amzn.mws.<x8>-<x4>-<x4>-<x4>-<x12>»", "«amzn1.oa2-cs.v1.<x64>»"],
    counterExamples: ["amzn.mws.<x8>"],
  },
  {
    id: "Azure",
    description: "connection string of an app configuration",
    pattern: /Id=[^;\s"']{1,100};\s?Secret=([A-Za-z0-9+/]{40,100}={0,2})/g,
    mark: /;Secret=|; Secret=/,
    examples: ["Endpoint=https://a.azconfig.invalid;Id=ab-c0:<a20>;Secret=«<b43>=»"],
    counterExamples: ["Id=ab;Secret=<b9>"],
  },
  {
    id: "Google",
    description: "server key of cloud messaging",
    pattern: token("AAAA[A-Za-z0-9_-]{7}:[A-Za-z0-9_-]{130,152}"),
    entropy: 4,
    examples: ["«AAAA<w7>:<w140>»"],
    counterExamples: ["AAAA<w7>:<w20>"],
  },
  {
    id: "Build",
    description: "access token of TeamCity",
    pattern: token("eyJ0eXAiOiAiVENWMiJ9\\.[A-Za-z0-9_-]{36}\\.[A-Za-z0-9_-]{48}"),
    examples: ["«eyJ0eXAiOiAiVENWMiJ9.<a36>.<a48>»"],
    counterExamples: ["eyJ0eXAiOiAiVENWMiJ9.<a9>"],
  },
  {
    id: "DockerAuth",
    description: "credentials of a registry, in a configuration of Docker",
    pattern: /"auths"[^]{0,600}?"auth"\s{0,4}:\s{0,4}"([A-Za-z0-9+/]{12,2000}={0,2})"/g,
    mark: /"auths"/,
    check: (value) => /^[\x20-\x7e]+:./.test(decoded(value)),
    examples: ['{"auths": {"r.invalid": {"auth": "«Ym9iOlE3eksybVg5YWE=»"}}}'],
    counterExamples: ['{"auths": {"r.invalid": {"auth": "<x20>"}}}', '{"auths": {}}'],
  },
];
