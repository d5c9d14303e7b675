/**
 * Rules for services of language models, and for monitoring.
 *
 * @module
 */
import { given, type SecretRule, token } from "./secret_rule.ts";

/** The rows. */
export const MODEL_RULES: readonly SecretRule[] = [
  {
    id: "Anthropic",
    description: "API or admin key",
    pattern: token("sk-ant-[a-z]{3,5}\\d\\d-[A-Za-z0-9_-]{80,110}"),
    examples: ["«sk-ant-api03-<w95>»"],
    counterExamples: ["sk-ant-api03-<w40>"],
  },
  {
    id: "OpenAI",
    description: "API key",
    pattern: token("sk-(?:[a-z]{4,8}-)?[A-Za-z0-9_-]{20,100}T3BlbkFJ[A-Za-z0-9_-]{20,100}"),
    mark: /T3BlbkFJ/,
    examples: ["«sk-<a20>T3BlbkFJ<a20>»", "«sk-proj-<w74>T3BlbkFJ<w74>»"],
    counterExamples: ["sk-<a9>T3BlbkFJ<a9>"],
  },
  {
    id: "LanguageModel",
    description: "keys of other services of language models, by their prefixes",
    pattern: token(
      "(?:sk-or-v1-[0-9a-f]{64}|gsk_[A-Za-z0-9]{52}|xai-[A-Za-z0-9_-]{80}|pplx-[A-Za-z0-9]{48}|r8_[A-Za-z0-9]{37}|nvapi-[A-Za-z0-9_-]{64}|tvly-(?:dev-)?[A-Za-z0-9]{32}|jina_[A-Za-z0-9_-]{60}|lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}|fw_[A-Za-z0-9]{24}|pcsk_[A-Za-z0-9_]{60,80})",
    ),
    examples: [
      "«sk-or-v1-<x64>»",
      "«gsk_<a52>»",
      "«xai-<a80>»",
      "«pplx-<a48>»",
      "«r8_<a37>»",
      "«nvapi-<w64>»",
      "«tvly-<a32>»",
      "«lsv2_pt_<x32>_<x10>»",
    ],
    counterExamples: ["gsk_<a20>", "r8_<a12>", "sk-or-v1-<x20>"],
  },
  {
    id: "LanguageModel",
    description: "keys without a prefix of their own",
    ...given("cohere|co_api|mistral|deepseek|together", "(?:sk-)?[A-Za-z0-9]{32,64}"),
    entropy: 3,
    examples: ['CO_API_KEY = "«<a40>»"', "MISTRAL_API_KEY=«<a32>»", 'deepseek: "«sk-<x32>»"'],
    counterExamples: ["cohere_model: <a9>"],
  },
  {
    id: "HuggingFace",
    description: "user or organization token",
    pattern: token("(?:hf_|api_org_)[A-Za-z]{34}"),
    examples: ["«hf_<A34>»", "«api_org_<A34>»"],
    counterExamples: ["hf_<A20>"],
  },
  {
    id: "Grafana",
    description: "API key, cloud or service account token",
    pattern: token(
      "(?:eyJrIjoi[A-Za-z0-9+/]{50,400}={0,3}|glc_[A-Za-z0-9+/]{32,400}={0,3}|glsa_[A-Za-z0-9]{32}_[A-Fa-f0-9]{8})",
    ),
    examples: ["«eyJrIjoi<a70>=»", "«glc_<b60>==»", "«glsa_<a32>_<x8>»"],
    counterExamples: ["glc_<b9>", "glsa_<a32>"],
  },
  {
    id: "NewRelic",
    description: "key of any kind",
    pattern: token(
      "(?:NRAK-[A-Z0-9]{27}|NRI[IQ]-[A-Za-z0-9_-]{32}|NRJS-[a-f0-9]{19}|NRRA-[a-f0-9]{42}|NRSP-[a-z0-9]{20,40}|NRAA-[a-f0-9]{27}|[a-f0-9]{36}NRAL)",
    ),
    mark: /NR[AIJRS][KIQSAPL]/,
    examples: ["«NRAK-<u27>»", "«NRJS-<x19>»", "«NRII-<w32>»", "«<x36>NRAL»"],
    counterExamples: ["NRAK-<u9>"],
  },
  {
    id: "Sentry",
    description: "organization or user token",
    pattern: token("(?:sntrys_eyJ[A-Za-z0-9+/=_]{60,400}|sntryu_[a-f0-9]{64})"),
    examples: ["«sntrys_eyJ<b100>_<b43>»", "«sntryu_<x64>»"],
    counterExamples: ["sntryu_<x20>"],
  },
  {
    id: "Monitoring",
    description: "keys of monitoring services",
    ...given(
      "datadog|dd_api|dd_app|sumo(?:logic)?|sentry|logz|bugsnag|pagerduty|honeycomb|anodot|wandb|elastic",
      "[A-Za-z0-9]{64}|[a-f0-9]{40}|[a-f0-9]{32}|su[A-Za-z0-9]{12}|[a-zA-Z0-9+_-]{20}(?=[\"'])|[a-z0-9]{32}",
    ),
    entropy: 3,
    check: (value) => /\d/.test(value),
    examples: [
      'DD_API_KEY="«<x32>»"',
      "datadog_app_key: «<x40>»",
      "SUMO_ID=«su<a10>7Q»",
      "WANDB_API_KEY=«<x40>»",
    ],
    counterExamples: ["datadog_site: datadoghq.invalid"],
  },
  {
    id: "Dynatrace",
    description: "token",
    pattern: token("dt0[a-z]\\d\\d\\.[A-Z0-9]{24}\\.[A-Z0-9]{64}"),
    examples: ["«dt0c01.<u24>.<u64>»"],
    counterExamples: ["dt0c01.<u24>"],
  },
  {
    id: "LaunchDarkly",
    description: "SDK, API or mobile key",
    pattern: token("(?:sdk|api|mob)-[a-f0-9]{8}-(?:[a-f0-9]{4}-){3}[a-f0-9]{12}"),
    examples: ["«sdk-<x8>-<x4>-<x4>-<x4>-<x12>»"],
    counterExamples: ["sdk-<x8>-<x4>"],
  },
  {
    id: "AwsToken",
    description: "session token, or key of AppSync",
    pattern:
      /(?:aws_?(?:session|security)_?token["'`]?\s{0,4}[:=]\s{0,4}["'`]?([A-Za-z0-9+/=]{100,4000})|(?<![\w-])(da2-[a-z0-9]{26})(?![\w-]))/gi,
    mark: /session_?token|security_?token|da2-/i,
    entropy: 3,
    examples: ["AWS_SESSION_TOKEN=«<b300>»", "«da2-<l26>»"],
    counterExamples: ["AWS_SESSION_TOKEN=<b20>", "da2-<l9>"],
  },
  {
    id: "Figma",
    description: "personal access token of the old form",
    ...given("figma", "\\d{4,7}-UUID"),
    examples: ["figma_token: «<d6>-<x8>-<x4>-<x4>-<x4>-<x12>»"],
    counterExamples: ["figma: <d6>"],
  },
];
