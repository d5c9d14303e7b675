/**
 * The Hub's cache as Hugging Face's Python library lays it out, so that transformers finds what was downloaded here and
 * the other way round:
 *
 * ```
 * models--org--name/blobs/HASH                   contents, by SHA-256 or by git's SHA-1
 * models--org--name/snapshots/COMMIT/config.json -> ../../blobs/HASH
 * models--org--name/refs/main                    the commit that a branch or tag was
 * .locks/models--org--name/HASH.lock             held by who downloads HASH
 * ```
 *
 * @module
 */
import { dirname, join, relative } from "node:path";
import { writeFileAtomic } from "../files/write_file.ts";

/** A model of the Hub. */
export interface HubModelName {
  /** "org/name". */
  repository: string;
  /** A branch, a tag or a commit; "main" where none is named. */
  revision: string;
}

/** What a commit's name looks like; anything else is a branch or a tag. */
export const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The parts of `org/name[@revision]`; null for anything else. What could lead out of the cache is no name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseHubName } from "./hub_cache.ts";
 *
 * assertEquals(parseHubName("ada/coder@v1.0"), { repository: "ada/coder", revision: "v1.0" });
 * assertEquals(parseHubName("ada/coder")?.revision, "main");
 * assertEquals(parseHubName("../coder"), null);
 * assertEquals(parseHubName("ada/coder@../../x"), null);
 * ```
 */
export function parseHubName(name: string): HubModelName | null {
  const [, owner = "", model = "", revision = "main"] = /^([^/@]+)\/([^/@]+)(?:@(.*))?$/s.exec(name) ?? [];
  const isPart = (part: string) =>
    /^[A-Za-z0-9_](?:[\w.-]{0,94}[A-Za-z0-9_])?$/.test(part) && !/--|\.\./.test(part);
  // git's own rules for the names of branches and tags, and no part that is hidden or leads upwards
  const isRevision = !/[\p{Cc}\s~^:?*[\\]|@\{|\.\.|\.lock(?:\/|$)/u.test(revision) &&
    revision.length <= 250 && revision.split("/").every((part) => /^[^.-]/.test(part));
  return isPart(owner) && isPart(model) && isRevision ? { repository: `${owner}/${model}`, revision } : null;
}

/**
 * How a model is called in messages: as the user would name it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hubLabel } from "./hub_cache.ts";
 *
 * assertEquals(hubLabel({ repository: "ada/coder", revision: "main" }), "ada/coder");
 * assertEquals(hubLabel({ repository: "ada/coder", revision: "v1" }), "ada/coder@v1");
 * ```
 */
export function hubLabel({ repository, revision }: HubModelName): string {
  return revision === "main" ? repository : `${repository}@${revision}`;
}

/** One model's folders. */
export interface HubModelFolders {
  /** The folder that holds all of it. */
  root: string;
  /** The folder of the files' contents. */
  blobs: string;
  /** The folder of the locks. */
  locks: string;
}

/**
 * Where a model's files are, whether they exist or not.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { hubModelFolders } from "./hub_cache.ts";
 *
 * assertEquals(hubModelFolders("/hub", "ada/coder").blobs, "/hub/models--ada--coder/blobs");
 * ```
 */
export function hubModelFolders(cache: string, repository: string): HubModelFolders {
  const folder = ["models", ...repository.split("/")].join("--");
  const root = join(cache, folder);
  return { root, blobs: join(root, "blobs"), locks: join(cache, ".locks", folder) };
}

/**
 * The folder of a model's revision in the cache; null where it has none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findSnapshot } from "./hub_cache.ts";
 *
 * assertEquals(findSnapshot("/nowhere", { repository: "ada/coder", revision: "main" }), null);
 * ```
 */
export function findSnapshot(cache: string, { repository, revision }: HubModelName): string | null {
  const { root } = hubModelFolders(cache, repository);
  try {
    const commit = COMMIT.test(revision)
      ? revision
      : Deno.readTextFileSync(join(root, "refs", revision)).trim();
    const folder = join(root, "snapshots", commit);
    return COMMIT.test(commit) && Deno.statSync(folder).isDirectory ? folder : null;
  } catch {
    return null; // not there, or not ours to read
  }
}

/** A file of a snapshot and its content. */
export interface SnapshotLink {
  commit: string;
  /** The file's name in the model. */
  name: string;
  /** The content's hash. */
  id: string;
}

/**
 * Makes a snapshot's file: a relative link to the content, which is there already. A right link stays.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { linkBlob } from "./hub_cache.ts";
 *
 * const root = await Deno.makeTempDir();
 * const commit = "0".repeat(40);
 * await linkBlob(root, { commit, name: "config.json", id: "ab" });
 * assertEquals(await Deno.readLink(`${root}/snapshots/${commit}/config.json`), "../../blobs/ab");
 * ```
 */
export async function linkBlob(root: string, { commit, name, id }: SnapshotLink): Promise<void> {
  const path = join(root, "snapshots", commit, name);
  const target = relative(dirname(path), join(root, "blobs", id));
  await Deno.mkdir(dirname(path), { recursive: true });
  if (await Deno.readLink(path).catch(() => null) === target) return;
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  await Deno.symlink(target, temporary);
  await Deno.rename(temporary, path); // in one step, whoever else may be linking it
}

/**
 * Notes which commit a branch or tag is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findSnapshot, linkBlob, noteRevision } from "./hub_cache.ts";
 *
 * const cache = await Deno.makeTempDir();
 * const [model, commit] = [{ repository: "ada/coder", revision: "topic/a" }, "0".repeat(40)];
 * await linkBlob(`${cache}/models--ada--coder`, { commit, name: "config.json", id: "ab" });
 * await noteRevision(cache, model, commit);
 * assertEquals(findSnapshot(cache, model)?.endsWith(commit), true);
 * ```
 */
export async function noteRevision(cache: string, model: HubModelName, commit: string): Promise<void> {
  if (model.revision === commit) return;
  const path = join(hubModelFolders(cache, model.repository).root, "refs", model.revision);
  await Deno.mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, commit);
}
