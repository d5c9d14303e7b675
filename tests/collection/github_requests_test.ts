import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { GithubRequests, type GithubRequestsOptions } from "../../lib/collection/github_requests.ts";
import { beginSearch, nextRequest, takePage } from "../../lib/collection/search_windows.ts";
import {
  type GithubServerOptions,
  limited,
  type ServedRepository,
  serveGithub,
  TOKEN,
} from "./github_server.ts";

const ASKED = {
  query: "language:Lua fork:false created:>2023-06-01 stars:>=5 sort:stars",
  cursor: null,
  size: 10,
};
const ONE: ServedRepository = {
  repo: "ada/engine",
  stars: 7,
  created: "2024-02-29T12:00:00Z",
  licence: "MIT",
};

/** Requests whose waiting only is noted. */
async function ask(
  answer: GithubServerOptions["answer"],
  { token = TOKEN, ...more }: Partial<GithubRequestsOptions> = {},
) {
  await using server = serveGithub({ repositories: [ONE], answer });
  const waits: number[] = [];
  const requests = new GithubRequests({
    endpoint: server.endpoint,
    token,
    waitFor: (ms) => Promise.resolve(void waits.push(ms)),
    now: () => 1_000_000,
    ...more,
  });
  const page = await requests.page(ASKED).catch((error: Error) => error);
  return { page, waits, seen: server.seen, host: new URL(server.endpoint).host };
}

/** What is found at the second try, after the wait that the first answer asks for. */
const RETRIED: { [about: string]: [() => Response, wait: number] } = {
  "a secondary limit with a time": [() => limited(403, { "retry-after": "7" }), 7000],
  "a secondary limit without": [() => limited(403, {}, "You have exceeded a secondary rate limit."), 60_000],
  "too many requests": [() => limited(429, { "retry-after": "0" }), 0],
  "a primary limit": [
    () => limited(403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030" }),
    32_000,
  ],
  "a primary limit as GraphQL says it": [
    () =>
      Response.json({ errors: [{ type: "RATE_LIMITED", message: "x" }] }, {
        headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1010" },
      }),
    12_000,
  ],
  "a server in trouble": [() => new Response("<html>", { status: 502 }), 1000],
  "a search that was given up": [() => Response.json({ data: null, errors: [{ message: "timeout" }] }), 1000],
  "JSON that is cut": [() => new Response('{"data": {"search": {"repositoryCount"'), 1000],
  "no JSON": [() => new Response("<html>it works</html>"), 1000],
  "a connection that drops": [
    () => new Response(new ReadableStream({ start: (c) => c.error(new Error("dropped")) })),
    1000,
  ],
};

Deno.test("GithubRequests.page() asks again after a limit or a break, and waits as long as it is told", async () => {
  for (const [about, [first, wait]] of Object.entries(RETRIED)) {
    const { page, waits, seen } = await ask((_, number) => number === 0 ? first() : undefined);
    assertEquals(page instanceof Error ? page.message : page.found[0]?.repo, "ada/engine", about);
    assertEquals([waits, seen.length], [wait > 0 ? [wait] : [], 2], about);
  }
});

Deno.test("GithubRequests.page() gives up in one line, and no line holds the token", async () => {
  const always: [about: GithubServerOptions["answer"], message: RegExp, tries: number, token?: string][] = [
    [() => undefined, /it refuses the token: renew GITHUB_TOKEN$/, 1, "made-up-and-refused"],
    [() => limited(403), /it forbids the search: look at what the token may do$/, 1],
    [() => limited(429, { "retry-after": "1" }), /it was asked too often: run it again later/, 5],
    [() => limited(429, { "retry-after": "99999" }), /it was asked too often: run it again later/, 1],
    [
      () => new Response("[", { status: 200 }),
      /its answer is broken \(it ends too early\): run it again$/,
      5,
    ],
    [() => Response.json({ data: { search: {} } }), /its answer is not that of GitHub's search: check/, 5],
    [
      () => Response.json({ errors: [{ type: "INSUFFICIENT_SCOPES", message: TOKEN }] }),
      /it refuses the search \(INSUFFICIENT_SCOPES\)$/,
      1,
    ],
    [() => Response.redirect("http://localhost:4/"), /it leads elsewhere \(302\): name that address by/, 1],
    [() => new Response(TOKEN, { status: 404 }), /it answers 404: check --endpoint$/, 1],
  ];
  for (const [answer, message, tries, token] of always) {
    const { page, seen, host } = await ask(answer, token ? { token } : {});
    const said = (page as Error).message;
    assertEquals([message.test(said), seen.length], [true, tries], said);
    assertStringIncludes(said, `Cannot search "${host}": `);
    assertEquals(said.includes(TOKEN), false);
  }
});

Deno.test("GithubRequests.page() rests when the hour's requests are used up, and stops when told to", async () => {
  const last = { remaining: 0, resetAt: new Date(1_000_000 + 90_000).toISOString() };
  await using server = serveGithub({ repositories: [ONE] });
  const waits: number[] = [];
  const stop = new AbortController();
  const requests = new GithubRequests({
    endpoint: server.endpoint,
    token: ` ${TOKEN}\n`,
    signal: stop.signal,
    now: () => 1_000_000,
    waitFor: (ms) => Promise.resolve(void waits.push(ms)),
  });
  const { rateLimit: _, ...data } = (await (await fetch(server.endpoint, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ variables: ASKED }),
  })).json()).data;
  await using used = serveGithub({
    repositories: [ONE],
    answer: () => Response.json({ data: { ...data, rateLimit: last } }),
  });
  const careful = new GithubRequests({
    endpoint: used.endpoint,
    token: TOKEN,
    now: () => 1_000_000,
    waitFor: (ms) => Promise.resolve(void waits.push(ms)),
  });
  await careful.page(ASKED);
  await careful.page(ASKED);
  assertEquals(waits, [90_000]);
  stop.abort(new Error("stopped"));
  await assertRejects(() => requests.page(ASKED), Error, "stopped");
});

