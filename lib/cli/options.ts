/**
 * The values of a command's options: flags win over the `--config` file, the file over the defaults, and every value is
 * checked by its kind wherever it came from. What is wrong is a `UsageError` that names the option, the value and the
 * rule.
 *
 * @module
 */
import { isAbsolute, join } from "node:path";
import { readRegularText } from "../files/read_file.ts";
import { type Command, type OptionSpec, type OptionSpecs, type OptionValue, UsageError } from "./command.ts";
import { reasonOf } from "../files/reason.ts";

const MAX_CONFIG_BYTES = 2 ** 20;

/** `--seed` and `--json`, which every command takes, and `--force` and `--config`, which some do. */
export const COMMON = {
  seed: { kind: "int", describe: "seed of everything drawn at random", default: 42, min: 0 },
  json: { kind: "flag", describe: "print a machine-readable summary as the last line" },
  force: { kind: "flag", describe: "replace a finished output" },
  config: { kind: "path", describe: "options from a JSON file; flags win", metavar: "FILE" },
} as const satisfies OptionSpecs;

/**
 * A command's own options and the common ones that it takes.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { defineCommand } from "./command.ts";
 * import { optionsOf } from "./options.ts";
 *
 * const command = defineCommand({ args: {}, options: {}, run: () => Promise.resolve({ summary: {} }) });
 * assertEquals(Object.keys(optionsOf(command)), ["seed", "json"]);
 * assertEquals(Object.keys(optionsOf({ ...command, writes: true })), ["force", "seed", "json"]);
 * ```
 */
export function optionsOf(command: Command): OptionSpecs {
  const { seed, json, force, config } = COMMON;
  return {
    ...command.options,
    ...(command.config && { config }),
    ...(command.writes && { force }),
    seed,
    json,
  };
}

/**
 * The flag of an option's name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { flagOf } from "./options.ts";
 *
 * assertEquals(flagOf("microBatch"), "--micro-batch");
 * ```
 */
export function flagOf(name: string): string {
  return "--" + name.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());
}

/** What was given for each option: on the command line by name, and where the user stands. */
export interface GivenOptions {
  flags: { readonly [name: string]: unknown };
  cwd: string;
}

/**
 * The checked values of `specs`: of the command line, else of its `--config` file, else the defaults.
 *
 * @example
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { UsageError } from "./command.ts";
 * import { resolveOptions } from "./options.ts";
 *
 * const specs = { k: { kind: "int", describe: "rows", default: 32, min: 1 } } as const;
 * assertEquals(await resolveOptions(specs, { flags: {}, cwd: "/" }), { k: 32 });
 * assertEquals(await resolveOptions(specs, { flags: { k: "8" }, cwd: "/" }), { k: 8 });
 * await assertRejects(() => resolveOptions(specs, { flags: { k: "0" }, cwd: "/" }), UsageError, "--k");
 * ```
 */
export async function resolveOptions(
  specs: OptionSpecs,
  given: GivenOptions,
): Promise<{ [name: string]: OptionValue }> {
  const path = given.flags.config;
  const file = typeof path === "string" ? await readConfig(resolvePath(path, given.cwd), specs) : {};
  const values: { [name: string]: OptionValue } = {};
  for (const [name, spec] of Object.entries(specs)) {
    const [raw, origin] = given.flags[name] !== undefined
      ? [given.flags[name], flagOf(name)]
      : [file[name], `"${name}" of ${path}`];
    if (raw !== undefined) values[name] = parseValue(spec, raw, { origin, cwd: given.cwd });
    else if (spec.kind === "flag") values[name] = false;
    else if (spec.kind === "list" && !spec.required) values[name] = [];
    else if (spec.kind !== "list" && spec.default !== undefined) values[name] = spec.default;
    else if (spec.required) throw new UsageError(`Missing option "${flagOf(name)}": ${spec.describe}`);
  }
  return values;
}

