/**
 * The client of the Hugging Face Hub.
 *
 * @module
 */
export * from "npm:@huggingface/hub@2.17.5";