Deno.test("GithubRequests() sends a token to https only, and refuses what can be none", () => {
  const token = TOKEN;
  for (const endpoint of ["http://git.example/graphql", "https://ada:x@git.example/", "nonsense", ""]) {
    assertThrows(() => new GithubRequests({ token, endpoint }), RangeError, "Cannot use --endpoint");
  }
  assertThrows(() => new GithubRequests({ token: "a b" }), RangeError, "characters that no token has");
});

/** Repositories with many ties: more than a search lists have the same number of stars. */
function manyRepositories(): ServedRepository[] {
  return Array.from({ length: 5200 }, (_, i) => ({
    repo: `ada/r${i}`,
    stars: i < 1300 ? 9000 - i : i < 2600 ? 800 : i < 2610 ? 700 : i < 3900 ? 600 : 500 - (i % 40),
    created: new Date(Date.parse("2023-06-01T00:00:00Z") + (i % 997) * 7_200_000).toISOString().replace(
      ".000",
      "",
    ),
    isPrivate: i % 1000 === 3,
  }));
}

Deno.test("a search lists all repositories beyond 1,000 results, ties too, and goes on from any page", async () => {
  const repositories = manyRepositories();
  await using server = serveGithub({ repositories });
  const requests = new GithubRequests({ endpoint: server.endpoint, token: TOKEN });
  const search = { language: "Lua", createdAfter: "2023-06-01", minStars: 465 };
  let state = beginSearch(search, Date.parse("2026-01-01"));
  const found = new Set<string>();
  for (let request; (request = nextRequest(search, state));) {
    const taken = takePage(search, state, await requests.page(request));
    state = JSON.parse(JSON.stringify(taken.state)); // as after a kill
    for (const { repo } of taken.found) found.add(repo);
  }
  const wanted = repositories.filter(({ stars, created, isPrivate }) =>
    stars >= 465 && created.slice(0, 10) > "2023-06-01" && !isPrivate
  );
  assertEquals([found.size, state.unlisted], [wanted.length, 0]);
  assertEquals(server.seen.length < 200, true, `${server.seen.length} requests`);
});

Deno.test("a search says how many it cannot list: made in one second, with as many stars", async () => {
  const repositories = Array.from({ length: 1040 }, (_, i) => ({ ...ONE, repo: `ada/r${i}` }));
  await using server = serveGithub({ repositories });
  const requests = new GithubRequests({ endpoint: server.endpoint, token: TOKEN });
  const search = { language: "Lua", createdAfter: "2024-01-01", minStars: 7 };
  let state = beginSearch(search, Date.parse("2024-03-01"));
  for (let request; (request = nextRequest(search, state));) {
    state = takePage(search, state, await requests.page(request)).state;
  }
  assertEquals(state.unlisted, 40);
});
