/**
 * The command line: `deno task codescrub COMMAND`. Makes commander's commands from `COMMANDS`, runs the one asked for,
 * and turns what becomes of it into an exit code: 0 done, 1 failed, 2 bad usage, 130 interrupted, 143 terminated. A
 * failure is one line on stderr, past `message_gate.ts`; `CODESCRUB_DEBUG=1` adds the stack. Results go to
 * stdout, all else to stderr.
 *
 * @module
 */
import { Command as Program, CommanderError, Option } from "../npm/commander.ts";
import { isAbsolute } from "node:path";
import deno from "../../deno.json" with { type: "json" };
import { firstThrown, oneLine } from "../files/reason.ts";
import { type Command, type CommandResult, type Context, type OptionSpec, UsageError } from "./command.ts";
import { type CommandRow, COMMANDS } from "./commands.ts";
import { wrapCommand, write } from "./console.ts";
import { explainError, explainStack, gateMessage, type Given, givenWords } from "./message_gate.ts";
import { warnOfDeno } from "./deno_version.ts";
import { InterruptError, listenForInterrupt } from "./interrupt.ts";
import { groupOptions } from "./option_groups.ts";
import { flagOf, optionsOf, resolveOptions } from "./options.ts";

type CommandRows = { readonly [name: string]: CommandRow };

/** Options of {@linkcode main}. */
export interface MainOptions {
  /** What a user writes before the command's name. */
  program?: string;
}

const PLACEHOLDERS = {
  flag: "",
  list: "TEXT",
  string: "TEXT",
  path: "PATH",
  int: "N",
  float: "X",
  choice: "NAME",
};

/**
 * Runs one command line and returns its exit code. `rows` are the commands there are.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { main } from "./main.ts";
 *
 * assertEquals(await main(["--version"]), 0);
 * assertEquals(await main(["detect", "--nonsense"]), 2);
 * ```
 */
export async function main(
  args: string[],
  rows: CommandRows = COMMANDS,
  { program: name = "codescrub" }: MainOptions = {},
): Promise<number> {
  try {
    const program = await makeProgram(args, rows, name);
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2; // it has said why
    return report(error, args);
  }
}

/** Says in one line what went wrong; returns the exit code. */
function report(thrown: unknown, args: readonly string[]): number {
  const error = firstThrown(thrown);
  const given = givenWords(args, userFolder());
  write(`codescrub: ${explainError(error, given)}\n`, Deno.stderr);
  if (Deno.env.get("CODESCRUB_DEBUG") === "1") write(explainStack(error, given) + "\n", Deno.stderr);
  if (error instanceof InterruptError) return error.exitCode;
  return error instanceof UsageError ? 2 : 1;
}

async function makeProgram(args: readonly string[], rows: CommandRows, called: string): Promise<Program> {
  const given = givenWords(args, userFolder());
  const words = args.filter((arg) => !arg.startsWith("-"));
  const asked = words[0] === "help" ? words[1] : words[0];
  const said = { names: Object.keys(rows), help: `${called} ${asked ?? ""} --help` };
  const program = new Program(called)
    .description("Finds, measures and erases the secrets that a code model memorized.")
    .version(deno.version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => write(text),
      writeErr: (text) => write(text, Deno.stderr),
      outputError: (text, writeErr) => writeErr(`codescrub: ${rephrase(oneLine(text), said)}\n`),
    });
  const columns = Deno.stdout.isTerminal() ? Deno.consoleSize().columns : undefined;
  const example = (line: string) => `\n${wrapCommand(`  ${called} ${line}`, columns)}`;
  for (const [name, row] of Object.entries(rows)) {
    const sub = program.command(name).description(row.description);
    if (name === asked) addCommand(sub, (await row.load()).command, given);
    const lines = [row.example, ...row.more ?? []].map(example).join("");
    sub.addHelpText("after", `\n${row.more ? "Examples" : "Example"}:${lines}`);
  }
  return program.addHelpText(
    "after",
    `\nExamples:${Object.values(rows).map((row) => example(row.example)).join("")}`,
  );
}

/** Commander's message as the project's read: its first letter large, names in double quotes, what was meant before all names. */
function rephrase(message: string, { names, help }: { names: readonly string[]; help: string }): string {
  const text = message.replace(/^error: /, "").replaceAll("'", '"').replace("(Did you mean", "(did you mean");
  const list = names.map((name) => `"${name}"`).join(", ");
  return text.charAt(0).toUpperCase() +
    text.slice(1)
      .replace(/^nknown command "[^"]*"( \(.*\?\))?/, (found) => `${found}: expected ${list}`)
      .replace(/^issing required argument "[^"]*"/, (found) => `${found}: see ${help}`);
}

