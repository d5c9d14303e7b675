/**
 * Rules for platforms of code, maps, streams and monitoring, beyond those of the other files.
 *
 * @module
 */
import { isRandom } from "../value_checks.ts";
import { given, type SecretRule, token } from "./secret_rule.ts";

const hasDigit = (value: string) => /\d/.test(value);

/** The rows. */
export const PLATFORM_RULES: readonly SecretRule[] = [
  {
    id: "AWS",
    description: "access key id of the older forms",
    pattern: token("A3T[A-Z0-9]{17}"),
    entropy: 3,
    examples: ["AWS_KEY_ID=«A3T<u17>»"],
    counterExamples: ["A3T<u12>", "A3T<a17>a"],
  },
  {
    id: "Azure",
    description: "personal access token, by its name",
    ...given("personal[_ -]?access[_ -]?token|_pat|adotoken|ado_token", "[a-z2-7]{52}"),
    entropy: 3.5,
    check: hasDigit,
    examples: ['ado_pat = "«mxzwq3tb7kfhd2vnyrg5jcplx6ks4wae3tqovzi2hbdmu7yfgrj4»"'],
    counterExamples: ['ado_pat = "<l20>"'],
  },
  {
    id: "GitHub",
    description: "refresh token of an app",
    pattern: token("ghr_[A-Za-z0-9]{76}"),
    entropy: 3,
    examples: ['"refresh_token": "«ghr_<a76>»"'],
    counterExamples: ["ghr_<a60>"],
  },
  {
    id: "Build",
    description: "reporter's key of CodeClimate",
    ...given("cc_test_reporter", "[a-f0-9]{64}"),
    examples: ["CC_TEST_REPORTER_ID: «<x64>»"],
    counterExamples: ["CC_TEST_REPORTER_ID: <x20>"],
  },
  {
    id: "HashiCorp",
    description: "part of the key that unseals a Vault, or a token given by an option",
    pattern:
      /\b[Uu]nseal(?:[ _-]?[Kk]ey)?(?: \d{1,2})?["']?\s{0,4}[:= ]\s{0,4}["']?([A-Za-z0-9+/]{44})(?![\w+/=])|[Vv]ault[_-]?[Tt]oken[= ]["']?([sbr]\.[A-Za-z0-9_-]{24,300})(?![\w-])/g,
    mark: /unseal|Unseal|aultToken|ault-token|ault_token/,
    entropy: 3.5,
    check: hasDigit,
    examples: [
      "Unseal Key 2: «<b43>7»",
      "vault operator unseal «<b43>7»",
      "-vaultToken «s.<w90>»",
    ],
    counterExamples: ["Unseal Key 2: <b20>", "vault operator unseal -address=x"],
  },
  {
    id: "Mapbox",
    description: "secret or temporary token",
    pattern: token("[st]k\\.eyJ[A-Za-z0-9_-]{20,200}\\.[A-Za-z0-9_-]{20,40}"),
    examples: ["accessToken = '«sk.eyJ<w60>.<w22>»'", "MAPBOX_TOKEN=«tk.eyJ<w60>.<w22>»"],
    counterExamples: ["pk.eyJ<w60>.<w22>", "sk.eyJ<w9>.<w22>"],
  },
  {
    id: "NewRelic",
    description: "licence key of a region, or keys of Pixie",
    pattern: token(
      "(?:[a-z]{2}\\d\\dxx[a-f0-9]{30}NRAL|px-(?:api|dep)-[a-f0-9]{8}-(?:[a-f0-9]{4}-){3}[a-f0-9]{12})",
    ),
    mark: /NRAL|px-api-|px-dep-/,
    examples: ["license: «eu01xx<x30>NRAL»", "PX_API_KEY=«px-api-<x8>-<x4>-<x4>-<x4>-<x12>»"],
    counterExamples: ["eu01xx<x9>NRAL", "px-api-<x8>"],
  },
  {
    id: "Social",
    description: "consumer key of Twitter in the old form, by its name",
    ...given("twitter", "[A-Za-z0-9]{18,24}(?=[\"'])"),
    check: isRandom,
    examples: ['TWITTER_KEY: "«<a9>7<a8>4z»"'],
    counterExamples: ['TWITTER_USER: "<L20>"'],
  },
  {
    id: "Twitch",
    description: "key of a stream",
    pattern: token("live_\\d{6,12}_[A-Za-z0-9]{30}"),
    mark: /live_\d/,
    examples: ["STREAM_KEY=«live_<d9>_<a30>»"],
    counterExamples: ["live_<d9>_<a25>", "live_<a30>"],
  },
];
