/**
 * Where the index of Rust's packages is: CodeScrub knows no address of its own, so it takes the one that Cargo's
 * configuration names, in its `config.toml` or the environment.
 *
 * @module
 */
import { join } from "node:path";
import { reasonOf } from "../files/reason.ts";

/** What Cargo is told. */
export interface CargoSettings {
  /** What stands in `config.toml`; nothing where there is none. */
  config: string;
  env: { readonly [name: string]: string };
}

interface CargoConfig {
  source?: { [name: string]: { "replace-with"?: unknown; registry?: unknown } };
  registries?: { [name: string]: { index?: unknown } };
}

/** As Cargo calls the registry that packages come from where nothing else is said. */
const DEFAULT = "crates-io";
const MOST_REPLACED = 8;
const CARGO = "Cargo's configuration";

/**
 * The settings of this machine.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { cargoSettings } from "./cargo_index.ts";
 *
 * const folder = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${folder}/config.toml`, "[net]\n");
 * assertEquals(cargoSettings({ CARGO_HOME: folder }).config, "[net]\n");
 * assertEquals(cargoSettings({ HOME: folder }).config, "");
 * ```
 */
export function cargoSettings(env: { readonly [name: string]: string }): CargoSettings {
  const home = env.CARGO_HOME || join(env.HOME ?? "/nowhere", ".cargo");
  try {
    return { config: Deno.readTextFileSync(join(home, "config.toml")), env };
  } catch {
    return { config: "", env }; // there is none
  }
}

/**
 * The address of the index, which ends in a slash: that of the source which replaces Cargo's own, else
 * `CARGO_REGISTRIES_CRATES_IO_INDEX`, else the one of `[registries.crates-io]`.
 *
 * @throws {SyntaxError} if the configuration cannot be read
 * @throws {RangeError} if it names no index, or none that is sparse
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { cargoIndex } from "./cargo_index.ts";
 *
 * const config = '[source.crates-io]\nreplace-with = "ours"\n[source.ours]\nregistry = "sparse+https://index.example/index/"\n';
 * assertEquals(await cargoIndex({ config, env: {} }), "https://index.example/index/");
 * const env = { CARGO_REGISTRIES_CRATES_IO_INDEX: "sparse+https://index.example" };
 * assertEquals(await cargoIndex({ config: "", env }), "https://index.example/");
 * ```
 */
export async function cargoIndex({ config, env }: CargoSettings): Promise<string> {
  const { source = {}, registries = {} } = await readConfig(config);
  let name = DEFAULT;
  for (let i = 0; i < MOST_REPLACED; i++) {
    const next = source[name]?.["replace-with"];
    if (typeof next !== "string") break;
    name = next;
  }
  const variable = `CARGO_REGISTRIES_${name.toUpperCase().replaceAll("-", "_")}_INDEX`;
  const address = source[name]?.registry ?? (env[variable] || registries[name]?.index);
  if (typeof address === "string") {
    if (!address.startsWith("sparse+")) throw notSparse(CARGO); // Cargo reads it by git
    return indexAddress(address, CARGO);
  }
  throw new RangeError(
    `Cannot ask for packages of Rust: nothing names their index: give --index ADDRESS, or name it as [source.${DEFAULT}] in Cargo's config.toml`,
  );
}

async function readConfig(config: string): Promise<CargoConfig> {
  if (config === "") return {};
  const { parseToml } = await import("../npm/smol_toml.ts");
  try {
    return parseToml(config) as CargoConfig;
  } catch (cause) {
    throw new SyntaxError(`Cannot read Cargo's configuration: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * The address of a sparse index as it is asked: with or without Cargo's `sparse+`, ending in a slash.
 *
 * @param from where it stands, for messages
 * @throws {RangeError} if it is no such address, or holds a password
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { indexAddress } from "./cargo_index.ts";
 *
 * assertEquals(indexAddress("sparse+https://index.example/index", "--index"), "https://index.example/index/");
 * assertThrows(() => indexAddress("ssh://index.example/index", "--index"), RangeError, "Cannot use --index");
 * ```
 */
export function indexAddress(given: string, from: string): string {
  const address = given.replace(/^sparse\+/, "");
  const url = /^https?:\/\//.test(address) ? URL.parse(address) : null;
  if (!url || url.search || url.hash) {
    throw notSparse(from);
  }
  if (url.username || url.password) {
    throw new RangeError(`Cannot use ${from}: an address without a password is needed`);
  }
  return url.href.replace(/\/*$/, "/");
}

function notSparse(from: string): RangeError {
  return new RangeError(
    `Cannot use ${from}: its index of packages is not sparse: name one such as sparse+https://index.example/index/`,
  );
}
