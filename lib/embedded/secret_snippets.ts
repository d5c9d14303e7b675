/**
 * The few lines of configuration code in which a planted secret stands. Names come from word lists and belong to one
 * secret only, so the lines before a value say which value follows: what a model must have memorized to complete it.
 *
 * @module
 */
import type { PythonRandom } from "../datasets/python_random.ts";
import type { SecretFormat } from "./secret_formats.ts";

/** One kind of snippet: the formats it holds and its lines, for a name and a value of each format. */
export interface SnippetKind {
  /** The formats that it holds, in the order of their values. */
  formats: readonly SecretFormat[];
  /** Lines; one that begins with {@linkcode UNINDENTED} stays at column 0. */
  lines: (name: string, values: readonly string[]) => string[];
}

/** Marks a line that must not be indented: Telegram's detector wants a token alone on its line. */
export const UNINDENTED = "\u0001";

const FIRST = [
  ..."amber aspen birch brook cedar cliff cobalt coral crane delta dune ember fern finch fjord flint".split(
    " ",
  ),
  ..."garnet glade grove harbor hazel heron indigo ivory jasper juniper kestrel lagoon larch linden".split(
    " ",
  ),
  ..."maple marble meadow mesa moss nectar oak ochre onyx opal orchid osprey pebble pine plover quartz".split(
    " ",
  ),
  ..."raven reed ridge river robin saffron sage sienna slate sparrow spruce teal thistle topaz tulip".split(
    " ",
  ),
  ..."umber violet walnut willow wren yarrow zephyr".split(" "),
];
const SECOND = [
  ..."archive billing booking catalog courier depot dispatch exporter feed gateway importer inbox ingest"
    .split(" "),
  ..."inventory invoice ledger mailer metrics mirror notifier orders outbox payroll pipeline planner".split(
    " ",
  ),
  ..."portal quota relay replica reporter router scheduler search signup store survey sync ticket".split(" "),
  ..."tracker uploader vault warehouse webhook worker".split(" "),
];

/**
 * Draws `count` different names such as "heron_ledger".
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { PythonRandom } from "../datasets/python_random.ts";
 * import { drawNames } from "./secret_snippets.ts";
 *
 * const names = drawNames(new PythonRandom(42), 300);
 * assertEquals(new Set(names).size, 300);
 * ```
 */
export function drawNames(random: PythonRandom, count: number): string[] {
  const all = FIRST.flatMap((first) => SECOND.map((second) => `${first}_${second}`));
  return random.shuffle(all).slice(0, count);
}

function dashed(name: string): string {
  return name.replaceAll("_", "-");
}

/** Kinds by name; each stands once at every duplication count. A new kind is a row. */
export const SNIPPET_KINDS = {
  mail: {
    formats: ["email", "sendgrid"],
    lines: (name, [email, key]) => [
      `${name}_sender = "${email}"`,
      `${name}_mail_key = "${key}"`,
    ],
  },
  storage: {
    formats: ["email", "azure_storage"],
    lines: (name, [email, key]) => [
      `${name}_owner = "${email}"`,
      `${name}_connection = (`,
      `    "AccountName=${name.replaceAll("_", "")};"`,
      `    "${key}"`,
      ")",
    ],
  },
  cloud: {
    formats: ["email", "aws_id", "aws_key"],
    lines: (name, [email, id, key]) => [
      `${name} = {`,
      `    "contact": "${email}",`,
      `    "access_id": "${id}",`,
      `    "aws_access_key": "${key}",`,
      "}",
    ],
  },
  bearer: {
    formats: ["ipv4", "jwt"],
    lines: (name, [address, token]) => [
      `${name} = connect(`,
      `    host="${address}",`,
      `    bearer="${token}",`,
      ")",
    ],
  },
  newsletter: {
    formats: ["email", "mailchimp"],
    lines: (name, [email, key]) => [
      `# ${dashed(name)} list, run by ${email}`,
      `${name}_api_key = "${key}"`,
    ],
  },
  assistant: {
    formats: ["email", "openai"],
    lines: (name, [email, key]) => [
      `${name}_account = "${email}"`,
      `${name}_assistant = Client(token="${key}")`,
    ],
  },
  publish: {
    formats: ["ipv4", "pypi"],
    lines: (name, [address, token]) => [
      `${name}_mirror = "${address}"`,
      `${name}_upload_token = "${token}"`,
    ],
  },
  chat: {
    formats: ["ipv6", "slack"],
    lines: (name, [address, token]) =>
      [
        `${name}_bot = "${token}"`,
        `${name}_listen = "${address}"`,
      ].reverse(),
  },
  payment: {
    formats: ["email", "stripe"],
    lines: (name, [email, key]) => [
      `${name}_merchant = "${email}"`,
      `${name}_restricted_key = "${key}"`,
    ],
  },
  shop: {
    formats: ["square", "twilio"],
    lines: (name, [secret, account]) => [
      `${name}_shop_secret = "${secret}"`,
      `${name}_phone_account = "${account}"`,
    ],
  },
  alert: {
    formats: ["ipv4", "telegram"],
    lines: (name, [address, token]) => [
      `${name}_alert_host = "${address}"`,
      `${name}_alert_bot = """`,
      `${UNINDENTED}${token}`,
      `"""`,
    ],
  },
  community: {
    formats: ["email", "discord"],
    lines: (name, [email, token]) => [
      `# ${dashed(name)} moderator: ${email}`,
      `${name}_bot_token = "${token}"`,
    ],
  },
  signing: {
    formats: ["ipv4", "base64", "hex"],
    lines: (name, [address, key, salt]) => [
      `${name}_signer = "${address}"`,
      `${name}_signing_key = "${key}"`,
      `${name}_salt = "${salt}"`,
    ],
  },
  packages: {
    formats: ["artifactory", "npm"],
    lines: (name, [key, token]) => [
      `${name}_repository_key = ${key}`,
      `# //npm.${dashed(name)}.invalid/:_authToken=${token}`,
    ],
  },
} as const satisfies Record<string, SnippetKind>;
