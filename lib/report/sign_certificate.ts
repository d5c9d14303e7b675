/**
 * Detached Ed25519 signatures of certificates: 64 bytes over the file's own bytes, in a file beside it, as `openssl pkeyutl
 * -rawin` makes and checks them. Keys are PEM files, as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout`
 * write them.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { checkRegularFile, readRegularFile, readRegularText } from "../files/read_file.ts";

const MAX_KEY_BYTES = 2 ** 14;
const SIGNATURE_BYTES = 64;

/**
 * Where a certificate's signature stands.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { signaturePath } from "./sign_certificate.ts";
 *
 * assertEquals(signaturePath("erased/certificate.json"), "erased/certificate.json.sig");
 * ```
 */
export function signaturePath(path: string): string {
  return `${path}.sig`;
}

/**
 * Signs bytes.
 *
 * @param keyPath of a private Ed25519 key that its owner alone may read
 * @throws {Error} when others may read the key, or it cannot be read; {RangeError} when it is no such key
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { signBytes } from "./sign_certificate.ts";
 *
 * const path = await Deno.makeTempFile();
 * await assertRejects(() => signBytes(new Uint8Array(3), path), RangeError, "it is no private Ed25519 key");
 * ```
 */
export async function signBytes(bytes: Uint8Array, keyPath: string): Promise<Uint8Array> {
  const mode = ((await checkRegularFile(keyPath, { what: "key" })).mode ?? 0) & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new Error(
      `Cannot sign with "${keyPath}": others may read it (mode ${mode.toString(8)}): chmod 600 it`,
    );
  }
  return sign(null, bytes, await readKey(keyPath, "private"));
}

/**
 * Checks the signature beside a certificate.
 *
 * @param keyPath of the public key @returns whether the signature is of the certificate, by that key
 * @throws {Error} when the certificate, its signature or the key cannot be read; {RangeError} when it is no such key
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { hasSignatureOf } from "./sign_certificate.ts";
 *
 * const path = await Deno.makeTempFile();
 * await assertRejects(() => hasSignatureOf(path, "/nowhere"), Error, 'Cannot read signature "');
 * ```
 */
export async function hasSignatureOf(path: string, keyPath: string): Promise<boolean> {
  const signature = await readRegularFile(signaturePath(path), {
    what: "signature",
    maxBytes: SIGNATURE_BYTES,
  });
  const bytes = await readRegularFile(path, { what: "certificate", maxBytes: Infinity });
  return verify(null, bytes, await readKey(keyPath, "public"), signature);
}

/** A PEM file's key; what is wrong with it is not told, as it may be a secret. */
async function readKey(path: string, kind: "private" | "public"): Promise<KeyObject> {
  const pem = Buffer.from(await readRegularText(path, { what: "key", maxBytes: MAX_KEY_BYTES }));
  const isPublic = kind === "public";
  try {
    const key = isPublic && pem.includes(" PUBLIC KEY-") ? createPublicKey(pem) : createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519" && key.type === kind) return key;
  } catch {
    // the same as another key
  }
  const make = isPublic ? "openssl pkey -pubout -in KEY" : "openssl genpkey -algorithm ed25519";
  throw new RangeError(`Cannot use "${path}": it is no ${kind} Ed25519 key: make one with ${make}`);
}
