/**
 * A small GitHub on 127.0.0.1 for tests: its search by GraphQL as the real one answers, of which 1,000 results are listed
 * at most, and its repositories for git, by git's own HTTP server. It notes what it was asked; `answer` may answer in its
 * place.
 */

/** A repository. */
export interface ServedRepository {
  repo: string;
  stars: number;
  /** "2024-02-29T12:00:00Z" */
  created: string;
  language?: string;
  licence?: string;
  isPrivate?: boolean;
}

/** What a search asked. */
export interface SeenSearch {
  query: string;
  cursor: string | null;
  size: number;
  token: string | null;
}

/** What to serve and how. */
export interface GithubServerOptions {
  repositories: readonly ServedRepository[];
  token?: string;
  /** A folder with "owner/name.git". */
  folder?: string;
  /** Answers in the server's place when it gives something; `number` counts the searches from 0. */
  answer?: (seen: SeenSearch, number: number) => Response | Promise<Response> | undefined;
}

/** The server; disposing stops it. */
export interface GithubServer extends AsyncDisposable {
  /** The address of its GraphQL. */
  endpoint: string;
  seen: SeenSearch[];
}

/** The token that it takes unless told otherwise. */
export const TOKEN = "made-up-token-of-tests";
const LISTED = 1000;

/** An answer that is a limit. */
export function limited(status: number, headers: Record<string, string> = {}, message = ""): Response {
  return Response.json({ message }, { status, headers });
}

/** Starts the server. */
export function serveGithub(options: GithubServerOptions): GithubServer {
  const seen: SeenSearch[] = [];
  const stop = new AbortController();
  const server: Deno.HttpServer<Deno.NetAddr> = Deno.serve({
    ...{ port: 0, hostname: "127.0.0.1", onListen: () => {}, signal: stop.signal },
    onError: () => new Response(null),
  }, async (request): Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname !== "/graphql") return await serveGit(request, options.folder ?? "/nowhere");
    const { variables: { query, cursor, size } } = await request.json();
    const asked = { query, cursor, size, token: request.headers.get("authorization") };
    seen.push(asked);
    const own = await options.answer?.(asked, seen.length - 1);
    if (own) return own;
    if (asked.token !== `Bearer ${options.token ?? TOKEN}`) return limited(401, {}, "Bad credentials");
    return Response.json({ data: search(asked, options.repositories, address) });
  });
  const address = `http://127.0.0.1:${server.addr.port}`;
  return {
    endpoint: `${address}/graphql`,
    seen,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await server.finished;
    },
  };
}

function search(asked: SeenSearch, all: readonly ServedRepository[], address: string) {
  const word = (name: string) => new RegExp(`(?:^| )${name}:(?:"([^"]+)"|(\\S+))`).exec(asked.query);
  const [, quoted, bare] = word("language") ?? [];
  const stars = word("stars")![2]!;
  const [fewest, most] = stars.startsWith(">=")
    ? [Number(stars.slice(2)), Infinity]
    : stars.split("..").map(Number);
  const when = word("created")![2]!;
  const isIn = (created: string) => {
    if (when.startsWith(">")) return created.slice(0, 10) > when.slice(1);
    const [from, to] = when.split("..");
    return created >= from! && created <= to!;
  };
  const found = all.filter((one) =>
    (one.language ?? "Lua") === (quoted ?? bare) && one.stars >= fewest! && one.stars <= most! &&
    isIn(one.created)
  ).sort((a, b) => b.stars - a.stars);
  const start = asked.cursor === null ? 0 : Number(atob(asked.cursor).split(":")[1]);
  const end = Math.min(start + asked.size, found.length, LISTED);
  return {
    rateLimit: { remaining: 4000, resetAt: "2030-01-01T00:00:00Z" },
    search: {
      repositoryCount: found.length,
      pageInfo: { hasNextPage: end < Math.min(found.length, LISTED), endCursor: btoa(`cursor:${end}`) },
      nodes: found.slice(start, end).map((one) => ({
        nameWithOwner: one.repo,
        url: `${address}/${one.repo}`,
        stargazerCount: one.stars,
        createdAt: one.created,
        diskUsage: 12,
        isPrivate: one.isPrivate === true,
        isDisabled: false,
        isLocked: false,
        isFork: false,
        licenseInfo: one.licence ? { spdxId: one.licence } : null,
        primaryLanguage: { name: one.language ?? "Lua" },
      })),
    },
  };
}

/** git's own server of repositories, as a web server starts it. */
async function serveGit(request: Request, folder: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const child = new Deno.Command("git", {
    args: ["http-backend"],
    env: {
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathname.replace(/^(\/[^/]+\/[^/]+?)(\.git)?\//, "$1.git/"),
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers.get("content-type") ?? "",
      HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
      GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
    },
    ...{ stdin: "piped", stdout: "piped", stderr: "null" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(await request.bytes());
  await writer.close();
  const { stdout } = await child.output();
  const text = new TextDecoder("latin1").decode(stdout);
  const end = text.indexOf("\r\n\r\n");
  const headers = new Headers();
  let status = 200;
  for (const line of text.slice(0, end).split("\r\n")) {
    const [, name = "", value = ""] = /^([\w-]+): (.*)$/.exec(line) ?? [];
    if (name === "Status") status = Number(value.slice(0, 3));
    else if (name) headers.append(name, value);
  }
  return new Response(stdout.subarray(end + 4), { status, headers });
}
