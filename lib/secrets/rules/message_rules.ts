/**
 * Rules for chats and mail.
 *
 * @module
 */
import { given, type SecretRule, token } from "./secret_rule.ts";

const hasDigit = (value: string) => /\d/.test(value);

/** The rows. */
export const MESSAGE_RULES: readonly SecretRule[] = [
  {
    id: "Slack",
    description: "token of a bot, user, workspace or app",
    pattern: token("xox[abeoprs]-(?:\\d{1,14}-){1,3}[A-Za-z0-9-]{8,64}"),
    examples: [
      "«xoxb-<d12>-<d12>-<a24>»",
      "«xoxp-<d12>-<d12>-<d12>-<x32>»",
      "«xoxs-<d10>-<d10>-<d10>-<x10>»",
    ],
    counterExamples: ["xoxb-<d12>", "xoxz-<d12>-<d12>-<a24>"],
  },
  {
    id: "Slack",
    description: "app-level, configuration or legacy token",
    pattern: token(
      "(?:xapp-\\d-[A-Z0-9]{8,14}-\\d{8,14}-[a-z0-9]{31,64}|xoxe(?:\\.xox[bp])?-\\d-[A-Za-z0-9]{140,180}|xox[or]-(?:\\d-)?[0-9a-zA-Z]{8,48})",
    ),
    examples: ["«xapp-1-A<u10>-<d12>-<x64>»", "«xoxe.xoxp-1-<a163>»", "«xoxe-1-<a146>»"],
    counterExamples: ["xapp-1-A", "xoxe-1-<a9>"],
  },
  {
    id: "Slack",
    description: "webhook",
    mark: /hooks\.slack/i,
    pattern:
      /(?:https?:\/\/)?hooks\.slack(?:-gov)?\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9+/]{43,80}(?![\w/])/gi,
    check: hasDigit,
    examples: ["«https://hooks.slack.com/services/T<u9>1/B<u10>/<a24>»"],
    counterExamples: ["https://hooks.slack.com/services/T00/B00/XXX"],
  },
  {
    id: "Teams",
    description: "webhook of Microsoft Teams",
    mark: /IncomingWebhook/i,
    pattern:
      /https:\/\/[\w.-]{1,80}\.(?:webhook\.)?office\.com\/webhook(?:b2)?\/[a-z0-9@-]{36,80}\/IncomingWebhook\/[a-z0-9]{32}\/[a-z0-9-]{36}/gi,
    examples: [
      "«https://acme.webhook.office.com/webhookb2/<x8>-<x4>-<x4>-<x4>-<x12>@<x8>-<x4>-<x4>-<x4>-<x12>/IncomingWebhook/<x32>/<x8>-<x4>-<x4>-<x4>-<x12>»",
    ],
    counterExamples: ["https://acme.webhook.office.com/webhookb2/<x8>"],
  },
  {
    id: "Discord",
    description: "token of a bot",
    pattern: token("[MNO][A-Za-z0-9_-]{23,25}\\.[A-Za-z0-9_-]{6}\\.[A-Za-z0-9_-]{27,38}"),
    mark: /\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}/,
    check: hasDigit,
    examples: ["«M<a22>7.<w6>.<w27>»"],
    counterExamples: ["M<a10>.<w6>.<w27>"],
  },
  {
    id: "Discord",
    description: "webhook",
    mark: /\/api\/webhooks\//,
    pattern: /https:\/\/(?:\w{1,9}\.)?discord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/[\w-]{60,80}/g,
    examples: ["«https://discord.com/api/webhooks/<d18>/<w68>»"],
    counterExamples: ["https://discord.com/api/webhooks/<d18>/<w9>"],
  },
  {
    id: "Discord",
    description: "client secret, id or key, by its name",
    ...given("discord", "[a-f0-9]{64}|\\d{18,19}|[\\w-]{32}"),
    entropy: 2,
    check: hasDigit,
    examples: ['discord_client_secret = "«<w30>77»"', "DISCORD_PUBLIC: «<x64>»"],
    counterExamples: ["discord = <a9>"],
  },
  {
    id: "TelegramBot",
    description: "token of a bot, alone or in an address",
    pattern: /(?<!(?<!\\|%[\dA-F]|\bbo)[A-Za-z0-9_-])\d{6,12}:A[0-9A-Za-z_-]{33,34}(?![A-Za-z0-9_-])/g,
    mark: /:A[0-9A-Za-z_-]{33}/,
    entropy: 3,
    examples: ["«<d10>:AA<w33>»", "https://api.telegram.org/bot«<d9>:AA<w33>»/sendMessage"],
    counterExamples: ["<d10>:AA<w20>", "x<d10>:AA<w33>"],
  },
  {
    id: "Mattermost",
    description: "access token of a chat",
    ...given("mattermost|gitter|rocket_?chat|zulip", "[a-z0-9]{26}|[a-z0-9]{40}|[A-Za-z0-9]{32}"),
    entropy: 3,
    check: hasDigit,
    examples: ['mattermost_token: "«<l24>77»"'],
    counterExamples: ["mattermost: <l9>"],
  },
  {
    id: "Mailchimp",
    description: "API key",
    pattern: token("[0-9a-f]{32}-us[0-9]{1,2}"),
    mark: /-us[0-9]/,
    examples: ["«<x32>-us12»"],
    counterExamples: ["<x31>-us12"],
  },
  {
    id: "Mail",
    description: "keys of Mailgun, Mandrill, Resend, Brevo and SendGrid",
    pattern: token(
      "(?:key-[a-f0-9]{32}|pubkey-[a-f0-9]{32}|[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}|md-[A-Za-z0-9_-]{22}|re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}|xkeysib-[a-f0-9]{64}-[A-Za-z0-9]{16}|xsmtpsib-[a-f0-9]{64}-[A-Za-z0-9]{16})",
    ),
    mark:
      /key-[a-f0-9]{32}|[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}|md-[A-Za-z0-9_-]{22}|re_[A-Za-z0-9]{8}_|sib-[a-f0-9]{32}/,
    entropy: 3,
    check: hasDigit,
    examples: [
      "«key-<x32>»",
      "«<x32>-<x8>-<x8>»",
      "«md-<w20>7q»",
      "«re_<a8>_<a22>7q»",
      "«xkeysib-<x64>-<a16>»",
    ],
    counterExamples: ["key-<x20>", "<x32>-<x8>"],
  },
  {
    id: "Postmark",
    description: "server token",
    ...given("postmark", "UUID"),
    examples: ["X-Postmark-Server-Token: «<x8>-<x4>-<x4>-<x4>-<x12>»"],
    counterExamples: ["postmark: <x8>"],
  },
  {
    id: "SendGrid",
    description: "API key",
    pattern: token("SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}"),
    examples: ["«SG.<w22>.<w43>»"],
    counterExamples: ["SG.<w22>.<w20>"],
  },
  {
    id: "Twilio",
    description: "key or account",
    pattern: token("(?:SK|AC)[0-9a-f]{32}"),
    examples: ["«SK<x32>»"],
    counterExamples: ["SK<x31>"],
  },
  {
    id: "Device",
    description: "token of a thing on the internet, in an address of Blynk or ThingsBoard",
    pattern:
      /(?:blynk-cloud\.com(?::\d{1,5})?\/|\/external\/api\/\w{1,20}\?token=|\/api\/v1\/)([\w-]{20}|[\w-]{32})\/(?:update|get|telemetry|attributes|pin|project|isHardwareConnected)/g,
    mark: /blynk-cloud|\/external\/api|\/api\/v1\//,
    entropy: 3,
    check: hasDigit,
    examples: ["https://blynk-cloud.com/«<x32>»/update/V1", "http://a.invalid/api/v1/«<a19>7»/telemetry"],
    counterExamples: ["http://a.invalid/api/v1/devices/telemetry"],
  },
];