/**
 * A path as the user meant it: relative to where the user stands.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { resolvePath } from "./options.ts";
 *
 * assertEquals(resolvePath("../b.csv", "/a/c"), "/a/b.csv");
 * assertEquals(resolvePath("/b.csv", "/a/c"), "/b.csv");
 * ```
 */
export function resolvePath(path: string, cwd: string): string {
  return isAbsolute(path) ? join(path) : join(cwd, path);
}

async function readConfig(path: string, specs: OptionSpecs): Promise<{ [name: string]: unknown }> {
  let parsed: unknown;
  const text = await readRegularText(path, { what: "the options of", maxBytes: MAX_CONFIG_BYTES })
    .catch((cause) => {
      throw new UsageError(cause.message, { cause });
    });
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`Cannot read the options of "${path}": ${reasonOf(cause)}`, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new UsageError(`Cannot read the options of "${path}": a JSON object is needed`);
  }
  const names = Object.keys(specs).filter((name) => name !== "config");
  const values: { [name: string]: unknown } = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (key === "$schema") continue;
    const name = names.find((name) => name === key || flagOf(name) === `--${key}`);
    if (name === undefined) {
      const list = names.map((name) => `"${name}"`).join(", ");
      throw new UsageError(`Unknown option "${key}" in "${path}": expected ${list}`);
    }
    values[name] = value;
  }
  return values;
}

/** Where a raw value came from, for messages, and where paths start. */
export interface ValueOrigin {
  origin: string;
  cwd: string;
}

/**
 * One raw value as its kind has it; strings of the command line and JSON's numbers alike.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { parseValue } from "./options.ts";
 *
 * const from = { origin: "--lr", cwd: "/" };
 * assertEquals(parseValue({ kind: "float", describe: "rate" }, "3e-6", from), 3e-6);
 * assertThrows(() => parseValue({ kind: "float", describe: "rate" }, "fast", from), Error, 'Cannot read --lr "fast"');
 * ```
 */
export function parseValue(spec: OptionSpec, raw: unknown, { origin, cwd }: ValueOrigin): OptionValue {
  const refuse = (rule: string): never => {
    throw new UsageError(`Cannot read ${origin} ${JSON.stringify(raw)}: ${rule} is needed`);
  };
  switch (spec.kind) {
    case "flag":
      return typeof raw === "boolean" ? raw : refuse("true or false");
    case "list":
      return isStrings(raw) ? raw : refuse("a list of texts");
    case "int":
    case "float":
      return parseNumber(spec, raw) ?? refuse(numberRule(spec));
    case "choice":
      if (typeof raw === "string" && spec.choices.includes(raw)) return raw;
      return refuse("one of " + spec.choices.map((choice) => `"${choice}"`).join(", "));
    case "path":
      if (typeof raw !== "string" || raw === "" || raw.includes("\0")) return refuse("a path");
      return (raw === "-" && spec.orInput) || raw === spec.orWord ? raw : resolvePath(raw, cwd);
    case "string":
      return typeof raw === "string" ? raw : refuse("a text");
  }
}

type NumberSpec = Extract<OptionSpec, { kind: "int" | "float" }>;

function parseNumber(spec: NumberSpec, raw: unknown): number | undefined {
  const isNumeral = typeof raw === "string" && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(raw);
  const value = typeof raw === "number" ? raw : isNumeral ? Number(raw) : NaN;
  const isRight = spec.kind === "int" ? Number.isSafeInteger(value) : Number.isFinite(value);
  const { min = -Infinity, max = Infinity } = spec;
  return isRight && value >= min && value <= max ? value : undefined;
}

function numberRule({ kind, min, max }: NumberSpec): string {
  const name = kind === "int" ? "an integer" : "a number";
  if (min !== undefined && max !== undefined) return `${name} from ${min} to ${max}`;
  if (min !== undefined) return `${name} of at least ${min}`;
  return max !== undefined ? `${name} of at most ${max}` : name;
}

function isStrings(raw: unknown): raw is string[] {
  return Array.isArray(raw) && raw.every((item) => typeof item === "string");
}
