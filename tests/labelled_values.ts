/**
 * Values for the labelled set: secrets of every kind that the extended profile knows, made up and with right checksums,
 * and what only looks like one. Each is put into code by detection_quality.ts.
 *
 * @module
 */
import { drawText } from "../lib/embedded/secret_formats.ts";
import type { PythonRandom } from "../lib/datasets/python_random.ts";
import { encodeJwtPart } from "../lib/secrets/jwt.ts";
import { tokenChecksum } from "../lib/secrets/token_checks.ts";

/** A value in its surroundings: `before` and `after` are what such a value stands in. */
export interface Labelled {
  before?: string;
  value: string;
  after?: string;
}

type Make = (random: PythonRandom) => Labelled;

const LOWER = "abcdefghijklmnopqrstuvwxyz";
const UPPER = LOWER.toUpperCase();
const DIGITS = "0123456789";
const HEX = DIGITS + "abcdef";
const ALNUM = UPPER + LOWER + DIGITS;
const URL = ALNUM + "-_";
const BASE64 = ALNUM + "+/";

const pick = <T>(random: PythonRandom, choices: readonly T[]): T =>
  choices[random.randbelow(choices.length)]!;
const assigned = (
  random: PythonRandom,
  value: string,
  names = ["key", "token", "client", "value", "auth"],
): Labelled => {
  const [open, close] = pick(random, [[" = '", "'"], [': "', '"'], ['="', '"'], [" => '", "'"]] as const);
  return { before: pick(random, names) + open, value, after: close };
};
const bare = (value: string, before = "", after = ""): Labelled => ({ before, value, after });
const checked = (random: PythonRandom, prefix: string) => {
  const body = drawText(random, ALNUM, 30);
  return `${prefix}${body}${tokenChecksum(body)}`;
};
const name = (random: PythonRandom) => drawText(random, "bdfgklmnprstvz", 1) + drawText(random, "aeiou", 1);
const word = (random: PythonRandom) => name(random) + name(random) + name(random);

