/**
 * The parser of TOML, for rules of gitleaks.
 *
 * @module
 */
export { parse as parseToml, TomlError } from "npm:smol-toml@1.9.1";
