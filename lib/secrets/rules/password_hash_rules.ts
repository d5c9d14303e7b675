/**
 * Rules for hashes of passwords.
 *
 * @module
 */
import type { SecretRule } from "./secret_rule.ts";

/** The rows. */
export const HASH_RULES: readonly SecretRule[] = [
  {
    id: "PasswordHash",
    description: "hash of a password, in the forms of crypt",
    tag: "HASH",
    mark: /\$2[abxy]?\$|\$[1568y9]\$|\$[SPH]\$|\$apr1|\$argon2|\$scrypt|\$pbkdf2|\$krb5|\$DCC2/,
    pattern:
      /(?<![\w$])\$(?:2[abxy]?\$\d\d\$[./A-Za-z0-9]{53}|[156y]\$(?:rounds=\d{1,9}\$)?[./A-Za-z0-9$]{0,40}\$[./A-Za-z0-9]{22,86}|y\$[./A-Za-z0-9]{1,9}\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}|apr1\$[./A-Za-z0-9]{1,8}\$[./A-Za-z0-9]{22}|argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{20,172}|scrypt\$[\w=,$+/.-]{30,200}|pbkdf2-sha\d{1,3}\$\d{1,9}\$[./A-Za-z0-9]{11,44}\$[./A-Za-z0-9]{27,86}|[SPH]\$[./A-Za-z0-9]{31,55}|8\$[./A-Za-z0-9]{14}\$[./A-Za-z0-9]{43}|9\$[./A-Za-z0-9]{14}\$[./A-Za-z0-9]{43}|krb5(?:asrep|tgs|pa)\$\d{1,2}\$[^\s"'<>]{40,4000}|DCC2\$\d{1,6}#[^#\s]{1,64}#[a-f0-9]{32})(?![\w/])/g,
    check: (value) => new Set(value).size > 9,
    examples: [
      "«$2b$12$<a53>»",
      "root:«$6$<a8>$<a86>»:18000:0:99999:7:::",
      "bob:«$apr1$<a8>$<a22>»",
      "«$argon2id$v=19$m=65536,t=2,p=1$<a22>$<a43>»",
      "enable secret 5 «$1$<a4>$<a22>»",
      "«$krb5tgs$23$*user$realm$test/spn*$<x32>$<x80>»",
      "«$P$<a31>»",
    ],
    counterExamples: ["$2b$12$<a20>", "$6$", "costs $5 or $6"],
  },
  {
    id: "PasswordHash",
    description: "hash of a password, in the forms of Django and Werkzeug",
    tag: "HASH",
    mark: /pbkdf2|bcrypt_sha256|scrypt|argon2|\{SSHA|\{SHA|\{SMD5|\{MD5|\{CRYPT/,
    pattern:
      /(?<![\w$])(?:(?:pbkdf2_sha(?:1|256)|bcrypt_sha256|scrypt|argon2)\$[\w$./+=,-]{20,40}\$?[\w$./+=-]{20,200}|pbkdf2:sha\d{1,3}(?::\d{1,9})?\$[\w./]{4,32}\$[a-f0-9]{40,128}|scrypt:\d+:\d+:\d+\$[\w./]{4,32}\$[a-f0-9]{64,128}|\{(?:SSHA|SHA|SSHA512|SMD5|MD5|CRYPT)\}[A-Za-z0-9+/$.=]{20,120})/g,
    check: (value) => new Set(value).size > 9,
    examples: [
      "'«pbkdf2_sha256$260000$<a22>$<b43>=»'",
      "«pbkdf2:sha256:150000$<a8>$<x64>»",
      "userPassword: «{SSHA}<b40>»",
    ],
    counterExamples: ["pbkdf2_sha256$", "{SSHA}"],
  },
  {
    id: "PasswordHash",
    description: "password of a Cisco or Juniper device",
    tag: "HASH",
    pattern:
      /(?:\b(?:password|secret|key|md5|ascii|server-key)\s{0,3} (?:7 ([01]\d[0-9A-F]{6,64})(?![\w])|4 ([./A-Za-z0-9]{43})(?!\w))|"?(\$9\$[A-Za-z0-9./-]{6,120})"?\s*;?\s*(?:##|$))/gm,
    mark: / 7 [01]\d[0-9A-F]{4}| 4 [./A-Za-z0-9]{20}|\$9\$/,
    examples: ["username bob password 7 «08<X12>»", "enable secret 4 «<a43>»"],
    counterExamples: ["password 7", "key 4 door"],
  },
  {
    id: "PasswordHash",
    description: "hashes of Windows, as tools that dump them write them",
    tag: "HASH",
    pattern: /:\d{1,9}:([a-fA-F0-9]{32}:[a-fA-F0-9]{32}):::/g,
    mark: /:::/,
    examples: ["Administrator:500:«<x32>:<x32>»:::"],
    counterExamples: ["a:1:<x32>:::"],
  },
  {
    id: "PasswordHash",
    description: "challenge and response of NetNTLM",
    tag: "HASH",
    pattern:
      /(?<=[\w$.-]::)[\w.-]{1,64}:([a-fA-F0-9]{16}:[a-fA-F0-9]{32}:[a-fA-F0-9]{64,1500}|[a-fA-F0-9]{48}:[a-fA-F0-9]{48}:[a-fA-F0-9]{16})/g,
    mark: /::/,
    examples: ["admin::N46iSNekpT:«<x16>:<x32>:<x100>»"],
    counterExamples: ["std::vector:<x16>"],
  },
];
