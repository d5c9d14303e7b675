/**
 * Rules for passwords in sentences, and of users on command lines, where they may be words.
 *
 * @module
 */
import { isRandom } from "../value_checks.ts";
import { isWordPassword } from "../word_passwords.ts";
import type { SecretRule } from "./secret_rule.ts";

/** The rows. */
export const PROSE_RULES: readonly SecretRule[] = [
  {
    id: "ProsePassword",
    description: "password that a sentence tells, in quotes",
    tag: "PASSWORD",
    pattern:
      /\b(?:password|passphrase|passcode)(?: (?:for|of) [^\n"'`]{0,40}(?:["'`][^"'`\s]{1,60}["'`])?)?\s{1,2}(?:is|was|will be|set to)(?: set to)?\s{1,2}["'`]([^\s"'`<>{}()$%]{4,64})["'`]/gi,
    mark: /password|passphrase|passcode/i,
    isAtMark: true,
    check: isWordPassword,
    examples: [
      "The password is '«Hunter<d3>»'",
      'The default password for the user "bob" is "«quetzal<d1>»".',
      "ensure the password is `«centipede»` and go on",
    ],
    counterExamples: [
      "The password is 'required'",
      "The password is '<L3>'",
      "Your password is 'invalid'",
      "password is not 'known'",
    ],
  },
  {
    id: "ProsePassword",
    description: "password that a sentence tells beside its user, both in quotes",
    tag: "PASSWORD",
    pattern:
      /\bpassword (?:for|of)(?: the)? user ["'`][^"'`\s]{1,60}["'`] (?:is|to) ["'`]([^\s"'`<>{}()$%]{4,64})["'`]/gi,
    mark: /password/i,
    isAtMark: true,
    check: (value) =>
      /[a-z]/i.test(value) && !/^(?:required|invalid|password|secret|empty|none|null)$/i.test(value),
    examples: ["the password for user 'postgres' is '«admin»'"],
    counterExamples: ["the password for user 'postgres' is 'required'"],
  },
  {
    id: "ProsePassword",
    description: "password that a program made and tells on a line of its own",
    tag: "PASSWORD",
    pattern: /\bpassword[^\n:"'{}();=]{0,60}:[ \t]{0,4}\r?\n\s{0,9}([A-Za-z0-9]{16,64})[ \t]{0,9}$/gm,
    mark: /password/,
    isAtMark: true,
    check: isRandom,
    examples: ["Please use the following password to proceed to installation:\n\n«<x32>»\n\nThis may also"],
    counterExamples: ["password:\n  type: string\n", "the password:\nmyDatabasePassword1\n"],
  },
  {
    id: "ShellPassword",
    description: "password that follows its user on a command line",
    tag: "PASSWORD",
    pattern:
      /(?<=[ \t])(?<!\b(?:mysql|mariadb)\w{0,9}\b[^\n|;&]{0,100})(?:-u(?:ser(?:name)?)?|\/u)[ :=]["']?[\w.@\\-]{1,80}["']?[ \t]{1,4}(?:-p|-pw|-pass|-password|\/p)[ \t:=]["']?((?![${<%(\-/"'])[^\s"'`;|&)<>]{4,128})/gi,
    mark: /-u[ :=]|-user|\/u[ :=]/i,
    isAtMark: true,
    check: (value) => /[a-z]/i.test(value) && !/^[\w.-]+:\d+$|^\d/.test(value) && isWordPassword(value),
    examples: [
      "psexec \\\\10.0.0.1 -u bob -p «braksha» cmd",
      "Connect-VIServer -Server a -User bob@a.local -Password «VMware<d2>!»",
    ],
    counterExamples: ["psexec \\\\h -u bob -p $Password cmd", "x -u bob -p 8080", "x -u bob -p PASSWORD"],
  },
];
