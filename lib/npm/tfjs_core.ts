/**
 * tfjs: tensors and gradients. Every file of lib/ takes it from here, so there is one copy of it, whoever imports.
 *
 * Packages are named with their versions in this folder and nowhere else: deno.json leads their bare names here, for
 * tests and examples, and another project needs no import map. `tests/imports_test.ts` compares.
 *
 * @module
 */
export * from "npm:@tensorflow/tfjs-core@4.22.0";
