/**
 * A model of the Hub, downloaded by @huggingface/hub into the cache: the client asks which commit a revision is, lists
 * its files and reads them; here is what it leaves out: only the needed files, resumption, hashes, locks.
 *
 * Every request is for a commit, so a branch that moves meanwhile mixes nothing. The branch is noted as that commit only
 * when all files are there.
 *
 * @module
 */
import type { ListFileEntry } from "../npm/huggingface_hub.ts";
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
  /** Told how far it is. */
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
  const fetchOne: FetchOne = async (file, onBytes) => {
    await downloadBlob(file, {
      folders,
      label,
      read: (start) => readFile(file, start, { model, commit, requests, settings }),
      explainStream: (error) => requests.explainStream(error),
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
  const hub = await import("../npm/huggingface_hub.ts");
  const asked = { hubUrl: settings.endpoint, fetch: requests.api };
  const ask = <T>(task: () => Promise<T>) =>
    withRetries(async () => {
      requests.failure = null;
      try {
        return await task();
      } catch (cause) {
        throw requests.failure ?? new HubError(
          `Cannot download model "${repository}": "${
            new URL(settings.endpoint).host
          }" does not answer as the Hub does`,
          "final",
          { cause },
        );
      }
    }, { retried: ["busy"], signal });
  return await ask(async () => {
    const { sha } = await hub.modelInfo({ name: repository, revision, additionalFields: ["sha"], ...asked });
    if (!COMMIT.test(sha)) throw new TypeError("its commit has no commit's name");
    const files = new Map<string, HubFile>();
    const repo = { type: "model" as const, name: repository };
    for await (const entry of hub.listFiles({ repo, revision: sha, ...asked })) {
      if (entry.type === "file") files.set(entry.path, readEntry(entry));
    }
    return { commit: sha, files };
  });
}

function readEntry({ path, size, oid, lfs }: ListFileEntry): HubFile {
  const id = lfs?.oid ?? oid ?? "";
  const isRight = lfs ? /^[0-9a-f]{64}$/.test(id) : COMMIT.test(id);
  if (isRight && typeof path === "string" && Number.isSafeInteger(size) && size >= 0) {
    return { name: path, size, id };
  }
  throw new TypeError(`its list has no size or hash of ${JSON.stringify(path)}`);
}

/** What {@linkcode readFile} reads from where. */
interface ReadFileOptions {
  model: HubModelName;
  commit: string;
  requests: HubRequests;
  settings: HubSettings;
}

/** A file's bytes from `start` on, by the client. */
async function readFile(
  { name, size, id }: HubFile,
  start: number,
  { model, commit, requests, settings }: ReadFileOptions,
): Promise<ReadableStream<Uint8Array>> {
  const { downloadFile } = await import("../npm/huggingface_hub.ts");
  requests.failure = null;
  const path = encodeURIComponent(name); // the client puts it into the address as it is
  // Size and hash are known. By its address the file comes in byte ranges, which the Hub's other protocol, Xet, has not.
  const url = `${settings.endpoint}/${model.repository}/resolve/${commit}/${path}`;
  const blob = await downloadFile({
    repo: { type: "model", name: model.repository },
    path,
    revision: commit,
    hubUrl: settings.endpoint,
    fetch: requests.file,
    downloadInfo: { etag: id, size, url },
  });
  return blob!.slice(start, size).stream();
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
