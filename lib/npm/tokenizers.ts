/**
 * Hugging Face's own tokenizers. Importing this loads a native add-on.
 *
 * @module
 */
export * from "npm:tokenizers@0.23.2";
