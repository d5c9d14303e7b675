/**
 * Pyodide as its package starts it, which hands JavaScript to Python: for what the attempts do there. Reads programs as
 * a JSON list from standard input; "give-up" as the last argument has it give every permission up before them.
 */
import { loadPyodide } from "npm:pyodide@314.0.7";
import { giveUpAll } from "../../lib/sandbox/give_up.ts";

const programs: string[] = JSON.parse(await new Response(Deno.stdin.readable).text());
const pyodide = await loadPyodide();
if (Deno.args.at(-1) === "give-up") await giveUpAll();
for (const program of programs) {
  try {
    pyodide.runPython(program);
    console.log("ran");
  } catch (error) {
    console.log(String(error).trim().split("\n").at(-1));
  }
}
Deno.exit(0);