/** Secrets by kind, with the tag that they should get. */
export const SECRET_KINDS: Readonly<Record<string, { tag: string; make: Make }>> = {
  "e-mail": {
    tag: "EMAIL",
    make: (r) =>
      bare(
        `${word(r)}.${word(r)}@${word(r)}.${pick(r, ["de", "org", "io", "co.uk"])}`,
        pick(r, ["# ", "mail = '", "<", "Author: "]),
        pick(r, [" ", "'", ">", ""]),
      ),
  },
  "IPv4": {
    tag: "IP_ADDRESS",
    make: (r) =>
      bare(
        [pick(r, [20, 34, 51, 81, 93, 140, 203]), ...[0, 1, 2].map(() => 1 + r.randbelow(250))].join("."),
        pick(r, ["host = '", "ping ", "server: ", '"']),
        pick(r, ["'", " ", "", '"']),
      ),
  },
  "IPv6": {
    tag: "IP_ADDRESS",
    make: (r) =>
      bare(
        `2001:${drawText(r, "89ab", 1)}${drawText(r, HEX, 2)}:${drawText(r, HEX, 4)}::${
          drawText(r, "123456789", 1)
        }${drawText(r, HEX, 3)}`,
        "addr = '",
        "'",
      ),
  },
  "GitHub": { tag: "KEY", make: (r) => assigned(r, checked(r, pick(r, ["ghp_", "gho_", "ghs_"]))) },
  "npm": {
    tag: "KEY",
    make: (r) =>
      pick(r, [
        assigned(r, checked(r, "npm_")),
        bare(checked(r, "npm_"), "//registry.invalid/:_auth" + "Token="),
      ]),
  },
  "GitLab": { tag: "KEY", make: (r) => assigned(r, `glpat-${drawText(r, URL, 20)}`) },
  "Docker Hub": { tag: "KEY", make: (r) => assigned(r, `dckr_pat_${drawText(r, URL, 27)}`) },
  "Hugging Face": { tag: "KEY", make: (r) => assigned(r, `hf_${drawText(r, UPPER + LOWER, 34)}`) },
  "Anthropic": { tag: "KEY", make: (r) => assigned(r, `sk-ant-api03-${drawText(r, URL, 93)}AA`) },
  "OpenAI": {
    tag: "KEY",
    make: (r) => assigned(r, `sk-${drawText(r, ALNUM, 20)}T3Blbk${"FJ"}${drawText(r, ALNUM, 20)}`),
  },
  "Google": { tag: "KEY", make: (r) => assigned(r, `AIza${drawText(r, URL, 35)}`) },
  "AWS id": { tag: "KEY", make: (r) => assigned(r, `AKIA${drawText(r, UPPER + "234567", 16)}`) },
  "AWS key": { tag: "KEY", make: (r) => bare(drawText(r, BASE64, 40), "aws_secret_access_key = '", "'") },
  "Azure storage": {
    tag: "KEY",
    make: (r) =>
      bare(`${drawText(r, BASE64, 86)}==`, `"AccountName=${word(r)};Account${"Key"}=`, ';Endpoint=x"'),
  },
  "Azure SAS": {
    tag: "KEY",
    make: (r) =>
      bare(`${drawText(r, ALNUM, 43)}%3D`, "https://a.blob.core.invalid/c?sv=2024-11-04&ss=b&sig=", "'"),
  },
  "Databricks": { tag: "KEY", make: (r) => assigned(r, `dapi${drawText(r, HEX, 32)}`) },
  "Slack": {
    tag: "KEY",
    make: (r) =>
      assigned(r, `xoxb-${drawText(r, DIGITS, 12)}-${drawText(r, DIGITS, 12)}-${drawText(r, ALNUM, 24)}`),
  },
  "Stripe": { tag: "KEY", make: (r) => assigned(r, `sk_${"live"}_${drawText(r, ALNUM, 24)}`) },
  "SendGrid": { tag: "KEY", make: (r) => assigned(r, `SG.${drawText(r, URL, 22)}.${drawText(r, URL, 43)}`) },
  "PyPI": { tag: "KEY", make: (r) => assigned(r, `pypi-AgEIcHlwaS5${"vcmc"}${drawText(r, URL, 80)}`) },
  "Telegram": {
    tag: "KEY",
    make: (r) => assigned(r, `${1 + r.randbelow(9)}${drawText(r, DIGITS, 8)}:AA${drawText(r, URL, 33)}`),
  },
  "Discord": {
    tag: "KEY",
    make: (r) => assigned(r, `M${drawText(r, ALNUM, 23)}.${drawText(r, URL, 6)}.${drawText(r, URL, 27)}`),
  },
  "Mailchimp": { tag: "KEY", make: (r) => assigned(r, `${drawText(r, HEX, 32)}-us${1 + r.randbelow(20)}`) },
  "Twilio": { tag: "KEY", make: (r) => assigned(r, `SK${drawText(r, HEX, 32)}`) },
  "JWT": {
    tag: "KEY",
    make: (r) =>
      assigned(
        r,
        `${encodeJwtPart({ alg: "HS256", typ: "JWT" })}.${
          encodeJwtPart({ sub: drawText(r, DIGITS, 10), name: word(r) })
        }.${drawText(r, URL, 43)}`,
      ),
  },
  "private key": {
    tag: "KEY",
    make: (r) =>
      bare(
        `-----BEGIN RSA PRIVATE${" KEY"}-----\nMIIEpAIBAAKCAQEA${drawText(r, BASE64, 48)}\n${
          Array.from({ length: 8 }, () => drawText(r, BASE64, 64)).join("\n")
        }\n-----END RSA PRIVATE${" KEY"}-----`,
      ),
  },
  "password in a URL": {
    tag: "KEY",
    make: (r) =>
      bare(
        drawText(r, ALNUM, 6) + r.randbelow(10) + drawText(r, ALNUM, 6),
        `db = "${pick(r, ["postgres", "mysql", "amqp", "https"])}://${word(r)}:`,
        `@${word(r)}.invalid/x"`,
      ),
  },
  "named value": {
    tag: "KEY",
    make: (r) =>
      assigned(r, drawText(r, ALNUM, 8 + r.randbelow(24)) + r.randbelow(10), [
        "api_key",
        "SECRET_KEY",
        "password",
        "clientSecret",
        "access_token",
      ]),
  },
  "base64 string": { tag: "KEY", make: (r) => assigned(r, drawText(r, BASE64, 44), ["seed", "blob", "k"]) },
  "hex string": { tag: "KEY", make: (r) => assigned(r, drawText(r, HEX, 48), ["seed", "nonce", "k"]) },
};

