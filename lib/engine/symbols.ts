/**
 * The part of TensorFlow's C API (`tensorflow/c/c_api.h` and `tensorflow/c/eager/c_api.h`, TensorFlow 2.21) that the
 * engine calls, as Deno FFI declarations. A `TF_Output` is passed by value as 16 bytes: the operation's address and
 * the output's number.
 *
 * @module
 */

const P = "pointer";
const B = "buffer";
const OUTPUT = { struct: [P, "i32"] } as const;

/** The declarations, by the C function's name; `TFE_ExecuteAsync` is `TFE_Execute` on a thread of its own. */
export const SYMBOLS = {
  TF_Version: { parameters: [], result: P },
  TF_NewStatus: { parameters: [], result: P },
  TF_DeleteStatus: { parameters: [P], result: "void" },
  TF_GetCode: { parameters: [P], result: "i32" },
  TF_Message: { parameters: [P], result: P },

  TFE_NewContextOptions: { parameters: [], result: P },
  TFE_ContextOptionsSetConfig: { parameters: [P, B, "usize", P], result: "void" },
  TFE_DeleteContextOptions: { parameters: [P], result: "void" },
  TFE_NewContext: { parameters: [P, P], result: P },
  TFE_DeleteContext: { parameters: [P], result: "void" },
  TFE_ContextSetServerDef: { parameters: [P, "i32", B, "usize", P], result: "void" },
  TF_NewServer: { parameters: [B, "usize", P], result: P },
  TF_ServerStart: { parameters: [P, P], result: "void" },
  TFE_ContextListDevices: { parameters: [P, P], result: P },
  TFE_ContextAddFunction: { parameters: [P, P, P], result: "void" },
  TFE_ContextRemoveFunction: { parameters: [P, B, P], result: "void" },
  TF_DeviceListCount: { parameters: [P], result: "i32" },
  TF_DeviceListName: { parameters: [P, "i32", P], result: P },
  TF_DeviceListType: { parameters: [P, "i32", P], result: P },
  TF_DeviceListMemoryBytes: { parameters: [P, "i32", P], result: "i64" },
  TF_DeleteDeviceList: { parameters: [P], result: "void" },

  TFE_NewOp: { parameters: [P, B, P], result: P },
  TFE_DeleteOp: { parameters: [P], result: "void" },
  TFE_OpSetDevice: { parameters: [P, B, P], result: "void" },
  TFE_OpAddInput: { parameters: [P, P, P], result: "void" },
  TFE_OpSetAttrType: { parameters: [P, B, "i32"], result: "void" },
  TFE_OpSetAttrBool: { parameters: [P, B, "u8"], result: "void" },
  TFE_OpSetAttrInt: { parameters: [P, B, "i64"], result: "void" },
  TFE_OpSetAttrFloat: { parameters: [P, B, "f32"], result: "void" },
  TFE_OpSetAttrString: { parameters: [P, B, B, "usize"], result: "void" },
  TFE_OpSetAttrShape: { parameters: [P, B, B, "i32", P], result: "void" },
  TFE_OpSetAttrIntList: { parameters: [P, B, B, "i32"], result: "void" },
  TFE_OpSetAttrTypeList: { parameters: [P, B, B, "i32"], result: "void" },
  TFE_Execute: { parameters: [P, B, B, P], result: "void" },
  TFE_ExecuteAsync: { name: "TFE_Execute", parameters: [P, B, B, P], result: "void", nonblocking: true },

  TFE_NewTensorHandle: { parameters: [P, P], result: P },
  TFE_DeleteTensorHandle: { parameters: [P], result: "void" },
  TFE_TensorHandleDataType: { parameters: [P], result: "i32" },
  TFE_TensorHandleNumDims: { parameters: [P, P], result: "i32" },
  TFE_TensorHandleDim: { parameters: [P, "i32", P], result: "i64" },
  TFE_TensorHandleResolve: { parameters: [P, P], result: P },
  TFE_TensorHandleCopySharingTensor: { parameters: [P, P], result: P },
  TFE_TensorHandleCopyToDevice: { parameters: [P, P, B, P], result: P },
  TF_AllocateTensor: { parameters: ["i32", B, "i32", "usize"], result: P },
  TF_TensorData: { parameters: [P], result: P },
  TF_TensorByteSize: { parameters: [P], result: "usize" },
  TF_DeleteTensor: { parameters: [P], result: "void" },

  TF_NewGraph: { parameters: [], result: P },
  TF_DeleteGraph: { parameters: [P], result: "void" },
  TF_NewOperation: { parameters: [P, B, B], result: P },
  TF_FinishOperation: { parameters: [P, P], result: P },
  TF_AddInput: { parameters: [P, OUTPUT], result: "void" },
  TF_AddInputList: { parameters: [P, B, "i32"], result: "void" },
  TF_AddControlInput: { parameters: [P, P], result: "void" },
  TF_SetAttrType: { parameters: [P, B, "i32"], result: "void" },
  TF_SetAttrBool: { parameters: [P, B, "u8"], result: "void" },
  TF_SetAttrInt: { parameters: [P, B, "i64"], result: "void" },
  TF_SetAttrFloat: { parameters: [P, B, "f32"], result: "void" },
  TF_SetAttrString: { parameters: [P, B, B, "usize"], result: "void" },
  TF_SetAttrShape: { parameters: [P, B, B, "i32"], result: "void" },
  TF_SetAttrIntList: { parameters: [P, B, B, "i32"], result: "void" },
  TF_SetAttrTypeList: { parameters: [P, B, B, "i32"], result: "void" },
  TF_SetAttrTensor: { parameters: [P, B, P, P], result: "void" },
  TF_SetAttrFuncName: { parameters: [P, B, B, "usize"], result: "void" },
  TF_OperationNumOutputs: { parameters: [P], result: "i32" },
  TF_OperationOutputType: { parameters: [OUTPUT], result: "i32" },
  TF_GraphGetTensorNumDims: { parameters: [P, OUTPUT, P], result: "i32" },
  TF_GraphGetTensorShape: { parameters: [P, OUTPUT, B, "i32", P], result: "void" },
  TF_GraphSetTensorShape: { parameters: [P, OUTPUT, B, "i32", P], result: "void" },
  TF_GraphCopyFunction: { parameters: [P, P, P, P], result: "void" },
  TF_GraphToFunctionWithControlOutputs: {
    parameters: [P, B, "u8", "i32", P, "i32", B, "i32", B, P, "i32", B, P, P, P, P],
    result: P,
  },
  TF_DeleteFunction: { parameters: [P], result: "void" },
  TF_FunctionSetAttrValueProto: { parameters: [P, B, B, "usize", P], result: "void" },

  /** C++: `tsl::port::TestCPUFeature(CPUFeature)`; null where a build of TensorFlow does not have it. */
  testFeature: {
    name: "_ZN3tsl4port14TestCPUFeatureENS0_10CPUFeatureE",
    parameters: ["i32"],
    result: "bool",
    optional: true,
  },

  /** C++: `tsl::enable_tensor_float_32_execution(bool)`; null where a build of TensorFlow does not have it. */
  enableTensorFloat32: {
    name: "_ZN3tsl32enable_tensor_float_32_executionEb",
    parameters: ["bool"],
    result: "void",
    optional: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** The opened library's functions. */
export type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];
