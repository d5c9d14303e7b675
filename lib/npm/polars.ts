/**
 * Polars: Parquet, JSON lines and CSV tables. Importing this loads a native add-on.
 *
 * @module
 */
export { default } from "npm:nodejs-polars@0.25.2";
