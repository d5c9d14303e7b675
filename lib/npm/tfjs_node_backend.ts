/**
 * The JavaScript half of tfjs-node-gpu: the backend that calls a binding, which is ours. Its native half is not used.
 *
 * @module
 */
export * from "npm:@tensorflow/tfjs-node-gpu@4.22.0/dist/nodejs_kernel_backend.js";
