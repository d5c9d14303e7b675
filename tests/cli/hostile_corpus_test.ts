/** What a folder of others may hold to hang a reader, to lead it out, or to hide from it, in real processes. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { cliCommand, runCli, temporaryFolder } from "./run_cli.ts";
import { tiny } from "./tiny_cases.ts";

const PATTERNS = ["a*a*a*a*a*a*a*a*a*b", "**/".repeat(10) + "b"];
const EMAIL = ["ada.l", "mail.invalid"].join("@");
const OUTSIDE = ["eve.o", "mail.invalid"].join("@");

/** A folder `src` of an attacker beside a file that is none of its business. */
async function hostileFolder() {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  const write = (name: string, text: string) => Deno.writeTextFile(path(name), text);
  await Deno.mkdir(path("src/pipes"), { recursive: true });
  await write("outside.py", `mail = "${OUTSIDE}"\n`);
  await write(`src/${"a".repeat(60)}`, `mail = "${EMAIL}"\n`);
  await write("src/.gitignore", PATTERNS.join("\n"));
  await write("src/pipes/in.py", "x = 1\n");
  const script = String.raw`cd src; ln -s ../outside.py p.py; ln -s /etc/passwd q.py; ln -s .. up
    mkfifo pipes/.gitignore pipes/z.py; printf secret > "$(printf 'caf\351.py')"; mkdir "$(printf 'd\351')"`;
  const { success } = await new Deno.Command("bash", { args: ["-ec", script], cwd: folder.path }).output();
  assert(success);
  const env = { CODESCRUB_CACHE: path("cache"), CODESCRUB_KEY: "a key of enough bytes" };
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli([...args, "--json"], { cwd: folder.path, env });
    assertEquals(code, 0, stderr);
    return JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
  };
  return { path, env, cwd: folder.path, run, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

Deno.test({
  name:
    "detect and redact are neither held up by a hostile folder nor led out of it, and count what they left",
  ignore: Deno.build.os !== "linux", // other systems have no names that are not UTF-8
}, async () => {
  using at = await hostileFolder();
  await Deno.writeTextFile(at.path("allow.txt"), PATTERNS.map((pattern) => `path ${pattern}\n`).join(""));
  const exclude = PATTERNS.flatMap((pattern) => ["--exclude", pattern]);
  const found = await at.run(
    "detect",
    "src",
    "--allow",
    "allow.txt",
    ...exclude,
    "--out",
    "s.csv",
    "--reveal",
  );
  assertEquals([found.documents, found.spans], [3, 1]);
  assertEquals(found.skipped, {
    "file name is not UTF-8": 1,
    "folder name is not UTF-8": 1,
    "link out of the corpus": 3,
    "not a regular file": 2,
  });
  assertStringIncludes(await Deno.readTextFile(at.path("s.csv")), EMAIL);
  const clean = await at.run("redact", "src", "--secrets", "s.csv", ...exclude, "--out", "clean");
  assertEquals([clean.documents, clean.replaced, clean.left_out], [3, 1, 7]);
  const names = Array.from(Deno.readDirSync(at.path("clean")), ({ name }) => name).sort();
  assertEquals(names, [".gitignore", "a".repeat(60), "pipes"]);
});

Deno.test("a signal ends a walk that hostile rules make long", async () => {
  using at = await hostileFolder();
  await Deno.writeTextFile(at.path("src/.gitignore"), `${PATTERNS[0]}\n`.repeat(190_000)); // 4 MB
  for (let i = 0; i < 100; i++) await Deno.writeTextFile(at.path(`src/${"a".repeat(60)}${i}`), "");
  const child = cliCommand(["detect", "src", "--out", "s.csv"], at).spawn();
  const output = Promise.all([child.stdout, child.stderr].map((stream) => new Response(stream).text()));
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const start = Date.now();
  child.kill("SIGTERM");
  const { code } = await child.status;
  await output;
  assertEquals(code, 143);
  assert(Date.now() - start < 10_000, "the walk went on");
});

Deno.test("codescrub refuses a pipe in the place of any file at once", async () => {
  using at = await tiny();
  const pipe = at.path("pipe.jsonl");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  const refused = (what: string) => `Cannot read ${what} "${pipe}": it is a pipe, not a regular file`;
  await at.fail("detect", { corpus: pipe }, refused("corpus"));
  await at.fail("detect", { allow: pipe }, refused("allow-list"));
  await at.fail("detect", { bigrams: pipe }, refused("bigrams"));
  await at.fail("detect", { config: pipe }, refused("the options of"), 2);
  for (const [command, flag] of [["measure", "texts"], ["select", "corpus"]] as const) {
    await at.fail(command, { [flag]: pipe }, refused("corpus"));
  }
});
