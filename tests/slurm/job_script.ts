/**
 * The Slurm script of docs/cluster.md, so that what is run is what is documented.
 *
 * @module
 */

/**
 * The only bash script of a Markdown text.
 *
 * @throws {SyntaxError} If there is none, or more than one.
 */
export function findScript(markdown: string): string {
  const scripts = [...markdown.matchAll(/^```bash\n(#!.*?)^```$/gms)];
  if (scripts.length !== 1) throw new SyntaxError(`Cannot choose a script: there are ${scripts.length}`);
  return scripts[0]![1]!;
}

/**
 * A script with other values of its variables.
 *
 * @throws {RangeError} If it does not set one of them.
 */
export function setVariables(script: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((text, [name, value]) => {
    const line = new RegExp(`^(export )?${name}=.*$`, "m");
    if (!line.test(text)) throw new RangeError(`Cannot set ${name}: the script has no such variable`);
    return text.replace(line, (_, exported = "") => `${exported}${name}='${value.replaceAll("'", "'\\''")}'`);
  }, script);
}
