import { assertEquals, assertMatch } from "@std/assert";
import { existsSync } from "node:fs";
import { crawlRepositories } from "../../lib/cli/crawl_run.ts";
import { openRepositories } from "../../lib/cli/collect_repositories.ts";
import { createProgress } from "../../lib/cli/progress.ts";
import { resolveCorpus } from "../../lib/datasets/resolve_corpus.ts";
import { readTable } from "../../lib/datasets/tables.ts";
import { lua, makeRepository, repositoryPath } from "../collection/git_repositories.ts";
import { limited, type ServedRepository, serveGithub, TOKEN } from "../collection/github_server.ts";
import { callMain } from "./call_main.ts";
import { killWithParts } from "./kill_with_parts.ts";
import { runCli, temporaryFolder } from "./run_cli.ts";

/** The environment with a token, or another, until it is disposed. */
function withToken(token = TOKEN): Disposable {
  const before = ["GITHUB_TOKEN", "GH_TOKEN"].map((name) => [name, Deno.env.get(name)] as const);
  for (const [name] of before) Deno.env.delete(name);
  if (token) Deno.env.set("GITHUB_TOKEN", token);
  return {
    [Symbol.dispose]: () => {
      for (const [name, value] of before) {
        value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
      }
    },
  };
}

/** Cargo's folder, until it is disposed. */
function withCargo(folder: string): Disposable {
  const before = Deno.env.get("CARGO_HOME");
  Deno.env.set("CARGO_HOME", folder);
  return {
    [Symbol.dispose]: () =>
      before === undefined ? Deno.env.delete("CARGO_HOME") : Deno.env.set("CARGO_HOME", before),
  };
}

/** Repositories with a few files each, in a folder for git's server. */
async function makeRepositories(folder: string, count: number): Promise<ServedRepository[]> {
  const all: ServedRepository[] = [];
  for (let i = 0; i < count; i++) {
    const repo = `ada/r-${i}.x`;
    Deno.mkdirSync(`${folder}/ada`, { recursive: true });
    await makeRepository(repositoryPath(folder, repo), {
      "a.lua": lua(i),
      "b/c.lua": lua(100 + i),
      "x.py": "",
    });
    all.push({ repo, stars: 900 - i, created: "2024-02-29T12:00:00Z", licence: i === 0 ? "MIT" : undefined });
  }
  return all;
}

const CRAWL = ["crawl", "--language", "lua", "--created-after", "2023-06-01", "--min-stars", "1"];

Deno.test("crawl and collect make a corpus of a GitHub's repositories, the same after a kill", async () => {
  using folder = temporaryFolder();
  using _token = withToken();
  const path = (name: string) => `${folder.path}/${name}`;
  const repositories = await makeRepositories(path("served"), 5);
  repositories.push({ ...repositories[0]!, repo: "ada/gone", stars: 5 });
  await using server = serveGithub({ repositories, folder: path("served") });
  const crawled = await callMain([...CRAWL, "--endpoint", server.endpoint, "--out", path("repos.parquet")]);
  assertEquals([crawled.code, crawled.stdout], [0, "6 repositories of Lua\n"], crawled.stderr);
  const rows = (await readTable(path("repos.parquet"))).toRecords();
  assertEquals(rows.map(({ repo }) => repo), repositories.map(({ repo }) => repo));
  const collect = ["collect", "--repos", path("repos.parquet"), "--workers", "2"];
  const whole = await callMain([...collect, "--out", path("whole"), "--json"]);
  assertEquals(whole.code, 0, whole.stderr);
  const summary = JSON.parse(whole.stdout.trim().split("\n").at(-1)!);
  assertEquals([summary.documents, summary.sources, summary.failed], [10, 6, { "not found": 1 }]);
  const names = [...Deno.readDirSync(path("whole"))].map(({ name }) => name).sort();
  assertEquals(names, ["documents-00000.jsonl.gz", "run.json", "sources.csv"]);
  const source = await resolveCorpus(path("whole"));
  assertEquals(source.columns, { text: "content", id: ["doc_id"], path: "path" });
  const documents = (await readTable(path("whole/documents-00000.jsonl.gz"))).toRecords();
  assertEquals(documents[1], {
    doc_id: "ada/r-0.x/b/c.lua",
    repo: "ada/r-0.x",
    path: "b/c.lua",
    content: lua(100),
    licence: "MIT",
    created: "2024-02-29T12:00:00Z",
    language: "Lua",
  });
  await killWithParts(collect, "killed", { cwd: folder.path, parts: "killed/parts" });
  assertEquals(existsSync(path("killed/run.json")), true);
  const again = await callMain([...collect, "--out", path("killed")]);
  assertEquals(again.code, 0, again.stderr);
  for (const name of ["documents-00000.jsonl.gz", "sources.csv"]) {
    assertEquals(Deno.readFileSync(path(`killed/${name}`)), Deno.readFileSync(path(`whole/${name}`)), name);
  }
});

