/**
 * A small Hugging Face Hub on 127.0.0.1 for tests: the endpoints that our requests and Python's huggingface_hub ask
 * when they download a model, with large files behind a redirect to a second host as on the real one. It notes what it
 * was asked; `answer` may answer in its place.
 */
import { createHash } from "node:crypto";

/** A model: its files by commit, its commits by branch and tag. */
export interface ServedModel {
  refs: { [revision: string]: string };
  commits: { [commit: string]: { [path: string]: Uint8Array<ArrayBuffer> } };
  /** Only readable with this token. */
  gatedFor?: string;
}

/** A request as the server saw it. */
export interface SeenRequest {
  method: string;
  /** Decoded, with the query. */
  path: string;
  range: string | null;
  token: string | null;
  /** Whether the second host was asked. */
  isCdn: boolean;
}

/** What to serve and how. */
export interface HubServerOptions {
  models: { [repository: string]: ServedModel };
  /** Answers in the server's place when it gives something. */
  answer?: (seen: SeenRequest, request: Request) => Response | Promise<Response> | undefined;
  /** Entries a page of a listing. */
  pageSize?: number;
}

/** The server; disposing stops it. */
export interface HubServer extends AsyncDisposable {
  url: string;
  seen: SeenRequest[];
}

/** A commit's name out of a word. */
export function commitOf(word: string): string {
  return createHash("sha1").update(word).digest("hex");
}

/** Whether the Hub keeps a file as a large one. */
function isLarge(path: string): boolean {
  return /\.(safetensors|bin)$/.test(path);
}

