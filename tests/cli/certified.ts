/** A tiny run with its certificate, for the tests of certify and verify. */
import { assertEquals } from "@std/assert";
import { callMain } from "./call_main.ts";
import { certifiedCommands, type Flags, tiny } from "./tiny_cases.ts";

/** The key of fingerprints of such tests. */
export const KEY = "a key for tests of certificates";
/** A tiny run with its unlearned model, attacked; `path("erased/certificate.json")` is its certificate. */
export async function certified(changes: Flags = {}) {
  const at = await tiny();
  for (const args of certifiedCommands(at, changes)) {
    const { code, stderr } = await callMain(args);
    assertEquals(code, 0, stderr);
  }
  const path = at.path("erased/certificate.json");
  return { ...at, erased: at.path("erased"), certificate: path, text: Deno.readTextFileSync(path) };
}
