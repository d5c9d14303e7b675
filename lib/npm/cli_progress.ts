/**
 * Progress bars of a terminal.
 *
 * @module
 */
export { default } from "npm:cli-progress@3.12.0";
