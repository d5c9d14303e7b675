/** Safetensors files with some tensors changed. */
import { parseHeader } from "../../lib/checkpoints/safetensors.ts";
import { encodeSafetensors, type TensorToStore, toFloat32 } from "./safetensors_bytes.ts";

type Edit = (tensors: TensorToStore[]) => TensorToStore[];

/** Changes the tensors of a safetensors file. */
export function edited(edit: Edit): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => {
    const { tensors, dataStart } = parseHeader(bytes, bytes.length, "fixture");
    return encodeSafetensors(edit(tensors.map(({ name, shape, dtype, begin, end }) => ({
      name,
      shape,
      dtype: dtype as "F32",
      values: toFloat32(bytes.subarray(dataStart + begin, dataStart + end), dtype, name),
    }))));
  };
}
