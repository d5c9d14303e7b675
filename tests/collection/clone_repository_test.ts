import { assertEquals, assertRejects } from "@std/assert";
import { type CloneOptions, cloneSources } from "../../lib/collection/clone_repository.ts";
import { GitError } from "../../lib/collection/git_command.ts";
import { temporaryFolder } from "../cli/run_cli.ts";
import { git, hostileFiles, lua, makeRepository } from "./git_repositories.ts";

const RULE = { language: "Lua", ends: [".lua"], maxBytes: 2 ** 20, minTokens: 100 };

/** What is collected of a repository, and what of it is left behind. */
async function collect(url: string, folder: string, more: Partial<CloneOptions> = {}) {
  const options = { rule: RULE, folder, maxBytes: 2 ** 28, seconds: 60, ...more };
  const { version, files, skipped } = await cloneSources(url, options);
  const found = await Array.fromAsync(files);
  return { version, found, skipped: Object.fromEntries([...skipped].sort()) };
}

Deno.test("cloneSources() takes the files of a hostile repository that are code, and does nothing that it asks for", async () => {
  using folder = temporaryFolder();
  const files = hostileFiles();
  for (const isFilterable of [true, false]) {
    const at = `${folder.path}/${isFilterable}`;
    Deno.mkdirSync(at);
    const url = await makeRepository(`${at}/hostile.git`, files, { isFilterable });
    const { version, found, skipped } = await collect(url, `${at}/clone`);
    assertEquals(version.length, 40);
    const names = ["-rf --upload-pack=touch x.lua", "a/..lua.lua", "crlf.LUA", "good.lua", "line\nbreak.lua"];
    assertEquals(found.map(({ path }) => path), names);
    assertEquals(found.map(({ text }) => text), names.map((name) => files[name]));
    assertEquals(skipped, {
      "Git LFS pointer": 1,
      "binary": 1,
      "link": 2,
      "name is not UTF-8": 1,
      "not UTF-8": 1,
      "submodule": 1,
      "too large": 1,
      "too short": 1,
    });
    assertEquals([...Deno.readDirSync(at)].map(({ name }) => name).sort(), ["clone", "hostile.git"]);
    const inClone = [...Deno.readDirSync(`${at}/clone`)].map(({ name }) => name);
    assertEquals(inClone.filter((name) => /lua|hooks|pwned/.test(name)), []);
  }
});

Deno.test("cloneSources() leaves the contents of other languages with a server that can leave them out", async () => {
  using folder = temporaryFolder();
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  const url = await makeRepository(`${folder.path}/a.git`, { "a.lua": lua(1), "noise.bin": noise });
  const bytes = async (path: string) => {
    const { stdout } = await new Deno.Command("du", { args: ["-sb", path] }).output();
    return parseInt(new TextDecoder().decode(stdout));
  };
  await collect(url, `${folder.path}/clone`);
  assertEquals(await bytes(`${folder.path}/clone/objects`) < 40_000, true);
});

Deno.test("cloneSources() tells what a repository fails by: gone, empty, damaged, too large", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  const fails = async (url: string, failure: string, more: Partial<CloneOptions> = {}) => {
    const error = await assertRejects(() => collect(url, path(`clone of ${failure}`), more), GitError);
    assertEquals(error.failure, failure);
  };
  await fails(`file://${path("gone.git")}`, "not found");
  await git(["init", "--quiet", "--bare", path("empty.git")]);
  await fails(`file://${path("empty.git")}`, "empty");
  const url = await makeRepository(path("damaged.git"), { "a.lua": lua(1) });
  const [pack] = [...Deno.readDirSync(path("damaged.git/objects"))].map(({ name }) => name).sort();
  for (const { name } of Deno.readDirSync(path(`damaged.git/objects/${pack}`))) {
    Deno.chmodSync(path(`damaged.git/objects/${pack}/${name}`), 0o644);
    Deno.writeTextFileSync(path(`damaged.git/objects/${pack}/${name}`), "damaged");
  }
  await fails(url, "broken");
  await fails("http://127.0.0.1:1/a.git", "unreachable");
});

/** A server of one repository that begins to answer and never ends. */
function endless(body: (controller: ReadableStreamDefaultController<Uint8Array>) => void) {
  const stop = new AbortController();
  const server = Deno.serve(
    {
      port: 0,
      hostname: "127.0.0.1",
      onListen: () => {},
      signal: stop.signal,
      onError: () => new Response(),
    },
    () =>
      new Response(new ReadableStream({ start: body }), {
        headers: { "content-type": "application/x-git-upload-pack-advertisement" },
      }),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/a.git`,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await server.finished;
    },
  };
}

Deno.test("cloneSources() gives up a repository that never ends, and stops git and its helpers", async () => {
  using folder = temporaryFolder();
  await using server = endless((controller) => controller.enqueue(new TextEncoder().encode("001e")));
  const started = performance.now();
  const error = await assertRejects(
    () => collect(server.url, `${folder.path}/clone`, { seconds: 0.2 }),
    GitError,
  );
  assertEquals(error.failure, "too long");
  assertEquals(performance.now() - started < 20_000, true);
  const stop = new AbortController();
  const waiting = collect(server.url, `${folder.path}/other`, { signal: stop.signal });
  setTimeout(() => stop.abort(new Error("stopped")), 200);
  await assertRejects(() => waiting, Error, "stopped");
  const { stdout } = await new Deno.Command("ps", { args: ["-eo", "args"] }).output();
  assertEquals(new TextDecoder().decode(stdout).includes(server.url), false, "a helper of git is left");
});
