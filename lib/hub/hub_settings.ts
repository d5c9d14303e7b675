/**
 * What the environment says about the Hugging Face Hub: the variables of Hugging Face's own Python library, with its
 * meanings, so that one setting holds for both and both use one cache.
 *
 * @module
 */
import { readRegularFileSync } from "../files/read_file.ts";
import { join, resolve } from "node:path";

/** The Hub, as the environment has it. */
export interface HubSettings {
  /** The Hub's address, without a slash at its end. */
  endpoint: string;
  /** The cache's folder; it need not exist. */
  cache: string;
  /** Who the user is, and which variable or file says so; null where nothing does. */
  token: { value: string; origin: string } | null;
  /** Nothing may be asked. */
  isOffline: boolean;
  /** After this silence a connection is given up. */
  timeoutMs: number;
}

const ENDPOINT = "https://huggingface.co";
const TIMEOUT_SECONDS = 30;

/**
 * Reads HF_ENDPOINT, HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HF_TOKEN, HF_TOKEN_PATH, HF_HUB_DISABLE_IMPLICIT_TOKEN,
 * HF_HUB_OFFLINE, HF_HUB_DOWNLOAD_TIMEOUT, and the older names that Python still reads.
 *
 * @throws {RangeError} If the endpoint is no address, or the token cannot be one; the message does not hold it
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { readHubSettings } from "./hub_settings.ts";
 *
 * const variables = new Map([["HF_HOME", "~/models"], ["HOME", "/ada"]]);
 * const { cache, endpoint } = readHubSettings((name) => variables.get(name));
 * assertEquals([cache, endpoint], ["/ada/models/hub", "https://huggingface.co"]);
 * ```
 */
export function readHubSettings(
  variable = (name: string): string | undefined => Deno.env.get(name),
): HubSettings {
  const expand = (path: string) =>
    resolve(
      path.replace(/^~(?=\/|$)/, (tilde) => variable("HOME") || tilde)
        .replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, bare, braced) => variable(bare ?? braced) ?? whole),
    );
  const home = () => {
    const own = variable("HF_HOME");
    if (own) return expand(own);
    const shared = variable("XDG_CACHE_HOME") || (variable("HOME") && join(variable("HOME")!, ".cache"));
    if (shared) return expand(join(shared, "huggingface"));
    throw new Error(
      "Cannot choose a folder for models of the Hub: HF_HOME, XDG_CACHE_HOME and HOME are not set: set HF_HOME",
    );
  };
  const cache = variable("HF_HUB_CACHE") || variable("HUGGINGFACE_HUB_CACHE");
  const seconds = Number(variable("HF_HUB_DOWNLOAD_TIMEOUT"));
  return {
    endpoint: readEndpoint(variable("HF_ENDPOINT") || ENDPOINT),
    cache: cache ? expand(cache) : join(home(), "hub"),
    token: readToken(variable, () => {
      const path = variable("HF_TOKEN_PATH");
      return path ? expand(path) : join(home(), "token");
    }),
    isOffline: isTrue(variable("HF_HUB_OFFLINE") || variable("TRANSFORMERS_OFFLINE")),
    timeoutMs: 1000 * (seconds > 0 ? seconds : TIMEOUT_SECONDS),
  };
}

function readEndpoint(address: string): string {
  const url = URL.parse(address);
  if (url && /^https?:$/.test(url.protocol) && !url.username && !url.password) {
    return address.replace(/\/+$/, "");
  }
  throw new RangeError(
    `Cannot read HF_ENDPOINT: an address such as "${ENDPOINT}" is needed, without a name or password`,
  );
}

function readToken(
  variable: (name: string) => string | undefined,
  path: () => string,
): HubSettings["token"] {
  for (const origin of ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"]) {
    const value = cleanToken(variable(origin), origin);
    if (value) return { value, origin };
  }
  if (isTrue(variable("HF_HUB_DISABLE_IMPLICIT_TOKEN"))) return null;
  let origin: string;
  let text: string;
  try {
    origin = path();
    text = new TextDecoder().decode(readRegularFileSync(origin, { what: "token", maxBytes: 2 ** 16 }));
  } catch {
    return null; // no such file, or not ours to read: then nobody has logged in
  }
  const value = cleanToken(text, origin);
  return value ? { value, origin: `"${origin}"` } : null;
}

function cleanToken(text = "", origin: string): string {
  const token = text.replace(/[\r\n]/g, "").trim();
  if (/^[\x21-\x7e]*$/.test(token)) return token;
  throw new RangeError(`Cannot use the token of ${origin}: it holds characters that no token has`);
}

function isTrue(value = ""): boolean {
  return ["1", "ON", "YES", "TRUE"].includes(value.toUpperCase());
}
