import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./run_cli.ts";

const MAIN = fileURLToPath(new URL("../../lib/cli/main.ts", import.meta.url));
const TOKEN = ["QZ7xK2vJ9mWq4bXf", "8pTzR3hLw6cNgYd5"].join("");

/** What a user's shell may set, and what it does before the command. */
const SURROUNDINGS: readonly [name: string, env: Record<string, string>, before?: string][] = [
  ["plain", {}],
  ["another time zone", { TZ: "Pacific/Kiritimati" }],
  ["a time zone that is none", { TZ: "nowhere" }],
  ["Turkish, where I is no upper case of i", { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" }],
  ["no UTF-8", { LC_ALL: "C", LANG: "C" }],
  ["a narrow terminal", { COLUMNS: "1", TERM: "dumb" }],
  ["nobody but the owner may read", {}, "umask 077"],
  ["no home", {}, "unset HOME"],
  ["stdout closed", {}, "exec >&-"],
];

Deno.test("codescrub detect gives the same whatever surrounds it", async () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(join(folder.path, "src"));
  const names = ["i.py", "I.py", "ı.py", "İ.py", "z.py", "ä.py"]; // their order is no locale's
  for (const name of names) {
    Deno.writeTextFileSync(join(folder.path, "src", name), `KEY = '${TOKEN}'\n# ada@mail.invalid\n`);
  }
  const runs = await Promise.all(SURROUNDINGS.map(async ([name, env, before = ":"], i) => {
    const out = join(folder.path, `${i}.jsonl`);
    const args = [
      "run",
      "-q",
      "--no-check",
      "--no-prompt",
      "-P=codescrub",
      MAIN,
      "detect",
      join(folder.path, "src"),
    ];
    const { code, stderr } = await new Deno.Command("sh", {
      args: ["-c", `${before}; exec "$@"`, "sh", Deno.execPath(), ...args, "--out", out, "--workers", "1"],
      env: { CODESCRUB_KEY: "a key of enough bytes", CODESCRUB_CACHE: join(folder.path, "cache"), ...env },
      stdin: "null",
      stdout: "null",
    }).output();
    const errors = new TextDecoder().decode(stderr).replace(/^Detecting: .*\n/gm, "");
    return { name, code, errors, text: code === 0 ? Deno.readTextFileSync(out) : "" };
  }));
  const { text } = runs[0]!;
  for (const run of runs) assertEquals(run, { name: run.name, code: 0, errors: "", text });
  assertEquals(text.trimEnd().split("\n").length, 2 * names.length);
});
