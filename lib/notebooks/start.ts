/**
 * The first thing that a notebook does: its parameters, overridden by the environment, with everything else that makes
 * its cells answer in one line and survive an interrupt.
 *
 * @module
 */
import { showFiguresOn } from "../figures/figure.ts";
import { catchInterrupts, isNotebook, waitForResults } from "../figures/notebook_kernel.ts";
import { isLabDark } from "./lab_theme.ts";

/** What a parameter may be. */
export type Parameter = string | number | boolean;

/** A notebook's parameters by name, in capitals. */
export type Parameters = { readonly [name: string]: Parameter };

/** The same names with any value of each one's type. */
export type ValuesOf<P extends Parameters> = {
  -readonly [N in keyof P]: P[N] extends string ? string : P[N] extends number ? number : boolean;
};

/** Options of {@linkcode startNotebook}. */
export interface StartNotebookOptions {
  /** Names of numbers that may be fractions though their defaults are whole. */
  fractions?: readonly string[];
  /** An environment variable's value; those of the process by default. */
  variable?: (name: string) => string | undefined;
}

/**
 * Starts a notebook. Parameters that `NB_PARAMS` names (a JSON object) replace the defaults; names that the notebook
 * does not know are other notebooks'. From here on an error is its message without a stack (unless CODESCRUB_DEBUG is
 * 1), and an interrupt stops the work that shows its progress, not the kernel. Figures are as `CODESCRUB_FIGURES` says (dark or
 * light), else as JupyterLab's theme.
 *
 * @throws {SyntaxError} if NB_PARAMS is no JSON object, or CODESCRUB_FIGURES another paper; {TypeError} if a value is of another type than the default
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startNotebook } from "./start.ts";
 *
 * const variables = new Map([["NB_PARAMS", '{ "TEXTS": 8, "OTHERS": 1 }']]);
 * const P = startNotebook({ MODEL: "embedded", TEXTS: 64 }, { variable: (name) => variables.get(name) });
 * assertEquals(P, { MODEL: "embedded", TEXTS: 8 });
 * ```
 */
export function startNotebook<P extends Parameters>(
  defaults: P,
  { fractions = [], variable = (name) => Deno.env.get(name) }: StartNotebookOptions = {},
): ValuesOf<P> {
  if (variable("CODESCRUB_DEBUG") !== "1" && isNotebook()) Error.stackTraceLimit = 0;
  showFiguresOn(readPaper(variable("CODESCRUB_FIGURES") ?? (isLabDark(variable) ? "dark" : "light")));
  catchInterrupts();
  waitForResults();
  const given = readVariable(variable("NB_PARAMS") ?? "{}");
  const values: Record<string, Parameter> = { ...defaults };
  for (const [name, value] of Object.entries(defaults)) {
    if (!Object.hasOwn(given, name)) continue;
    values[name] = checkParameter(name, given[name], { example: value, isWhole: !fractions.includes(name) });
  }
  return values as ValuesOf<P>;
}

function readVariable(text: string): Record<string, unknown> {
  let given: unknown;
  let cause: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    cause = error;
  }
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    return given as Record<string, unknown>;
  }
  throw new SyntaxError('Cannot read NB_PARAMS: it is no JSON object: write it as {"TEXTS": 8}', { cause });
}

function checkParameter(
  name: string,
  value: unknown,
  { example, isWhole }: { example: Parameter; isWhole: boolean },
): Parameter {
  if (typeof value !== typeof example) {
    const found = value === null ? "null" : `a ${typeof value}`;
    throw new TypeError(
      `Cannot use parameter ${name}: it is ${found}, expected a ${typeof example} as ${
        JSON.stringify(example)
      }`,
    );
  }
  if (typeof value === "number" && isWhole && Number.isInteger(example) && !Number.isInteger(value)) {
    throw new RangeError(`Cannot use parameter ${name}: it is ${value}, expected a whole number`);
  }
  if (typeof value === "number" && value < 0) {
    throw new RangeError(`Cannot use parameter ${name}: it is ${value}, expected >= 0`);
  }
  return value as Parameter;
}

function readPaper(paper: string): "light" | "dark" {
  if (paper === "light" || paper === "dark") return paper;
  throw new SyntaxError(`Cannot use CODESCRUB_FIGURES=${JSON.stringify(paper)}: expected dark or light`);
}
