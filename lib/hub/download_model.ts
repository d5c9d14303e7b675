/**
 * A model of the Hub, downloaded into the cache: which commit a revision is and which files it has are asked by the Hub's
 * API, as Hugging Face's own clients ask (`/api/models/NAME/revision/...` and `/tree/...`); only what is needed is read.
 *
 * Every request is for a commit, so a branch that moves meanwhile mixes nothing. The branch is noted as that commit only
 * when all files are there.
 *
 * @module
 */
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { downloadBlob, type HubFile, keptBytes } from "./download_blob.ts";
import {
  COMMIT,
  hubLabel,
  type HubModelFolders,
  hubModelFolders,
  type HubModelName,
  linkBlob,
  noteRevision,
} from "./hub_cache.ts";
import { HubError } from "./hub_error.ts";
import { chooseFiles, readShardNames } from "./choose_files.ts";
import { HubRequests } from "./hub_requests.ts";
import { withRetries } from "./with_retries.ts";
import type { HubSettings } from "./hub_settings.ts";
import type { OnSetUpProgress } from "../setup/cache_folder.ts";

/** Options of {@linkcode downloadModel}. */
export interface DownloadOptions {
  settings: HubSettings;
  /** Called with how far the work is. */
  onProgress?: OnSetUpProgress;
  /** Ends the download; what is there stays for the next. */
  signal?: AbortSignal;
}

/** A model's files as one commit has them. */
interface Listing {
  commit: string;
  files: Map<string, HubFile>;
}

const LARGEST_INDEX_BYTES = 100e6;

/**
 * Downloads what the cache lacks of a model's revision, as the Hub has it now.
 *
 * @returns the snapshot's folder
 * @throws {HubError} in one line, for all that can go wrong on the way; {Error} if the repository holds no such model,
 * or the cache cannot be written
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { downloadModel } from "./download_model.ts";
 * import { readHubSettings } from "./hub_settings.ts";
 *
 * const variables = new Map([["HF_HOME", "/nowhere"], ["HF_ENDPOINT", "http://localhost:4"]]); // not allowed to tests
 * const settings = readHubSettings((name) => variables.get(name));
 * const model = { repository: "ada/coder", revision: "main" };
 * await assertRejects(() => downloadModel(model, { settings }), Error, 'may not connect to "localhost:4"');
 * ```
 */
export async function downloadModel(model: HubModelName, options: DownloadOptions): Promise<string> {
  const { settings, signal } = options;
  const { repository } = model;
  const label = hubLabel(model);
  const folders = hubModelFolders(settings.cache, repository);
  using requests = new HubRequests({ label, repository, settings }, signal);
  const { commit, files } = await listFiles(model, requests, options);
  const { names, index } = chooseFiles(files.keys(), label);
  // By this address a file comes in byte ranges, which the Hub's other protocol, Xet, has not.
  const addressOf = (name: string) =>
    `${settings.endpoint}/${repository}/resolve/${commit}/${encodeURIComponent(name)}`;
  const fetchOne: FetchOne = async (file, onBytes) => {
    await downloadBlob(file, {
      folders,
      label,
      read: (start) => requests.file(addressOf(file.name), start, file.size),
      explainStream: (error) => requests.explain(error),
      onBytes,
      onWait: () =>
        options.onProgress?.({ stage: "wait", what: `another download of ${label}`, done: 0, total: 0 }),
      signal,
    });
    await linkBlob(folders.root, { commit, name: file.name, id: file.id });
    return join(folders.root, "snapshots", commit, file.name);
  };
  return await explainDisk(label, settings, async () => {
    const shards = index === null ? [] : await readIndex(files.get(index)!, label, fetchOne);
    const needed = [...names, ...shards].map((name) => {
      const file = files.get(name);
      if (!file) throw new Error(`Cannot use model "${label}": it has no "${name}", which its index names`);
      return file;
    });
    await checkSpace(needed, folders, { label, settings });
    const total = needed.reduce((sum, { size }) => sum + size, 0);
    let before = 0;
    for (const file of needed) {
      const told = before;
      await fetchOne(
        file,
        (done) => options.onProgress?.({ stage: "download", what: label, done: told + done, total }),
      );
      before += file.size;
    }
    await noteRevision(settings.cache, model, commit);
    return join(folders.root, "snapshots", commit);
  });
}

