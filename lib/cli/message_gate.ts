/**
 * The last gate before stderr: a message of ours may name what a file holds (a document, a column, a tensor, a
 * setting), and a hostile or mistaken file holds secrets there. What the user typed is shown, and what reads as a name
 * (`model.norm.weight`, `src/a.py`, `Qwen2ForCausalLM`); anything else in quotes, and any long word, is shown as its
 * length.
 *
 * @module
 */
import { dirname, extname } from "node:path";
import { fileURLToPath } from "node:url";
import { framesOf, oneLine, withoutText } from "../files/reason.ts";
import { describeSecret } from "../secrets/fingerprint.ts";
import { resolvePath } from "./options.ts";

/** Variables that hold folders or names which the user set; keys and tokens are none of them. */
const VARIABLES = /^(HOME|PWD|TMPDIR|DENO_DIR|XDG_CACHE_HOME|INIT_CWD|HF_(HOME|ENDPOINT|HUB_CACHE))$/;
const OWN_VARIABLES = /^CODESCRUB_(?!KEY)/;
const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
/** Words that no name has are shortened from this length on. */
const LONG = 9;
/** Names of files that we made ourselves: what a detection has found so far, and what is to be renamed. */
const OWN_FILES =
  /\bpart-\d{8}-[0-9a-f]{12,16}\b|~\d{1,10}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp\b/g;
const MOST = 200;

/** What messages may show as it stands. */
export type Given = readonly string[];

/**
 * What the user gave: the words of the command line, the paths that they mean, and folders of the environment.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { givenWords } from "./message_gate.ts";
 *
 * assert(givenWords(["detect", "src", "--out=s.csv"], "/srv/ada").includes("/srv/ada/s.csv"));
 * ```
 */
export function givenWords(args: readonly string[], cwd: string): Given {
  const words = args.flatMap((word) =>
    word.startsWith("--") ? [word, word.slice(word.indexOf("=") + 1)] : [word]
  );
  const variables = Object.entries(Deno.env.toObject()).filter(([name]) =>
    VARIABLES.test(name) || OWN_VARIABLES.test(name)
  );
  const paths = words.map((word) => resolvePath(word, cwd));
  const all = [
    ...words,
    ...paths,
    ...paths.map((path) => dirname(path)),
    ...variables.map(([, value]) => value),
    cwd,
    ROOT,
  ];
  return [...new Set(all.filter((word) => word.length > 1))].sort((a, b) => b.length - a.length);
}

/**
 * A message with what nobody gave and no name is shown as its kind and length.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { gateMessage } from "./message_gate.ts";
 *
 * const key = "aB3x".repeat(9);
 * assertEquals(gateMessage(`Unknown model type "${key}"`, []), 'Unknown model type "TEXT, 36 characters, aB..."');
 * assertEquals(gateMessage(`Cannot read "/tmp/${key}"`, [`/tmp/${key}`]), `Cannot read "/tmp/${key}"`);
 * assertEquals(gateMessage('"model.norm.weight" is missing', []), '"model.norm.weight" is missing');
 * ```
 */
export function gateMessage(message: string, given: Given): string {
  return message.replace(/"((?:[^"\\]|\\.)*)"|[^\s"]+/g, (found, quoted?: string) => {
    if (quoted !== undefined) return `"${passText(quoted, given)}"`;
    if (found.length > MOST) return describeSecret("TEXT", found);
    const [, before = "", word = "", after = ""] = /^([([{']*)(.*?)([)\]}.,:;']*)$/s.exec(found)!;
    return word.length < LONG ? found : before + passText(word, given) + after;
  });
}

/** A text as it is, or its length; of what begins as something that was given only the rest counts. */
function passText(text: string, given: Given): string {
  if (given.some((word) => word.includes(text))) return text;
  const [, flag, value] = /^(--[a-z-]+=)(.+)$/s.exec(text) ?? [];
  if (flag !== undefined) return flag + passText(value!, given);
  for (const word of given) {
    for (const start of [word, word.slice(0, word.length - extname(word).length)]) {
      if (start.length > 1 && text.startsWith(start)) return start + passName(text.slice(start.length));
    }
  }
  return passName(text);
}

function passName(text: string): string {
  return isName(text.replace(OWN_FILES, "")) ? text : describeSecret("TEXT", text);
}

/**
 * Whether a text reads as a name of code, of a file or of a number: words of one case, or with one capital each, and
 * few digits.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isName } from "./message_gate.ts";
 *
 * assertEquals(["transformer.h.0.attn.c_attn.weight", "arrow-1.4.0/a.py#0", "1e-4"].every(isName), true);
 * assertEquals(["ada@mail.org", "10.1.2.3", "AKIAQ7ZJ5XKWM3PL2TVB", "my key"].some(isName), false);
 * ```
 */
export function isName(text: string): boolean {
  if (text.length > MOST) return false;
  if (/^the options$|^org\/name\[@revision$|^(npx -y )?deno (task|install) [\w ./:-]*$/.test(text)) {
    return true; // our own words
  }
  const digits = text.replace(/\D/g, "").length;
  if (/[@\s\p{C}]/u.test(text) || /\d+\.\d+\.\d+\.\d+|[0-9a-f]*:[0-9a-f]*:/i.test(text) || digits > 12) {
    return false;
  }
  const parts = text.split(/[^\p{L}\p{N}]+/u);
  const mixed = parts.filter((part) => /\p{L}\p{N}+\p{L}/u.test(part) && part.length > 4).length;
  return mixed <= 1 && parts.every(isWord);
}

/** A word, a number, or a short mixture. */
function isWord(part: string): boolean {
  if (part.length < LONG || /^\d{1,12}$/.test(part)) return true;
  const letters = part.replace(/\d{1,4}$/, "");
  if (part.length > 24 || /\d/.test(letters)) return false;
  if (/^\p{Lu}{12,}$/u.test(letters)) return false;
  const capitals = (letters.match(/(?<=\p{Ll})\p{Lu}/gu) ?? []).length;
  return capitals <= letters.length / 5;
}

/**
 * What went wrong, in one line that may be shown.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { explainError } from "./message_gate.ts";
 *
 * const key = "aB3x".repeat(9);
 * assertEquals(explainError(new RangeError(`Unknown "${key}"`), []), 'Unknown "TEXT, 36 characters, aB..."');
 * assertEquals(explainError({ key }, []), "it failed in an unexpected way");
 * ```
 */
export function explainError(error: unknown, given: Given): string {
  if (!(error instanceof Error)) return "it failed in an unexpected way";
  return gateMessage(oneLine(withoutText(error)), given);
}

/**
 * The stack of an error and of its causes, with messages that may be shown: for CODESCRUB_DEBUG=1.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { explainStack } from "./message_gate.ts";
 *
 * try {
 *   JSON.parse("hunter2");
 * } catch (cause) {
 *   const text = explainStack(new SyntaxError("Cannot read the file", { cause }), []);
 *   assert(text.includes("Caused by SyntaxError: ") && !text.includes("hunter2"));
 * }
 * ```
 */
export function explainStack(error: unknown, given: Given): string {
  const lines: string[] = [];
  for (let depth = 0; error instanceof Error && depth < 9; error = error.cause, depth++) {
    const name = /^\w{1,40}$/.test(error.name) ? error.name : "Error";
    const frames = framesOf(error);
    lines.push(`${depth > 0 ? "Caused by " : ""}${name}: ${explainError(error, given)}`, ...frames);
  }
  return lines.join("\n");
}
