/**
 * Other programs, started with as few of the user's variables as they need: the environment also holds the key of
 * fingerprints, the Hub's token and whatever else a shell has, and none of that is pip's or a browser's business. Every
 * process of the product is started here.
 *
 * @module
 */

/** What every program is given: where things are, in which language, and how to reach the network. */
const COMMON = [
  ...["PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TMP", "TEMP", "TZ", "TERM", "NO_COLOR"],
  ...["LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE", "LC_COLLATE", "LC_MESSAGES", "LC_NUMERIC", "LC_TIME"],
  ...["XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"],
  ...["http_proxy", "https_proxy", "all_proxy", "no_proxy"],
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"],
] as const;

const PYTHON = ["PIP_*", "PYTHON*", "PYENV_*", "VIRTUAL_ENV", "CONDA_PREFIX"] as const;
const DENO = ["DENO_DIR", "DENO_CERT", "DENO_TLS_CA_STORE", "NPM_CONFIG_REGISTRY"] as const;

/** What each kind of program is given beside that; `*` stands for the rest of a name. */
const OWN = {
  git: [],
  judge: ["DENO_DIR"],
  judged: [], // model-written code: what starts it hands nothing of its own on
  browser: ["DISPLAY", "WAYLAND_DISPLAY", "FONTCONFIG_FILE", "FONTCONFIG_PATH"],
  python: PYTHON,
  npm: ["npm_config_*", "NPM_CONFIG_*", "NODE_EXTRA_CA_CERTS", ...DENO],
  // Its kernels are this program: they need its own variables, the key of fingerprints too, and the libraries' settings.
  // Not the Hub's token: what needs it is fetched before, or finds it in its file.
  jupyter: [
    ...PYTHON,
    ...DENO,
    ...[
      "CODESCRUB_*",
      "NB_PARAMS",
      "HF_HOME",
      "HF_HUB_*",
      "HF_ENDPOINT",
      "HF_TOKEN_PATH",
      "TRANSFORMERS_OFFLINE",
    ],
    ...["TF_*", "XLA_*", "CUDA_*", "NVIDIA_*", "OMP_*", "ONEDNN_*", "RAYON_*", "POLARS_*", "MALLOC_*"],
    ...["LD_LIBRARY_PATH", "GLIBC_TUNABLES", "JUPYTER_*", "SHELL", "BROWSER", "DISPLAY", "WAYLAND_DISPLAY"],
  ],
} as const satisfies Record<string, readonly string[]>;

/** A kind of program, as to what it is given. */
export type ChildKind = keyof typeof OWN;

/** How a program is started: all of Deno's options, except that the environment is never passed on whole. */
export type ChildOptions = Omit<Deno.CommandOptions, "clearEnv">;

/**
 * The names of the user's variables that a kind of program is given.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { childVariables } from "./child_command.ts";
 *
 * assertEquals(childVariables("git").includes("PATH"), true);
 * assertEquals(childVariables("python").includes("PIP_*"), true);
 * ```
 */
export function childVariables(kind: ChildKind): string[] {
  return [...COMMON, ...OWN[kind]];
}

/**
 * The command of another program, whose environment is the part of the user's that it needs, and `env`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { childCommand } from "./child_command.ts";
 *
 * Deno.env.set("HF_TOKEN", "made up");
 * const { stdout } = await childCommand("git", "env", { env: { OWN: "1" } }).output();
 * const names = new TextDecoder().decode(stdout).split("\n").map((line) => line.split("=")[0]);
 * assertEquals(["PATH", "OWN", "HF_TOKEN"].map((name) => names.includes(name)), [true, true, false]);
 * Deno.env.delete("HF_TOKEN");
 * ```
 */
export function childCommand(kind: ChildKind, program: string, options: ChildOptions = {}): Deno.Command {
  const env = { ...userVariables(childVariables(kind)), ...options.env };
  return new Deno.Command(program, { ...options, env, clearEnv: true });
}

/** Single names are asked one by one, so that a permission for these alone is enough. */
function userVariables(names: readonly string[]): { [name: string]: string } {
  const starts = names.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
  const all = starts.length > 0 ? Object.entries(Deno.env.toObject()) : [];
  const found = all.filter(([name]) => starts.some((start) => name.startsWith(start)));
  for (const name of names) {
    const value = name.endsWith("*") ? undefined : Deno.env.get(name);
    if (value !== undefined) found.push([name, value]);
  }
  return Object.fromEntries(found);
}
