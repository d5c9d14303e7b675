/**
 * Which theme JupyterLab shows, as its settings of the user tell: a kernel is not told.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Where a theme that was chosen stands, in the folder of settings. */
const SETTINGS = join("@jupyterlab", "apputils-extension", "themes.jupyterlab-settings");

/**
 * Whether JupyterLab shows a dark theme; not where it follows the system's, or no theme was ever chosen.
 *
 * @param variable an environment variable's value: JupyterLab's own folders
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { isLabDark } from "./lab_theme.ts";
 *
 * assertEquals(isLabDark(() => "/nowhere"), false);
 * ```
 */
export function isLabDark(variable: (name: string) => string | undefined): boolean {
  const config = variable("JUPYTER_CONFIG_DIR") ?? join(variable("HOME") ?? "", ".jupyter");
  const folder = variable("JUPYTERLAB_SETTINGS_DIR") ?? join(config, "lab", "user-settings");
  let text: string;
  try {
    text = readFileSync(join(folder, SETTINGS), "utf8");
  } catch {
    return false;
  }
  const settings = text.replace(/^\s*\/\/.*$/gm, ""); // its JSON has comments
  if (/"adaptive-theme"\s*:\s*true/.test(settings)) return false;
  return /"theme"\s*:\s*"[^"]*dark[^"]*"/i.test(settings);
}
