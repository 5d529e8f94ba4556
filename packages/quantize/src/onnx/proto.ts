import protobuf from 'protobufjs';

/**
 * The part of onnx.proto that a graph without control flow needs. Two fields hold messages as bytes, so that a file can be written
 * and read without ever holding its tensors twice: the graph of a model and the initializers of a graph.
 *
 * https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
const { root } = protobuf.parse(`
  syntax = "proto3";
  package llm;
  message Entry { string key = 1; string value = 2; }
  message Tensor {
    repeated int64 dims = 1; int32 data_type = 2; repeated float float_data = 4; repeated int32 int32_data = 5; repeated int64 int64_data = 7;
    string name = 8; bytes raw_data = 9; repeated Entry external_data = 13; int32 data_location = 14;
  }
  message Attribute { string name = 1; float f = 2; int64 i = 3; bytes s = 4; repeated float floats = 7; repeated int64 ints = 8; int32 type = 20; }
  message Node { repeated string input = 1; repeated string output = 2; string name = 3; string op_type = 4; repeated Attribute attribute = 5; string domain = 7; }
  message Dimension { oneof value { int64 dim_value = 1; string dim_param = 2; } }
  message Shape { repeated Dimension dim = 1; }
  message TensorType { int32 elem_type = 1; Shape shape = 2; }
  message Type { TensorType tensor_type = 1; }
  message ValueInfo { string name = 1; Type type = 2; }
  message Graph { repeated Node node = 1; string name = 2; repeated bytes initializer = 5; repeated ValueInfo input = 11; repeated ValueInfo output = 12; }
  message Opset { string domain = 1; int64 version = 2; }
  message Model { int64 ir_version = 1; string producer_name = 2; string producer_version = 3; bytes graph = 7; repeated Opset opset_import = 8; repeated Entry metadata_props = 14; }
`, { keepCase: true });

type MessageName = 'Tensor' | 'Graph' | 'Model';

/** The bytes of a message given as a plain object. */
export function encodeMessage(name: MessageName, value: Record<string, unknown>): Uint8Array {
  const type = root.lookupType(`llm.${name}`);
  return type.encode(type.fromObject(value)).finish();
}

/** A message as a plain object; every list is there, numbers of 64 bits are numbers, bytes are views. */
export function decodeMessage(name: MessageName, bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(`llm.${name}`);
  return type.toObject(type.decode(bytes), { longs: Number, arrays: true, oneofs: true });
}

/** What stands in front of a field of bytes: its number and its length. */
export function fieldPrefix(field: number, length: number): Uint8Array {
  return protobuf.Writer.create().uint32((field << 3) | 2).uint32(length).finish();
}

/** The field numbers that are written piece by piece. */
export const FIELDS = { graph: 7, initializer: 5, rawData: 9 } as const;
