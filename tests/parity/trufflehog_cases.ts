/**
 * The cases of TruffleHog's detectors in a checkout of it: tables in tests of Go, whose `input` holds what `want` lists, or
 * nothing. Inputs are read where they are strings, names of strings in the same file, sums of these or `fmt.Sprintf`.
 *
 * @module
 */
import { basename, join } from "node:path";
import type { RuleCase } from "./secretlint_cases.ts";

/** Where the detectors of a checkout stand. */
export const TRUFFLEHOG_FOLDER = join("pkg", "detectors");

const STRING = String.raw`"(?:[^"\\\n]|\\.)*"|\`[^\`]*\``;
const WORD = new RegExp(String.raw`\s*(?:(${STRING})|(fmt\.Sprintf)\(|(\w+)\b(?!\())`, "y");
const NAMED = new RegExp(String.raw`\b(\w+)\s*:?=\s*(${STRING})\s*(?:\/\/.*)?$`, "gm");

/** The cases below a folder, by path. */
export async function readTrufflehogCases(folder: string): Promise<RuleCase[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const cases: RuleCase[] = [];
  for (const { name, isDirectory } of entries) {
    const path = join(folder, name);
    if (isDirectory) cases.push(...await readTrufflehogCases(path));
    else if (/_test\.go$/.test(name) && !/integration_test\.go$/.test(name)) {
      cases.push(...casesOf(await Deno.readTextFile(path), basename(folder)));
    }
  }
  return cases;
}

function* casesOf(code: string, rule: string): Generator<RuleCase> {
  const named = new Map<string, string>();
  for (const [, name, text] of code.matchAll(NAMED)) named.set(name!, readString(text!));
  for (const { 0: found, index } of code.matchAll(/\binput:/g)) {
    const read = readSum(code, index + found.length, named);
    const wanted = read &&
      /^,\s*(?:\w+:\s*\w+,\s*)?want:\s*(nil\b|\[\]string\{\s*\}|\[\]string\{|\w+)/.exec(code.slice(read.end));
    if (!wanted) continue;
    yield { rule, text: read.text, isPositive: !/^nil|\}$/.test(wanted[1]!) };
  }
}

/** The text of an expression that begins at `at`, and where it ends; null where it is of another kind. */
function readSum(
  code: string,
  at: number,
  named: ReadonlyMap<string, string>,
): { text: string; end: number } | null {
  let text = "";
  while (true) {
    WORD.lastIndex = at;
    const word = WORD.exec(code);
    if (!word) return null;
    at = WORD.lastIndex;
    if (word[1]) text += readString(word[1]);
    else if (word[2]) {
      const call = readCall(code, at, named);
      if (!call) return null;
      text += call.text;
      at = call.end;
    } else if (named.has(word[3]!)) text += named.get(word[3]!);
    else return null;
    const sum = /^\s*\+/.exec(code.slice(at, at + 40));
    if (!sum) return { text, end: at };
    at += sum[0].length;
  }
}

/** What `fmt.Sprintf` makes of its arguments, which begin at `at`. */
function readCall(
  code: string,
  at: number,
  named: ReadonlyMap<string, string>,
): { text: string; end: number } | null {
  const parts: string[] = [];
  while (true) {
    const part = readSum(code, at, named);
    if (!part) return null;
    parts.push(part.text);
    const next = /^\s*(,?)\s*(\)?)/.exec(code.slice(part.end, part.end + 40))!;
    at = part.end + next[0].length;
    if (next[2]) break;
    if (!next[1]) return null;
  }
  const [format = "", ...values] = parts;
  return { text: format.replace(/%[svqd]/g, (verb) => values.shift() ?? verb), end: at };
}

function readString(text: string): string {
  return text.startsWith("`") ? text.slice(1, -1) : JSON.parse(text.replace(/\\([^"\\/bfnrtu])/g, "$1"));
}