/** What is no secret, by kind. */
export const HARMLESS_KINDS: Readonly<Record<string, Make>> = {
  "hash, named": (r) =>
    bare(drawText(r, HEX, pick(r, [32, 40, 64])), pick(r, ["sha256 = '", 'md5: "', "digest = '"]), "'"),
  "hash, unnamed": (r) =>
    bare(drawText(r, HEX, pick(r, [40, 64])), pick(r, ["rev = '", '"resolved": "', "ref: '"]), "'"),
  "integrity": (r) => bare(`sha512-${drawText(r, BASE64, 86)}==`, '"integrity": "', '"'),
  "UUID": (r) => bare([8, 4, 4, 4, 12].map((n) => drawText(r, HEX, n)).join("-"), "id = '", "'"),
  "placeholder": (r) =>
    assigned(
      r,
      pick(r, [
        "your-api-key-here",
        "changeme123456",
        "xxxxxxxxxxxxxxxxxxxxxxxx",
        "<API_TOKEN_GOES_HERE>",
        "${SECRET_KEY}",
        "{{ vault_password }}",
        "EXAMPLEKEY1234567890abcd",
      ]),
      ["api_key", "password", "token"],
    ),
  "wrong checksum": (r) => assigned(r, pick(r, ["ghp_", "npm_"]) + drawText(r, ALNUM, 36)),
  "alphabet": (r) =>
    assigned(
      r,
      pick(r, [UPPER + LOWER + DIGITS + "+/", "0123456789abcdefghijklmnopqrstuv", LOWER + DIGITS]),
      ["alphabet", "chars"],
    ),
  "image data": (r) => bare(`iVBORw0KGgo${drawText(r, BASE64, 120)}==`, "src = 'data:image/png;base64,", "'"),
  "identifier": (r) =>
    assigned(r, [word(r), word(r), word(r), word(r)].map((w) => w[0]!.toUpperCase() + w.slice(1)).join(""), [
      "name",
      "component",
      "token_type",
    ]),
  "path": (r) =>
    assigned(r, `${word(r)}/${word(r)}/${word(r)}_${word(r)}.${pick(r, ["py", "json"])}`, [
      "path",
      "key",
      "token_file",
    ]),
  "words": (r) => assigned(r, Array.from({ length: 6 }, () => word(r)).join("_"), ["key", "setting"]),
  "public key": (r) =>
    bare(`-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkq${drawText(r, BASE64, 52)}\n-----END PUBLIC KEY-----`),
  "private key, cut": () =>
    bare(`-----BEGIN RSA PRIVATE${" KEY"}-----\n...\n-----END RSA PRIVATE${" KEY"}-----`),
  "URL with a stock password": (r) =>
    bare(
      pick(r, [
        "postgres://postgres:postgres@localhost/x",
        "redis://:password@cache/0",
        "mysql://root:${PASS}@db/x",
      ]),
      '"',
      '"',
    ),
  "version": (r) =>
    bare(
      [1, 2, 3, 4].map(() => r.randbelow(9)).join("."),
      pick(r, ["version ", 'v = "', "__version__ = '"]),
      " ",
    ),
  "long version": (r) =>
    bare(
      [10 + r.randbelow(90), r.randbelow(30), r.randbelow(4000), r.randbelow(200)].join("."),
      pick(r, ["Chrome/", "version ", "v"]),
      " ",
    ),
  "local address": (r) =>
    bare(pick(r, ["127.0.0.1", "192.168.1.20", "10.1.2.3", "0.0.0.0", "255.255.255.0"]), "bind = '", "'"),
  "scope or time": (r) => bare(pick(r, ["std::fe::ab", "12:34:56", "a::b::c", "de:ad:be:ef:00:01"]), "", " "),
  "e-mail of an example": (r) =>
    bare(pick(r, ["user@example.com", "test@example.org", "you@example.net"]), "<", ">"),
  "file with an @": (r) => bare(`${word(r)}@2x.png`, "src = '", "'"),
  "git address": (r) => bare(`git@github.com:${word(r)}/${word(r)}.git`, "", " "),
  "decorator": (r) => bare(`@${word(r)}.route`, "", "('/x')"),
  "JWT without algorithm": (r) =>
    assigned(r, `${encodeJwtPart({ a: 1 })}.${encodeJwtPart({ b: 2 })}.`, ["sample"]),
};
