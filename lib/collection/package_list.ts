/**
 * Lists of packages, and which release of one is taken.
 *
 * @module
 */

/** The registries that packages are collected from. */
export const REGISTRIES = ["pypi", "npm", "crates"] as const;

/** A name of {@linkcode REGISTRIES}. */
export type RegistryName = typeof REGISTRIES[number];

/** A package, of one release where that is said. */
export interface ListedPackage {
  name: string;
  version: string | null;
}

/** A release of a package. */
export interface Release {
  version: string;
  /** When it was published: "2024-02-29T12:00:00Z". */
  created: string;
  /** Withdrawn, or made to be tried. */
  isOdd: boolean;
}

/** What is downloaded. */
export interface Download<R extends Release> {
  name: string;
  release: R;
  /** Where to. */
  folder: string;
  /** A larger archive is not taken. */
  maxBytes: number;
  signal?: AbortSignal | undefined;
}

/** A registry of packages; disposing it ends what it started. */
export interface PackageRegistry<R extends Release = Release> extends AsyncDisposable {
  /** All releases of a package, in the order of their versions; none where there is no such package. */
  releases(name: string, signal?: AbortSignal): Promise<R[]>;
  /** Downloads a release's archive: its path; null where it is larger than it may be. */
  download(wanted: Download<R>): Promise<string | null>;
}

/**
 * What to throw where an archive is not what its registry says.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { otherHash } from "./package_list.ts";
 *
 * assertEquals(otherHash("a-1.tgz").message, 'Cannot use "a-1.tgz": it has another hash than its registry says');
 * ```
 */
export function otherHash(file: string): Error {
  return new Error(`Cannot use "${file}": it has another hash than its registry says`);
}

const NAMES: { readonly [registry in RegistryName]: RegExp } = {
  pypi: /^[A-Za-z\d]([\w.-]*[A-Za-z\d])?$/,
  npm: /^(@[a-z\d~][\w.~-]*\/)?[A-Za-z\d~][\w.~-]*$/,
  crates: /^[A-Za-z][\w-]*$/,
};
const VERSION = /^\d[\w.+!-]*$/;
const LONGEST = 214; // of npm's names, the longest

/**
 * Reads a list: a name a line, or a name and a version with `==` or `@` between them; `#` begins a comment.
 *
 * @param file for messages
 * @throws {SyntaxError} If a line is none, a package stands twice, or there is none
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { parsePackageList } from "./package_list.ts";
 *
 * const list = parsePackageList("# new ones\r\n\r\nada-engine==1.2\r\nbabbage\r\n", { registry: "pypi", file: "a.txt" });
 * assertEquals(list, [{ name: "ada-engine", version: "1.2" }, { name: "babbage", version: null }]);
 * assertEquals(parsePackageList("@ada/engine@1.2.0", { registry: "npm", file: "a.txt" })[0]?.name, "@ada/engine");
 * assertThrows(() => parsePackageList("--help", { registry: "npm", file: "a.txt" }), SyntaxError, "line 1 is no package");
 * ```
 */
export function parsePackageList(
  text: string,
  { registry, file }: { registry: RegistryName; file: string },
): ListedPackage[] {
  const packages = new Map<string, ListedPackage>();
  for (const [i, whole] of text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/).entries()) {
    const line = whole.replace(/(^|\s)#.*/, "").trim();
    if (line === "") continue;
    const [, name = "", version = null] = /^(.+?)(?:(?:==|(?<=.)@)([^@=]+))?$/.exec(line) ?? [];
    const isFit = NAMES[registry].test(name) && name.length <= LONGEST &&
      (version === null || VERSION.test(version) && version.length <= LONGEST);
    if (!isFit) {
      throw new SyntaxError(
        `Cannot read packages "${file}": line ${
          i + 1
        } is no package of ${registry}: name or name==version is needed`,
      );
    }
    const key = name.toLowerCase();
    if (packages.has(key)) {
      throw new SyntaxError(`Cannot read packages "${file}": line ${i + 1} names one that stands above`);
    }
    packages.set(key, { name, version });
  }
  if (packages.size === 0) throw new SyntaxError(`Cannot read packages "${file}": it names none`);
  return [...packages.values()];
}

/**
 * The release of a package that is collected: the one that is named, else the newest that is neither withdrawn nor made to
 * be tried; or why none is. What an older package publishes anew is mostly what it published before, so by default a
 * package's first release must be after the day.
 *
 * @param releases in the order of their versions
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { chooseRelease } from "./package_list.ts";
 *
 * const releases = ["2023-01-01", "2025-01-01"].map((day, i) => ({ version: `${i}`, created: `${day}T00:00:00Z`, isOdd: false }));
 * const choose = (takesOlder: boolean) => chooseRelease(releases, { version: null, createdAfter: "2024-01-01", takesOlder });
 * assertEquals(choose(true), releases[1]);
 * assertEquals(choose(false), "package is older");
 * ```
 */
export function chooseRelease<R extends Release>(
  releases: readonly R[],
  { version, createdAfter, takesOlder }: {
    version: string | null;
    createdAfter: string;
    /** Whether the package itself may be older than the day. */
    takesOlder: boolean;
  },
): R | "not found" | "release is older" | "package is older" {
  const isAfter = ({ created }: Release) => created.slice(0, 10) > createdAfter;
  const release = version === null
    ? releases.findLast(({ isOdd }) => !isOdd) ?? releases.at(-1)
    : releases.find((one) => one.version === version);
  if (!release) return "not found";
  if (!isAfter(release)) return "release is older";
  return takesOlder || releases.every(isAfter) ? release : "package is older";
}
