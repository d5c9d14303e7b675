/**
 * Rules for passwords where they stand without a name.
 *
 * @module
 */
import { isGibberish } from "../gibberish.ts";
import type { SecretRule } from "./secret_rule.ts";

/** Whether a value may be a password: no reference to one, no word that stands for one. */
function mayBePassword(value: string): boolean {
  return value.length >= 4 &&
    !/^[$%{<]|^\*+$|^fake|^(?:your|proxy|join|unjoin)[-_]?(?:pass(?:word)?|secret)$|^(?:pass(?:word|wd)?|pwd|secret|user(?:name)?|true|false|null|none|token|admin|root|guest|test)$/i
      .test(value) &&
    new Set(value).size > 2 && !/^\W+$/.test(value);
}

/** The rows. */
export const PASSWORD_RULES: readonly SecretRule[] = [
  {
    id: "CurlPassword",
    description: "user and password of an HTTP client, on a command line",
    tag: "PASSWORD",
    pattern:
      /\b(?:curl|wget|http|https|restic|lftp)\b(?:[^\n|;&\\]|\\\n|\\.){0,300}?(?<=\s)(?:-u|--user|--auth|--proxy-user)[ =]{0,2}["']?[^\s:"'$]{0,64}["']?:["']?((?![$<{[])[^\s"'`]{4,128}?)["']?(?=\s|$|\\)/gm,
    mark: /-u|--user|--auth|--proxy-user/,
    check: mayBePassword,
    examples: [
      "curl -u user:«Sup3r<a4>» https://a.invalid",
      "curl -s --user 'bob:«<a12>»' x",
      "curl https://a.invalid \\\n  -u bob:«<a12>»",
      "curl --user bob:'«<a12>»' x",
      'curl -u ":«<a9>!t»" x',
    ],
    counterExamples: [
      "curl -u user:$PASS https://a.invalid",
      "curl -u user https://a.invalid",
      "curl -u user:<pass> x",
    ],
  },
  {
    id: "ConnectionString",
    description: "password of a connection string of .NET, ODBC or a message queue",
    tag: "PASSWORD",
    pattern:
      /\b(?:Server|Data Source|Host|Uid|User ?Id|User ?Name|User|Driver|DSN|Database|Initial Catalog|Provider|Addr(?:ess)?|Port)\s{0,2}=[^\n]{0,300}?;\s{0,4}(?:["'] {0,2}[&+.] {0,2}["'])?(?:Password|Pwd)\s{0,2}=\s{0,2}((?![${%<(])[^;"'`\s<>]{3,128})/gi,
    mark: /Password|Pwd/i,
    check: mayBePassword,
    examples: ["Server=db;Uid=app;Pwd=«<a12>»;", 'x = "Data Source=db;User Id=a;Password=«<a10>!»"'],
    counterExamples: ["Server=db;Uid=app;Pwd=${PWD};", "Server=db;Uid=app;Pwd=;"],
  },
  {
    id: "ConnectionString",
    description: "password of a connection string that begins with it",
    tag: "PASSWORD",
    pattern:
      /\b(?:Password|Pwd)\s{0,2}=\s{0,2}((?![${%<])[^;"'`\s<>&]{3,128});\s{0,4}(?:Server|Data Source|Host|Uid|User ?Id|User|Database|Initial Catalog|Persist Security Info|Pooling|Integrated|Encrypt)\b/gi,
    mark: /Password|Pwd/i,
    check: mayBePassword,
    examples: ["Password=«<a12>»;Persist Security Info=True;User ID=sa"],
    counterExamples: ["Password=;User ID=sa"],
  },
  {
    id: "ConnectionString",
    description: "password of PostgreSQL's connection strings",
    tag: "PASSWORD",
    pattern:
      /\b(?:host|user|dbname|port|sslmode)=[^\s"',()]{1,100} {1,2}(?:\w{1,20}=[^\s"',()]{0,100} {1,2}){0,5}password=((?![${%<])[^\s"'`&;,()]{4,128})(?![,(])/g,
    mark: /password=/,
    check: mayBePassword,
    examples: ['"host=db user=app password=«<a10>7» dbname=x"'],
    counterExamples: ['"host=db user=app password=$PASS dbname=x"', "f(host=a, user=b, password=<a12>)"],
  },
  {
    id: "CredentialCall",
    description: "password given to a function that takes a user and one",
    tag: "PASSWORD",
    pattern:
      /\b(?:NetworkCredential|UsernamePasswordCredentials|PasswordAuthentication|HTTPBasicAuth|BasicAuth|basic_auth|SetBasicAuth|PlainAuth|getConnection|createConnection|ssh_connect|login|mysqli_connect|mysqli|mysql_connect|credentials|CredentialsProvider\.Create|PlainTextAuthProvider|DirectoryEntry)\s?\(\s{0,40}(?:["'][^"'\n]{0,120}["']\s{0,4},\s{0,40}){1,3}["']([^"'\s]{5,128})["'](?!\s{0,4},\s{0,40}["'])/g,
    mark:
      /Credential|PasswordAuthentication|BasicAuth|basic_auth|PlainAuth|Connection|_connect|login|mysqli|credentials|PlainText|DirectoryEntry/,
    check: (value) =>
      mayBePassword(value) && (/\d|[^A-Za-z0-9_.]/.test(value) || value.length >= 10 && isGibberish(value)) &&
      !/^[\w-]+(?:\.[\w-]+)+(?::\d+)?$|^[/.]/.test(value),
    examples: ['new NetworkCredential("u", "«p<a11>7»")', "HTTPBasicAuth('bob', '«<a10>7!»')"],
    counterExamples: ['new NetworkCredential("u", "password")', 'login("bob", "db.a.invalid:5432")'],
  },
  {
    id: "Netrc",
    description: "password of a .netrc file",
    tag: "PASSWORD",
    pattern:
      /\b(?:machine\s{1,9}[\w.:-]{1,200}|default)\s{1,9}login\s{1,9}[^\s]{1,100}\s{1,9}password\s{1,9}([^\s]{4,128})/g,
    mark: /machine|default/,
    check: mayBePassword,
    examples: [
      "machine a.invalid login bob password «<a12>»",
      "machine a.invalid\n  login bob\n  password «<a12>»",
    ],
    counterExamples: ["machine a.invalid login bob password $PASS"],
  },
  {
    id: "Pgpass",
    description: "line of a .pgpass file",
    tag: "PASSWORD",
    pattern: /^(?:[\w.-]{1,200}|\*):(?:5432|5433|6432|\*):(?:\w{1,64}|\*):\w{1,64}:([^\s:#"',]{5,128})$/gm,
    mark: /:(?:5432|5433|6432|\*):/,
    check: mayBePassword,
    examples: ["localhost:5432:app:bob:«<a12>»\n", "*:*:*:bob:«<a9>7»"],
    counterExamples: ["a:5432:b:c:", "localhost:8080:app:bob:<a12>"],
  },
  {
    id: "ShellPassword",
    description: "password on a command line",
    tag: "PASSWORD",
    pattern:
      /(?<![\w-])(?:--?(?:password|passwd|passphrase|pass|pwd|token|api-?key|secret|auth-token|access-token|client-secret))[ =]["']?((?!#\{|[${<%(\-/]|["'])[^\s"'`;|&)<>]{6,128})/gi,
    mark:
      /-(?:password|passwd|passphrase|pass|pwd|token|api-?key|secret|auth-token|access-token|client-secret)/i,
    check: (value) =>
      mayBePassword(value) && /\d|[!@#^*]/.test(value) && /[a-z]/i.test(value) &&
      !/^[\w-]+\.\w{1,5}$|^[A-Z]+\d?$|^[a-z_]+[.(]/.test(value),
    examples: ["app --password «hunter2hunter2»", "x --token=«<a30>7»", "-pass «S3cret<a4>»"],
    counterExamples: [
      "app --password $PASS",
      "app --password file.txt",
      "app --password PASSWORD",
      "--token <token>",
    ],
  },
  {
    id: "ShellPassword",
    description: "password of a client of a database or of sshpass, glued to its option",
    tag: "PASSWORD",
    pattern:
      /\b(?:mysql(?:dump|admin)?|mariadb|sshpass|mongo(?:sh|dump|restore)?|docker login|redis-cli|smbclient|psexec(?:\.exe)?|net use|az login|psql)\b[^\n|;&]{0,200}?\s(?:-p|-a|\/p:)\s?["']?((?![${<%(\-/]|["'])[^\s"'`;|&)<>]{4,128})/g,
    mark: /-p|-a|\/p:/,
    check: (value) =>
      mayBePassword(value) && /\d|[!@#^*]/.test(value) &&
      !/^\d{1,5}$|^[\w-]+\.\w{1,5}$|^\d+:\d+$/.test(value),
    examples: [
      "mysql -u root -p«S3cret99»",
      "sshpass -p «hunter<d3>» ssh a",
      "docker login -u bob -p «<a12>7» x",
    ],
    counterExamples: ["mysql -u root -p", "mongo -p 27017", "docker login -u bob -p $PASS"],
  },
];