/** Downloads one file and links it; its path. */
type FetchOne = (file: HubFile, onBytes?: (done: number) => void) => Promise<string>;

/** The weights' files that the index lists. */
async function readIndex(index: HubFile, label: string, fetchOne: FetchOne): Promise<string[]> {
  if (index.size > LARGEST_INDEX_BYTES) {
    throw new RangeError(`Cannot use model "${label}": its "${index.name}" is too large`);
  }
  const path = await fetchOne(index);
  return readShardNames(await Deno.readTextFile(path), path);
}

/** Asks which commit the revision is, and for its top folder. */
async function listFiles(
  { repository, revision }: HubModelName,
  requests: HubRequests,
  { settings, signal }: DownloadOptions,
): Promise<Listing> {
  const address = `${settings.endpoint}/api/models/${repository}`;
  const list = async () => {
    const info = await requests.api(`${address}/revision/${encodeURIComponent(revision)}?expand=sha`);
    const { sha } = await info.json();
    if (!COMMIT.test(sha)) throw new TypeError("its commit has no commit's name");
    const files = new Map<string, HubFile>();
    for (let next: string | undefined = `${address}/tree/${sha}`; next !== undefined;) {
      const page = await requests.api(next);
      for (const entry of await page.json()) {
        if (entry.type === "file") files.set(entry.path, readEntry(entry));
      }
      next = /<(https?:\/\/[^>]+)>;\s*rel="next"/.exec(page.headers.get("link") ?? "")?.[1];
    }
    return { commit: sha, files };
  };
  return await withRetries(async () => {
    try {
      return await list();
    } catch (cause) {
      if (cause instanceof HubError || signal?.aborted) throw cause;
      const { host } = new URL(settings.endpoint);
      const what = `"${host}" does not answer as the Hub does`;
      throw new HubError(`Cannot download model "${repository}": ${what}`, "final", { cause });
    }
  }, { retried: ["busy"], signal });
}

/** A file in a list of the Hub's. */
interface ListedFile {
  path: string;
  size: number;
  /** Git's hash. */
  oid?: string;
  /** The SHA-256 of a large file. */
  lfs?: { oid: string };
}

function readEntry({ path, size, oid, lfs }: ListedFile): HubFile {
  const id = lfs?.oid ?? oid ?? "";
  const isRight = lfs ? /^[0-9a-f]{64}$/.test(id) : COMMIT.test(id);
  if (isRight && typeof path === "string" && Number.isSafeInteger(size) && size >= 0) {
    return { name: path, size, id };
  }
  throw new TypeError(`its list has no size or hash of ${JSON.stringify(path)}`);
}

async function checkSpace(
  files: readonly HubFile[],
  { root, blobs }: HubModelFolders,
  { label, settings }: { label: string; settings: HubSettings },
): Promise<void> {
  const unique = new Map(files.map((file) => [file.id, file]));
  const bytes = [...unique.values()].reduce((sum, file) => sum + file.size - keptBytes(blobs, file), 0);
  await Deno.mkdir(root, { recursive: true });
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  if (bytes > free) {
    throw spaceError(label, settings, ` for its ${toMegabytes(bytes)} MB: ${toMegabytes(free)} are free`);
  }
}

function toMegabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6);
}

function spaceError(label: string, { cache }: HubSettings, found: string, cause?: unknown): HubError {
  return new HubError(
    `Cannot download model "${label}": "${cache}" has no space${found}: make space or set HF_HOME`,
    "final",
    { cause },
  );
}

/** Says what a disk that is full or closed to us means. */
async function explainDisk<T>(label: string, settings: HubSettings, task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (cause) {
    const { code } = cause as { code?: string };
    if (code === "ENOSPC" || code === "EDQUOT") throw spaceError(label, settings, " left", cause);
    if (code === "EACCES" || code === "EROFS" || code === "EPERM" || code === "ENOTDIR") {
      throw new HubError(
        `Cannot download model "${label}": "${settings.cache}" cannot be written (${code}): set HF_HOME to a folder that can`,
        "final",
        { cause },
      );
    }
    throw cause;
  }
}
