/**
 * A judging process, started by {@link ./pyodide_worker.ts}: it may read Pyodide's folder, loads it, gives every
 * permission up and then judges. Nothing else is given: no other file, no variable, no network, no process.
 *
 * @module
 */
import { reasonOf } from "../files/reason.ts";
import { prepareInterpreters } from "./interpreter.ts";
import { judgeUntilEnd } from "./serve.ts";

if (import.meta.main) {
  try {
    await judgeUntilEnd(() => prepareInterpreters({ outputBytes: Number(Deno.args[0]) }));
    Deno.exit(0);
  } catch (error) {
    console.error(reasonOf(error));
    Deno.exit(1);
  }
}
