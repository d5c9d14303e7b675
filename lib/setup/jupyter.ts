/**
 * JupyterLab and nbconvert with the Deno kernel, for the notebooks alone: pinned wheels, each checked by its hash,
 * installed by pip into a virtual environment in the cache folder. Nothing outside that folder is written: the kernel's
 * description, settings and run time files lie in it too. The second time needs no network.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fileReasonOf } from "../files/reason.ts";
import { cacheFolder, type CacheOptions, checkFreeSpace, withCacheLock } from "./cache_folder.ts";
import { childCommand } from "./child_command.ts";
import { type FetchWheelsOptions, runPython, watchFolder } from "./fetch_wheels.ts";

const REQUIREMENTS = fileURLToPath(new URL("../../data/jupyter_requirements.txt", import.meta.url));
/** What the environment takes on disk, nearly. */
const INSTALLED_BYTES = 310e6;

/** A Jupyter that is installed. */
export interface Jupyter {
  /** Its virtual environment. */
  folder: string;
  /** The environment's Python, which starts every part of it. */
  python: string;
  /** JupyterLab's version. */
  version: string;
}

/**
 * The Jupyter in a cache folder; undefined where there is none, or only one of other pins.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { findJupyter } from "./jupyter.ts";
 *
 * assertEquals(findJupyter({ cache: await Deno.makeTempDir() }), undefined);
 * ```
 */
export function findJupyter({ cache = cacheFolder() }: CacheOptions = {}): Jupyter | undefined {
  const jupyter = jupyterIn(cache);
  return existsSync(jupyter.python) ? jupyter : undefined; // a Python that was removed leaves a dead link
}

/** Where the pinned Jupyter lies: its folder is named by the hash of the pins. */
function jupyterIn(cache: string): Jupyter {
  const requirements = Deno.readTextFileSync(REQUIREMENTS);
  const key = createHash("sha256").update(requirements).digest("hex").slice(0, 12);
  const folder = join(cache, `jupyter-${key}`);
  return {
    folder,
    python: join(folder, "bin", "python"),
    version: /^jupyterlab==(\S+)/m.exec(requirements)![1]!,
  };
}

/**
 * Finds Jupyter, or installs it: 60 MB are downloaded, 310 MB kept.
 *
 * @throws {Error} If there is no Python 3.10 or newer, no pip, no venv module, no network or no space.
 *
 * @example
 * ```ts
 * import { assertRejects } from "@std/assert";
 * import { setUpJupyter } from "./jupyter.ts";
 *
 * const cache = await Deno.makeTempDir();
 * await assertRejects(() => setUpJupyter({ cache, python: "no-such-python3" }), Error, "Python 3");
 * ```
 */
export async function setUpJupyter(options: FetchWheelsOptions = {}): Promise<Jupyter> {
  const { cache = cacheFolder(), onProgress, python = "python3" } = options;
  const found = findJupyter({ cache });
  if (found) return found;
  await withCacheLock(async (temporary) => {
    if (findJupyter({ cache })) return; // by the set-up that this one waited for
    checkFreeSpace(cache, INSTALLED_BYTES, "Jupyter");
    const made = join(temporary, "jupyter");
    const run = (command: string, args: string[]) =>
      runPython(command, args, { what: "Jupyter", folder: temporary, bytes: INSTALLED_BYTES });
    await run(python, ["-c", CHECK_PYTHON]);
    const stop = watchFolder(temporary, (done) => {
      onProgress?.({
        stage: "unpack",
        what: "Jupyter",
        done: Math.min(done, INSTALLED_BYTES),
        total: INSTALLED_BYTES,
      });
    });
    try {
      await run(python, ["-m", "venv", made]);
      const install = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--no-cache-dir",
        "--only-binary",
        ":all:",
      ];
      install.push("--disable-pip-version-check", "--require-hashes", "--requirement", REQUIREMENTS);
      await run(join(made, "bin", "python"), install);
    } finally {
      await stop();
    }
    const { folder } = jupyterIn(cache);
    await Deno.remove(folder, { recursive: true }).catch(() => {}); // one with a dead Python
    await Deno.rename(made, folder); // its scripts name the old folder: parts are started by `python -m`
  }, { cache, onProgress });
  return findJupyter({ cache })!;
}

