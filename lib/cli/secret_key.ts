/**
 * The key of fingerprints (HMAC-SHA-256): from the environment, from a file that the environment names, else one random
 * key of this user, made at its first use in the cache folder, so that runs and shards agree. It is a secret: without
 * it a fingerprint says nothing, with it guesses can be tried: all addresses of IPv4 in a quarter of an hour on one core.
 *
 * @module
 */
import { join } from "node:path";
import { fileReasonOf } from "../files/reason.ts";
import { readRegularFile } from "../files/read_file.ts";
import { fingerprintSecret } from "../secrets/fingerprint.ts";
import { cacheFolder } from "../setup/set_up.ts";
import { isTemporaryOf, temporaryPath } from "../files/write_file.ts";

const KEY_FILE = "fingerprint.key";
const KEY_BYTES = 32;
const [MIN_BYTES, MAX_BYTES] = [16, 2 ** 16];
/** Sixteen random digits have fewer different ones than that once in two hundred times, a random key of letters never. */
const MIN_DIFFERENT = 6;

/** Where the key may come from. */
export interface SecretKeyOptions {
  /** The environment; the process's own when not given. */
  variable?: (name: string) => string | undefined;
  /** The folder of the user's own key; the cache folder when not given. */
  folder?: string;
}

/**
 * The key of fingerprints: `CODESCRUB_KEY`, else the bytes of the file `CODESCRUB_KEY_FILE`, else the user's own.
 *
 * @throws {RangeError} If a key has fewer than 16 bytes, or too few different ones to be random.
 * @throws {Error} If the key cannot be read or made, or its file can be read by others.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { secretKey } from "./secret_key.ts";
 *
 * const folder = await Deno.makeTempDir();
 * const variable = () => undefined;
 * assertEquals(await secretKey({ variable, folder }), await secretKey({ variable, folder }));
 * ```
 */
export async function secretKey(options: SecretKeyOptions = {}): Promise<Uint8Array> {
  const { variable = (name) => Deno.env.get(name) } = options;
  const given = variable("CODESCRUB_KEY");
  if (given) return checkKey(new TextEncoder().encode(given), "CODESCRUB_KEY");
  const path = variable("CODESCRUB_KEY_FILE");
  if (path) {
    checkMode(await modeOf(path), `CODESCRUB_KEY_FILE "${path}"`);
    return checkKey(trimLineEnd(await readKey(path)), `CODESCRUB_KEY_FILE "${path}"`);
  }
  return await ownKey(options.folder ?? cacheFolder());
}

/**
 * A key as a setting of a run: which one it is, without telling it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { keySetting } from "./secret_key.ts";
 *
 * assertEquals(keySetting(new Uint8Array(32)).length, 16);
 * ```
 */
export function keySetting(key: Uint8Array): string {
  return fingerprintSecret("the key of fingerprints", key).slice(0, 16);
}

/**
 * The key for who may ask for it once for each document: it is read when it is asked for first.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * import { keyWhenAsked } from "./secret_key.ts";
 *
 * const key = keyWhenAsked({ variable: () => "a key of enough bytes" });
 * assertStrictEquals(await key(), await key());
 * ```
 */
export function keyWhenAsked(options: SecretKeyOptions = {}): () => Promise<Uint8Array> {
  let key: Promise<Uint8Array> | undefined;
  return () => key ??= secretKey(options);
}

async function ownKey(folder: string): Promise<Uint8Array> {
  const path = join(folder, KEY_FILE);
  const mode = await modeOf(path);
  if (mode === undefined) await makeKey(folder, path);
  else checkMode(mode, `the key "${path}"`);
  await removeTemporaries(folder); // keys that killed runs were making; one that is still making one takes this
  const key = await readKey(path);
  if (key.length === KEY_BYTES) return key;
  throw new RangeError(
    `Cannot use the key "${path}": it has ${key.length} bytes, not ${KEY_BYTES}: remove it for a new one`,
  );
}

/** A link appears whole and only where nothing stands: of two first runs at once, both read the one that won. */
async function makeKey(folder: string, path: string): Promise<void> {
  const temporary = temporaryPath(path);
  try {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(temporary, crypto.getRandomValues(new Uint8Array(KEY_BYTES)), {
      mode: 0o600,
      createNew: true,
    });
    await Deno.link(temporary, path);
  } catch (cause) {
    if (await modeOf(path) !== undefined) return; // another run was first
    throw new Error(`Cannot make the key "${path}": ${reasonFor(cause)}: ${REMEDIES}`, { cause });
  } finally {
    await Deno.remove(temporary).catch(() => {}); // it may never have been written
  }
}

async function removeTemporaries(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (isTemporaryOf(name, KEY_FILE)) await Deno.remove(join(folder, name)).catch(() => {}); // another's, or read-only
  }
}

/** What helps where the cache folder is another user's, or cannot be written. */
const REMEDIES =
  "set CODESCRUB_KEY or CODESCRUB_KEY_FILE to the key to use, or CODESCRUB_CACHE to a folder of your own";

/** Undefined where there is no such file. */
async function modeOf(path: string): Promise<number | undefined> {
  try {
    return ((await Deno.stat(path)).mode ?? 0) & 0o777;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw readError(path, error);
  }
}

function checkMode(mode: number | undefined, name: string): void {
  if (mode === undefined || (mode & 0o077) === 0) return;
  throw new Error(`Cannot use ${name}: others may read it (mode ${mode.toString(8)}): chmod 600 it`);
}

async function readKey(path: string): Promise<Uint8Array> {
  try {
    return await readRegularFile(path, { what: "key", maxBytes: MAX_BYTES });
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw error; // a pipe, or too large
    throw readError(path, (error as Error).cause);
  }
}

function readError(path: string, cause: unknown): Error {
  return new Error(`Cannot read the key "${path}": ${reasonFor(cause)}: ${REMEDIES}`, { cause });
}

/** Deno's own words repeat the path. */
function reasonFor(cause: unknown): string {
  return cause instanceof Deno.errors.PermissionDenied ? "permission denied" : fileReasonOf(cause);
}

function checkKey(key: Uint8Array, name: string): Uint8Array {
  if (key.length < MIN_BYTES) {
    throw new RangeError(
      `Cannot use ${name} as a key: it has ${key.length} bytes: give at least ${MIN_BYTES}`,
    );
  }
  const different = new Set(key).size;
  if (different >= MIN_DIFFERENT) return key;
  throw new RangeError(
    `Cannot use ${name} as a key: it has only ${different} different characters: give a random one (openssl rand -hex 32)`,
  );
}

/** Editors end a file with a line break, which is not meant as a part of the key. */
function trimLineEnd(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && (bytes[end - 1] === 10 || bytes[end - 1] === 13)) end--;
  return bytes.subarray(0, end);
}
