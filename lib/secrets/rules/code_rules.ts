/**
 * Rules for code hosting, packages and builds.
 *
 * @module
 */
import { hasTokenChecksum } from "../token_checks.ts";
import { given, type SecretRule, token } from "./secret_rule.ts";

/** The rows. */
export const CODE_RULES: readonly SecretRule[] = [
  {
    id: "GitHub",
    description: "token, with its checksum",
    pattern: token("gh[pousr]_[A-Za-z0-9]{36}"),
    check: hasTokenChecksum,
    examples: ['"«ghp_<g36>»"', '{"log":"a\\n«gho_<g36>»"}', "%3D«ghs_<g36>»"],
    counterExamples: ["ghp_<a36>", "ghp_<g30>"],
  },
  {
    id: "GitHub",
    description: "fine-grained token",
    pattern: token("github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    examples: ["«github_pat_<a22>_<a59>»"],
    counterExamples: ["github_pat_<a22>_<a40>"],
  },
  {
    id: "GitHub",
    description: "installation token of the form of 2026",
    pattern: token(
      "ghs_\\d{1,14}_eyJ[A-Za-z0-9_-]{5,2000}\\.eyJ[A-Za-z0-9_-]{5,4000}\\.[A-Za-z0-9_-]{10,1000}",
    ),
    examples: ["«ghs_123456_eyJ<w30>.eyJ<w60>.<w86>»"],
    counterExamples: ["ghs_123456_eyJ<w30>"],
  },
  {
    id: "GitLab",
    description: "token, plain or routable",
    pattern: token(
      "gl(?:pat|dt|ft|soat|rt|ptt|agent|oas|imt|ffct|wt)-[A-Za-z0-9_-]{20,300}(?:\\.[0-9a-z]{2}\\.?[0-9a-z]{6,9})?",
    ),
    examples: [
      "«glpat-<w20>»",
      "«glpat-<w27>.01.<l7>»",
      "«glrt-<w27>.<l9>»",
      "«glagent-<w50>»",
      "«gloas-<x64>»",
    ],
    counterExamples: ["glpat-<w19>", "glxyz-<w20>"],
  },
  {
    id: "GitLab",
    description: "job token, runner registration token, or session",
    pattern: token(
      "(?:glcbt-(?:[0-9a-fA-F]{1,5}_)?[A-Za-z0-9_-]{20,50}|GR1348941[A-Za-z0-9_-]{20}|_gitlab_session=[0-9a-z]{32})",
    ),
    examples: ["«glcbt-1f_<w20>»", "«GR1348941<w20>»", "Cookie: «_gitlab_session=<x32>»"],
    counterExamples: ["GR1348941<w9>"],
  },
  {
    id: "Atlassian",
    description: "API token, or Bitbucket's",
    pattern: token("(?:AT[AC]TT3[A-Za-z0-9_-]{10,200}(?:=[0-9A-F]{8})?|ATBB[A-Za-z0-9]{32})"),
    entropy: 3.5,
    examples: ["«ATATT3<w186>=<X8>»", "«ATBB<a32>»"],
    counterExamples: ["ATBB<a20>"],
  },
  {
    id: "Artifactory",
    description: "API key or reference token",
    pattern: token("(?:AKCp[A-Za-z0-9]{69}|cmVmdGtuOj[A-Za-z0-9]{49,59})"),
    examples: ["«AKCp<a69>»", "«cmVmdGtuOj<a54>»"],
    counterExamples: ["AKCp<a20>"],
  },
  {
    id: "Artifactory",
    description: "identity token or key, by its name",
    ...given("artifactory|jfrog|xray", "[a-z0-9]{64}|[a-z0-9]{73}"),
    entropy: 3.5,
    examples: ['jfrog_api_key = "«<l73>»"'],
    counterExamples: ['jfrog_api_key = "<l60>"'],
  },
  {
    id: "Npm",
    description: "access token, with its checksum",
    pattern: token("npm_[A-Za-z0-9]{36}"),
    check: hasTokenChecksum,
    examples: ["//registry.invalid/:_authToken=«npm_<g36>»"],
    counterExamples: ["npm_<a36>"],
  },
  {
    id: "PyPI",
    description: "upload token",
    pattern: token("pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]{50,1000}"),
    examples: ["«pypi-AgEIcHlwaS5vcmc<w80>»"],
    counterExamples: ["pypi-AgEIcHlwaS5vcmc<w9>"],
  },
  {
    id: "PackageRegistry",
    description: "tokens of RubyGems, Cargo, NuGet, Clojars, Docker Hub, Octopus and Infracost",
    pattern: token(
      "(?:rubygems_[a-f0-9]{48}|cio[A-Za-z0-9]{32}|oy2[a-z0-9]{43}|CLOJARS_[a-z0-9]{60}|dckr_(?:pat|oat)_[A-Za-z0-9_-]{27,32}|API-[A-Z0-9]{26}|ico-[A-Za-z0-9]{32})",
    ),
    entropy: 3.2,
    examples: [
      "«rubygems_<x48>»",
      "«cio<a32>»",
      "«oy2<l43>»",
      "«CLOJARS_<l60>»",
      "«dckr_oat_<a32>»",
      "«API-<u26>»",
      "«ico-<a32>»",
    ],
    counterExamples: ["rubygems_<x20>", "cio<a20>", "API-<u9>"],
  },
  {
    id: "DockerHub",
    description: "personal access token",
    pattern: token("dckr_pat_[A-Za-z0-9_-]{27}"),
    examples: ["«dckr_pat_<w27>»"],
    counterExamples: ["dckr_pat_<w20>"],
  },
  {
    id: "Build",
    description: "tokens of CircleCI, Buildkite, Harness, Prefect, Postman, ReadMe and Figma",
    pattern: token(
      "(?:CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[a-f0-9]{40}|bkua_[a-f0-9]{40}|[ps]at\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9]{24}\\.[A-Za-z0-9]{20}|pn[ub]_[A-Za-z0-9]{36}|PMAK-[a-f0-9]{24}-[a-f0-9]{34}|rdme_[a-z0-9]{70}|figd_[A-Za-z0-9_-]{40}|fio-u-[\\w=-]{64})",
    ),
    examples: [
      "«CCIPAT_<a22>_<x40>»",
      "«bkua_<x40>»",
      "«pat.<w22>.<a24>.<a20>»",
      "«pnu_<l36>»",
      "«PMAK-<x24>-<x34>»",
      "«rdme_<l70>»",
      "«figd_<w40>»",
      "«fio-u-<w64>»",
    ],
    counterExamples: ["bkua_<x20>", "pat.<w22>.<a24>", "PMAK-<x24>"],
  },
  {
    id: "Build",
    description: "keys of services of builds without a prefix of their own",
    ...given(
      "sonar|codecov|code_?climate|appveyor|travis(?:ci)?|circle_?ci|jenkins|drone|codacy|snyk|sauce(?:labs)?|browserstack|ngrok|jpush",
      "UUID|[A-Za-z0-9_=-]{32,64}|[A-Za-z0-9]{20,22}",
    ),
    entropy: 3.3,
    check: (value) => /\d/.test(value),
    examples: [
      'SNYK_TOKEN: "«<x8>-<x4>-<x4>-<x4>-<x12>»"',
      "SONAR_TOKEN=«<l30>77<l8>»",
      "travis_token = '«<a20>77»'",
      "CODECLIMATE_REPO_TOKEN=«<x64>»",
    ],
    counterExamples: ["SONAR_HOST=sonar", "sonar.login = admin"],
  },
  {
    id: "Sonar",
    description: "token",
    pattern: token("sq[uap]_[A-Za-z0-9]{40}"),
    examples: ["«sqp_<x40>»"],
    counterExamples: ["sqp_<x20>"],
  },
  {
    id: "OnePassword",
    description: "service account token, or secret key of an account",
    pattern: token(
      "(?:ops_eyJ[A-Za-z0-9+/=_-]{200,3000}|A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5})",
    ),
    examples: ["«ops_eyJ<b300>»", "«ops_eyJ<b900>»", "«A3-<u6>-<u6>-<u5>-<u5>-<u5>-<u5>»"],
    counterExamples: ["A3-<u6>-<u6>"],
  },
  {
    id: "Sourcegraph",
    description: "access token",
    pattern: token("sgp_(?:(?:[a-fA-F0-9]{16}|local)_)?[a-fA-F0-9]{40}"),
    examples: ["«sgp_<x16>_<x40>»", "«sgp_local_<x40>»"],
    counterExamples: ["sgp_<x20>"],
  },
  {
    id: "Sourcegraph",
    description: "access token of the old form",
    ...given("sourcegraph|src_access", "[a-fA-F0-9]{40}"),
    examples: ["sourcegraph: «<x40>»"],
    counterExamples: ["sourcegraph: <x20>"],
  },
  {
    id: "DependencyTrack",
    description: "API key",
    pattern: token("odt_[A-Za-z0-9]{32,100}"),
    examples: ["«odt_<a32>»"],
    counterExamples: ["odt_<a9>"],
  },
  {
    id: "StackHawk",
    description: "API key",
    pattern: token("hawk\\.[A-Za-z0-9_-]{20}\\.[A-Za-z0-9_-]{20}"),
    examples: ["«hawk.<w20>.<w20>»"],
    counterExamples: ["hawk.<w20>"],
  },
];
