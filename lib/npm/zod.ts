/**
 * The checker of JSON that users write by hand.
 *
 * @module
 */
export * as z from "npm:zod@4.6.7";