Deno.test("crawl goes on from the page where it was stopped, and its token is nowhere", async () => {
  using folder = temporaryFolder();
  using _token = withToken();
  const repositories = Array.from({ length: 250 }, (_, i) => ({
    ...{ repo: `ada/r${i}`, stars: 900 - i, created: "2024-02-29T12:00:00Z" },
  }));
  let isBroken = true;
  await using server = serveGithub({
    repositories,
    answer: (_, number) => isBroken && number === 2 ? limited(404) : undefined,
  });
  const args = [...CRAWL, "--endpoint", server.endpoint, "--out", `${folder.path}/repos.csv`];
  const stopped = await callMain(args);
  assertEquals(stopped.code, 1);
  assertMatch(
    stopped.stderr,
    /\ncodescrub: Cannot search "127\.0\.0\.1:\d+": it answers 404: check --endpoint\n$/,
  );
  isBroken = false;
  const finished = await callMain(args);
  assertEquals([finished.code, finished.stdout], [0, "250 repositories of Lua\n"], finished.stderr);
  assertEquals(server.seen.length, 4, "two pages, the one that failed, and that again");
  assertEquals(server.seen.map(({ cursor }) => cursor === null), [true, false, false, false]);
  const other = await callMain([...args, "--min-stars", "2"]);
  assertMatch(other.stderr, /repos\.csv": it is there already: give --force to replace it\n$/);
  for (const { stderr, stdout } of [stopped, finished, other]) {
    assertEquals((stdout + stderr).includes(TOKEN), false);
  }
  const { stdout } = await new Deno.Command("grep", { args: ["-r", TOKEN, folder.path] }).output();
  assertEquals(new TextDecoder().decode(stdout), "");
});

Deno.test("crawl and collect refuse bad input in one line, and write nothing", async () => {
  using folder = temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  await using server = serveGithub({ repositories: [] });
  const files: { [name: string]: string } = {
    "list.txt": "ada==1.0\n",
    "bad.txt": "ada\n; touch x\n",
    "twice.txt": "ada\nAda==1\n",
    "empty.txt": "# nothing\r\n",
    "repos.csv": "repo,url,language\nada/a,https://git.example/ada/a,Lua\n",
    "ext.csv": "repo,url,language\nada/a,ext::sh -c id,Lua\n",
    "secret.csv": "repo,url,language\nada/a,https://ada:hunter2@git.example/a,Lua\n",
    "none.csv": "repo,stars\nada/a,1\n",
    "plain.csv": "repo,url\nada/a,https://git.example/ada/a\n",
    "norows.csv": "repo,url,language\n",
    "same.csv": "repo,url,language\na/a,file:///a,Lua\na/a,file:///b,Lua\n",
  };
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(path(name), text);
  const crawl = [...CRAWL, "--endpoint", server.endpoint, "--out", path("out.csv")];
  const collect = (...args: string[]) => ["collect", ...args, "--out", path("out")];
  const packages = (name: string, ...more: string[]) =>
    collect("--from-packages", path(name), "--created-after", "2024-01-01", ...more);
  const cases: [args: string[], message: RegExp, code?: number, token?: string][] = [
    [crawl, /Cannot search GitHub without a token: set GITHUB_TOKEN/, 1, ""],
    [crawl, /it refuses the token: renew GITHUB_TOKEN/, 1, "made-up-other-token"],
    [crawl, /no repository of Lua after 2023-06-01 has 1 stars/],
    [[...crawl, "--language", "Klingon"], /Unknown language "Klingon": expected a name of GitHub's/, 2],
    [[...crawl, "--created-after", "June"], /Cannot read the day "June": one such as 2023-06-01/, 2],
    [[...crawl, "--endpoint", "http://git.example/"], /Cannot use --endpoint: an address such as/],
    [[...crawl, "--endpoint", "https://git.example/"], /may not connect to it: add --allow-net=git\.example/],
    [collect(), /give either --repos or --from-packages/, 2],
    [collect("--repos", path("repos.csv"), "--from-packages", path("list.txt")), /give either/, 2],
    [collect("--repos", path("repos.csv"), "--created-after", "2024-01-01"), /crawl takes the day/, 2],
    [collect("--from-packages", path("list.txt")), /without --created-after/, 2],
    [collect("--repos", path("nothing.csv")), /nothing\.csv": no such file/],
    [collect("--repos", path("none.csv")), /it has no column "url"/],
    [collect("--repos", path("norows.csv")), /norows\.csv": it has no rows/],
    [collect("--repos", path("ext.csv")), /row 0: an address by https, http, ssh or file is needed/],
    [collect("--repos", path("secret.csv")), /row 0: an address without a password is needed/],
    [collect("--repos", path("same.csv")), /row 1: its name stands above already/],
    [collect("--repos", path("plain.csv")), /row 0 has no language: give --language/],
    [collect("--repos", path("repos.csv"), "--extension", "a/b"), /Cannot read --extension/, 2],
    [packages("bad.txt"), /bad\.txt": line 2 is no package of pypi/],
    [packages("twice.txt"), /twice\.txt": line 2 names one that stands above/],
    [packages("empty.txt"), /empty\.txt": it names none/],
    [packages("nothing.txt"), /nothing\.txt": no such file/],
    [packages("list.txt", "--registry", "maven"), /--registry/, 2],
    [packages("list.txt", "--registry", "crates"), /nothing names their index: give --index ADDRESS, or/],
    [packages("list.txt", "--registry", "crates", "--index", "a.example"), /--index: its index of packages/],
    [packages("list.txt", "--registry", "crates", "--index", "https://a:hunter2@a.example/"), /a password/],
    [
      packages("list.txt", "--registry", "crates", "--index", "https://a.example"),
      /this run may not connect to "a\.example:443": add --allow-net=a\.example:443 to Deno's options/,
    ],
    [packages("list.txt", "--index", "https://a.example/"), /Cannot use --index with --registry pypi/, 2],
    [collect("--repos", path("repos.csv"), "--index", "https://a.example/"), /--index with --repos/, 2],
  ];
  using _cargo = withCargo(folder.path); // where no configuration is
  for (const [args, message, code = 1, token = TOKEN] of cases) {
    using _token = withToken(token);
    const before = [...Deno.readDirSync(folder.path)].length;
    const { code: found, stderr, stdout } = await callMain(args);
    const lines = stderr.trimEnd().split("\n").filter((line) => !/^(Searching|Collecting): /.test(line));
    assertEquals([found, lines.length, stdout], [code, 1, ""], `${args.join(" ")}: ${stderr}`);
    assertMatch(lines[0]!, message);
    assertEquals(/hunter2|made-up/.test(stderr), false);
    const left = [...Deno.readDirSync(folder.path)].map(({ name }) => name);
    if (!/no repository|refuses|may not/.test(String(message))) assertEquals(left.length, before, stderr);
    for (const name of left.filter((name) => name === ".codescrub")) {
      Deno.removeSync(path(name), { recursive: true });
    }
  }
});

Deno.test("--plan of crawl and collect asks or counts, and writes nothing", async () => {
  using folder = temporaryFolder();
  using _token = withToken();
  const path = (name: string) => `${folder.path}/${name}`;
  const one = { repo: "ada/a", stars: 9, created: "2024-02-29T12:00:00Z" };
  await using server = serveGithub({
    repositories: Array.from({ length: 3 }, (_, i) => ({ ...one, repo: `a/${i}` })),
  });
  const crawl = await callMain([...CRAWL, "--endpoint", server.endpoint, "--out", path("a.csv"), "--plan"]);
  assertMatch(crawl.stdout, /^Repositories: 3\nRequests: about 1, some 2 s; an hour has 5000\n$/);
  Deno.writeTextFileSync(path("l.txt"), "ada\n");
  const packages = ["--from-packages", path("l.txt"), "--created-after", "2024-01-01", "--out", path("out")];
  const collect = await callMain(["collect", ...packages, "--plan"]);
  assertMatch(collect.stdout, /^Packages: 1, 4 at once\n/);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["l.txt"]);
});

Deno.test("collect stops where the network is gone, and goes on with what it did not reach", async () => {
  const about = { created: null, licence: null, language: "Lua", kilobytes: null };
  const repositories = Array.from({ length: 6 }, (_, i) => ({
    ...about,
    ...{ repo: `a/${i}`, url: "http://127.0.0.1:1/a.git" },
  }));
  const rule = { language: "Lua", ends: [".lua"], maxBytes: 9, minTokens: 1 };
  using folder = temporaryFolder();
  const waits: number[] = [];
  const open = openRepositories({
    ...{ repositories, ruleOf: () => rule, maxBytes: 2 ** 20, seconds: 9, out: "code" },
    waitFor: (ms) => Promise.resolve(void waits.push(ms)),
  });
  const said: string[] = [];
  for (let i = 0; i < 5; i++) {
    const result = await open(i, `${folder.path}/${i}`, new AbortController().signal).catch((e: Error) =>
      e.message
    );
    said.push(typeof result === "string" ? result : "reason" in result ? result.reason! : "");
  }
  assertEquals(said.slice(0, 4), Array(4).fill("unreachable"));
  assertMatch(said[4]!, /5 repositories in a row cannot be reached: check the network and run it again/);
  assertEquals(waits.slice(0, 2), [2000, 10_000]);
});

Deno.test("crawl's permissions reach GitHub's host alone, and a broken state is told", async () => {
  using folder = temporaryFolder();
  const args = [...CRAWL, "--endpoint", "http://127.0.0.1:8123/graphql", "--out", "repos.csv"];
  const { code, stderr } = await runCli(args, { cwd: folder.path, env: { GITHUB_TOKEN: TOKEN } });
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /codescrub: Cannot search "127\.0\.0\.1:8123": this run may not connect to it: add --allow-net=/,
  );
  Deno.writeTextFileSync(`${folder.path}/state.json`, "{");
  const context = { progress: createProgress({ stream: { write: () => {}, isTTY: false, columns: 80 } }) };
  const search = { language: "Lua", createdAfter: "2023-06-01", minStars: 5 };
  const requests = { page: () => Promise.reject(new Error("not asked")) };
  const broken = await crawlRepositories({ search, limit: 1, requests, folder: folder.path }, {
    ...context,
    breathe: () => Promise.resolve(),
  }).catch((error: Error) => error.message);
  assertMatch(String(broken), /Cannot go on from ".*state\.json": .*: give --force to begin anew/);
});
