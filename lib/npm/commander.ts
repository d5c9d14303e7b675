/**
 * The parser of the command line.
 *
 * @module
 */
export * from "npm:commander@15.1.0";