// What pip cannot say in one line is asked beforehand.
const CHECK_PYTHON = `
import sys
if sys.version_info < (3, 10): sys.exit("ERROR: notebooks need Python 3.10 or newer, python3 is %d.%d: install one" % sys.version_info[:2])
try: import venv, ensurepip
except ImportError: sys.exit("ERROR: Python has no venv module: install it (package python3-venv)")
`;

/** JupyterLab's settings. No question about news, no check for updates: it asks the network nothing. */
const LAB_SETTINGS = {
  "@jupyterlab/apputils-extension:notification": {
    fetchNews: "false",
    checkForUpdates: false,
    doNotDisturbMode: true,
  },
  // a narrow window shows lines of code to their end
  "@jupyterlab/notebook-extension:tracker": { codeCellConfig: { lineWrap: true } },
};

/** How a part of Jupyter is started. */
export interface JupyterCommandOptions {
  /** Where it starts. */
  cwd?: string;
  /** More environment variables. */
  env?: { [name: string]: string };
  /** What becomes of its output; shown by default. */
  stderr?: "inherit" | "piped";
}

/**
 * The command of a part of Jupyter ("jupyterlab", "nbconvert"), with this very Deno as the kernel and all of its files
 * inside the environment.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { jupyterCommand, setUpJupyter } from "./jupyter.ts";
 *
 * const command = await jupyterCommand(await setUpJupyter(), ["nbconvert", "--version"], { stderr: "piped" });
 * assertEquals((await command.output()).success, true);
 * ```
 */
export async function jupyterCommand(
  { folder, python }: Jupyter,
  args: readonly string[],
  { cwd = Deno.cwd(), env = {}, stderr = "inherit" }: JupyterCommandOptions = {},
): Promise<Deno.Command> {
  await writeJson(join(folder, "share", "jupyter", "lab", "settings", "overrides.json"), LAB_SETTINGS);
  await writeJson(join(folder, "share", "jupyter", "kernels", "deno", "kernel.json"), {
    argv: [Deno.execPath(), "jupyter", "--kernel", "--conn", "{connection_file}"],
    display_name: "Deno",
    language: "typescript",
    interrupt_mode: "signal",
    env: { NO_COLOR: "1" },
  });
  return childCommand("jupyter", python, {
    args: ["-m", ...args],
    cwd,
    env: {
      ...env,
      JUPYTER_CONFIG_DIR: join(folder, "var", "config"),
      JUPYTER_DATA_DIR: join(folder, "var", "data"),
      JUPYTER_RUNTIME_DIR: join(folder, "var", "runtime"),
      IPYTHONDIR: join(folder, "var", "ipython"),
      JUPYTER_PATH: "",
      JUPYTER_CONFIG_PATH: "",
      JUPYTER_PREFER_ENV_PATH: "1",
      PYTHONWARNINGS: "ignore",
    },
    stdin: "inherit",
    stdout: stderr,
    stderr,
  });
}

/** Written by renaming, so that another process never reads half of it. */
async function writeJson(path: string, value: unknown): Promise<void> {
  const text = JSON.stringify(value, null, 2) + "\n";
  if (await Deno.readTextFile(path).catch(() => "") === text) return;
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(temporary, text);
    await Deno.rename(temporary, path);
  } catch (cause) {
    const reason = `${fileReasonOf(cause)}: set CODESCRUB_CACHE to a folder of your own`;
    throw new Error(`Cannot set up Jupyter in "${dirname(path)}": ${reason}`, { cause });
  }
}
