/**
 * The kernels of tfjs-node-gpu for the backend beside it: importing this registers them with tfjs.
 *
 * @module
 */
import "npm:@tensorflow/tfjs-node-gpu@4.22.0/dist/register_all_kernels.js";
