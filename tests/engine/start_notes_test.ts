import { assertEquals } from "@std/assert";
import { withoutStartNotes } from "../../lib/engine/start_notes.ts";

const NEW = "0000 00:00:1795771893.492518   17485 ";
const OLD = "2026-11-27 09:27:32.334610: ";

const NOTES = [
  "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
  `I${NEW}port.cc:153] oneDNN custom operations are on. You may see slightly different numerical results due to ` +
  "floating-point round-off errors from different computation orders. To turn them off, set the environment variable " +
  "`TF_ENABLE_ONEDNN_OPTS=0`.",
  `${OLD}I tensorflow/core/util/port.cc:113] oneDNN custom operations are on.`,
  `I${NEW}cpu_feature_guard.cc:227] This TensorFlow binary is optimized to use available CPU instructions in ` +
  "performance-critical operations.",
  "To enable the following instructions: AVX2 AVX512F AVX512_VNNI AVX512_BF16 FMA, in other operations, rebuild " +
  "TensorFlow with the appropriate compiler flags.",
  `I${NEW}cudart_stub.cc:31] Could not find cuda drivers on your machine, GPU will not be used.`,
  `W${NEW}py_utils.cc:38] TF-TRT Warning: Could not find TensorRT`,
  `${OLD}W tensorflow/compiler/tf2tensorrt/utils/py_utils.cc:38] TF-TRT Warning: Could not find TensorRT`,
  `E${NEW}cuda_dnn.cc:8310] Unable to register cuDNN factory: Attempting to register factory for plugin cuDNN when one ` +
  "has already been registered",
  `${OLD}E external/local_xla/xla/stream_executor/cuda/cuda_fft.cc:607] Unable to register cuFFT factory: Attempting to ` +
  "register factory for plugin cuFFT when one has already been registered",
  `E${NEW}cuda_blas.cc:1418] Unable to register cuBLAS factory: Attempting to register factory for plugin cuBLAS when ` +
  "one has already been registered",
  `W${NEW}computation_placer.cc:177] computation placer already registered. Please check linkage and avoid linking the ` +
  "same target more than once.",
  `I${NEW}gpu_device.cc:2020] Created device /job:localhost/replica:0/task:0/device:GPU:0 with 78000 MB memory`,
  `I${NEW}cuda_executor.cc:1015] successful NUMA node read from SysFS had negative value (-1), but there must be at ` +
  "least one NUMA node, so returning NUMA node zero.",
];

const ERRORS = [
  `E${NEW}cuda_platform.cc:51] failed call to cuInit: INTERNAL: CUDA error: Failed call to cuInit: UNKNOWN ERROR (303)`,
  `${OLD}E external/local_xla/xla/stream_executor/cuda/cuda_driver.cc:266] failed call to cuInit: CUDA_ERROR_NO_DEVICE: ` +
  "no CUDA-capable device is detected",
  `W${NEW}dso_loader.cc:70] Could not load dynamic library 'libcudnn.so.9'; dlerror: libcudnn.so.9: cannot open shared ` +
  "object file: No such file or directory",
  `W${NEW}gpu_device.cc:2341] Cannot dlopen some GPU libraries. Please make sure the missing libraries mentioned above ` +
  "are installed properly if you would like to use GPU.",
  "Skipping registering GPU devices...",
  `E${NEW}cuda_dnn.cc:456] Could not create cudnn handle: CUDNN_STATUS_NOT_INITIALIZED`,
  `E${NEW}cuda_blas.cc:196] failed to create cublas handle: the resource allocation failed`,
  `W${NEW}gpu_bfc_allocator.cc:39] CUDA error: out of memory`,
  `F${NEW}cpu_feature_guard.cc:38] The TensorFlow library was compiled to use AVX512F instructions, but these aren't ` +
  "available on your machine.",
  `F${NEW}tensor_shape.cc:362] Check failed: d < dims() (7 vs. 1) `,
  "*** Check failure stack trace: ***",
  "terminate called after throwing an instance of 'std::bad_alloc'",
  "a line of another library",
];

Deno.test("withoutStartNotes() hides what TensorFlow always says and shows what failed, CUDA's errors too", () => {
  for (const note of NOTES) assertEquals(withoutStartNotes(note + "\n"), [], note);
  for (const error of ERRORS) assertEquals(withoutStartNotes(error + "\n"), [error]);
  const mixed = NOTES.flatMap((note, i) => [note, ERRORS[i % ERRORS.length]!]);
  assertEquals(withoutStartNotes(mixed.join("\n")).length, NOTES.length);
  assertEquals(withoutStartNotes(""), []);
});