function addCommand(program: Program, command: Command, given: Given): void {
  const argNames = Object.keys(command.args);
  for (const [name, spec] of Object.entries(command.args)) {
    const word = spec.kind === "list" ? `${name}...` : name;
    program.argument("required" in spec && spec.required ? `<${word}>` : `[${word}]`, spec.describe);
  }
  const options = Object.entries(optionsOf(command));
  const headings = groupOptions(options.map(([name]) => name));
  for (const [i, [name, spec]] of options.entries()) {
    const option = makeOption(name, spec);
    program.addOption(headings[i] ? option.helpGroup(`${headings[i]}:`) : option);
  }
  program.action(async (...values: unknown[]) => {
    const flags: { [name: string]: unknown } = { ...program.opts() };
    argNames.forEach((name, i) => flags[name] = values[i]);
    await runCommand(program.name(), command, { flags, given });
  });
}

function makeOption(name: string, spec: OptionSpec): Option {
  const { metavar = PLACEHOLDERS[spec.kind] } = spec;
  const fallback = "default" in spec ? spec.default : undefined;
  const notes = [
    ...("required" in spec && spec.required ? ["required"] : []),
    ...(spec.kind === "list" ? ["may be repeated"] : []),
    ...(spec.kind === "choice" ? [spec.choices.join("|")] : []),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
  ];
  const describe = notes.length > 0 ? `${spec.describe} (${notes.join(", ")})` : spec.describe;
  // Defaults and checks are not commander's: a config file stands between flags and defaults.
  const flag = spec.kind === "flag" ? flagOf(name) : `${flagOf(name)} <${metavar}>`;
  const option = new Option(flag, describe);
  if (spec.kind === "list") option.argParser((text, before: string[] = []) => [...before, text]);
  return option;
}

async function runCommand(
  name: string,
  command: Command,
  { flags, given }: { flags: { [name: string]: unknown }; given: Given },
): Promise<void> {
  const cwd = userFolder();
  const values = await resolveOptions({ ...command.args, ...optionsOf(command) }, { flags, cwd });
  const { seed, json, force, config: _config, out: _out, ...rest } = values;
  const { createProgress } = await import("./progress.ts");
  const progress = createProgress();
  const interrupt = listenForInterrupt(() => {
    if (Deno.stderr.isTerminal()) progress.log("Stopping after this step; Ctrl-C again stops at once.");
  });
  // To its very end a process goes on listening: a signal behind the last step must not change its exit code.
  using _ = import.meta.main ? null : interrupt;
  const context: Context = {
    progress,
    signal: interrupt.signal,
    breathe: () => interrupt.breathe(),
    log: (line) => progress.log(gateMessage(line, given)),
    cwd,
    seed: Number(seed),
    force: force === true,
    settings: { ...rest, seed: seed! },
  };
  let result: CommandResult;
  try {
    result = await command.run(values, context); // a signal that came after it had finished changes nothing
  } catch (error) {
    // Whatever an interrupted step threw, the interrupt is the reason.
    throw interrupt.signal.aborted ? interrupt.signal.reason : error;
  } finally {
    progress.close();
  }
  if (result.text) write(result.text.replace(/\n*$/, "\n"), json ? Deno.stderr : Deno.stdout);
  if (json) write(JSON.stringify({ command: name, ...result.summary }) + "\n");
  if (result.failure) throw new Error(result.failure);
}

/** Where the user stands: `deno task` goes to the project's folder and leaves the user's in INIT_CWD. */
function userFolder(): string {
  const folder = Deno.env.get("INIT_CWD");
  return folder && isAbsolute(folder) ? folder : Deno.cwd();
}

if (import.meta.main) {
  const fail = (event: Event, error: unknown) => {
    event.preventDefault();
    Deno.exit(report(error, Deno.args));
  };
  addEventListener("unhandledrejection", (event) => fail(event, event.reason));
  addEventListener("error", (event) => fail(event, event.error));
  const warning = warnOfDeno();
  if (warning) write(`codescrub: ${warning}\n`, Deno.stderr);
  Deno.exit(await main(Deno.args));
}