/** The hash by which the Hub lists a file. */
export function idOf(path: string, bytes: Uint8Array): string {
  return isLarge(path)
    ? createHash("sha256").update(bytes).digest("hex")
    : createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

/** Bytes of a file, whole or the range that was asked for. */
export function sendBytes(
  bytes: Uint8Array<ArrayBuffer>,
  { range }: Pick<SeenRequest, "range">,
  headers: Record<string, string> = {},
): Response {
  const [, first, last = ""] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (first === undefined) return new Response(bytes, { headers: { "accept-ranges": "bytes", ...headers } });
  const start = Number(first);
  const end = last === "" ? bytes.length : Math.min(bytes.length, Number(last) + 1);
  if (start >= bytes.length) return new Response(null, { status: 416 });
  const contentRange = { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` };
  return new Response(bytes.slice(start, end), { status: 206, headers: { ...headers, ...contentRange } });
}

/** The start of a file, then a connection that breaks off. */
export function sendBroken(bytes: Uint8Array, cut: number): Response {
  const body = new ReadableStream({
    async start(controller) {
      controller.enqueue(bytes.slice(0, cut));
      await new Promise((resolve) => setTimeout(resolve, 50)); // so that the client gets these bytes first
      controller.error(new Error("broken off by the test"));
    },
  });
  return new Response(body, { headers: { "content-length": String(bytes.length) } });
}

/** Starts the server. */
export function serveHub({ models, answer, pageSize = 1000 }: HubServerOptions): HubServer {
  const seen: SeenRequest[] = [];
  const handle = (isCdn: boolean) => async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const note: SeenRequest = {
      method: request.method,
      path: decodeURIComponent(url.pathname) + url.search,
      range: request.headers.get("range"),
      token: request.headers.get("authorization"),
      isCdn,
    };
    seen.push(note);
    const own = await answer?.(note, request);
    if (own) return own;
    return isCdn ? sendLarge(models, note) : answerHub(models, note, { url, cdn: addressOf(cdn), pageSize });
  };
  const stop = new AbortController(); // shutdown() would wait for answers that never end
  const options = {
    port: 0,
    hostname: "127.0.0.1",
    onListen: () => {},
    onError: () => new Response(null),
    signal: stop.signal,
  };
  const cdn = Deno.serve(options, handle(true));
  const hub = Deno.serve(options, handle(false));
  return {
    url: addressOf(hub),
    seen,
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all([hub.finished, cdn.finished]);
    },
  };
}

function addressOf(server: Deno.HttpServer<Deno.NetAddr>): string {
  return `http://127.0.0.1:${server.addr.port}`;
}

function refuse(status: number, code: string, message: string): Response {
  const headers = { "X-Error-Code": code, "X-Error-Message": message };
  return Response.json({ error: message }, { status, headers });
}

function sendLarge(models: HubServerOptions["models"], seen: SeenRequest): Response {
  const id = seen.path.split("/")[1];
  for (const { commits } of Object.values(models)) {
    for (const [path, bytes] of Object.values(commits).flatMap((files) => Object.entries(files))) {
      if (idOf(path, bytes) === id) return sendBytes(bytes, seen, { etag: `"${id}"` });
    }
  }
  return new Response(null, { status: 403 });
}

interface Place {
  url: URL;
  cdn: string;
  pageSize: number;
}

function answerHub(models: HubServerOptions["models"], seen: SeenRequest, { url, cdn, pageSize }: Place) {
  const parts = url.pathname.split("/").slice(1).map(decodeURIComponent);
  const isApi = parts[0] === "api";
  if (isApi) parts.splice(0, 2);
  const [owner, name, endpoint = "", revision = "main", ...rest] = parts;
  const model = models[`${owner}/${name}`];
  if (!model) return refuse(seen.token ? 404 : 401, "RepoNotFound", "Repository not found");
  const commit = model.refs[revision] ?? revision;
  const files = model.commits[commit];
  if (!files) return refuse(404, "RevisionNotFound", `Invalid rev id: ${revision}`);
  if (endpoint === "revision") {
    const siblings = Object.keys(files).map((rfilename) => ({ rfilename }));
    return Response.json({ _id: "1", id: `${owner}/${name}`, sha: commit, siblings, private: false });
  }
  if (endpoint === "tree") return listTree(files, url, pageSize);
  const path = rest.join("/");
  const bytes = files[path];
  if (!bytes) return refuse(404, "EntryNotFound", "Entry not found");
  if (model.gatedFor !== undefined && seen.token !== `Bearer ${model.gatedFor}`) {
    return refuse(seen.token ? 403 : 401, "GatedRepo", "Access to this model is restricted");
  }
  const id = idOf(path, bytes);
  const headers = {
    "X-Repo-Commit": commit,
    "X-Linked-Size": String(bytes.length),
    "X-Linked-ETag": `"${id}"`,
  };
  if (!isLarge(path)) {
    if (seen.method !== "HEAD") return sendBytes(bytes, seen, { ...headers, etag: `"${id}"` });
    return new Response(null, {
      headers: { ...headers, etag: `"${id}"`, "content-length": `${bytes.length}` },
    });
  }
  return new Response(null, { status: 302, headers: { ...headers, location: `${cdn}/${id}` } });
}

function listTree(files: { [path: string]: Uint8Array }, url: URL, pageSize: number): Response {
  const isRecursive = url.searchParams.get("recursive") === "true";
  const all = Object.entries(files).filter(([path]) => isRecursive || !/[^.]\//.test(path)).map((
    [path, bytes],
  ) => ({
    type: "file",
    path,
    size: bytes.length,
    oid: isLarge(path) ? commitOf(path) : idOf(path, bytes),
    ...(isLarge(path) && { lfs: { oid: idOf(path, bytes), size: bytes.length, pointerSize: 130 } }),
  }));
  const at = Number(url.searchParams.get("cursor") ?? 0);
  const headers = new Headers();
  if (at + pageSize < all.length) {
    const next = new URL(url);
    next.searchParams.set("cursor", String(at + pageSize));
    headers.set("link", `<${next.href}>; rel="next"`);
  }
  return Response.json(all.slice(at, at + pageSize), { headers });
}
