import protobuf from 'protobufjs';

/** The part of TensorFlow's event.proto and summary.proto that scalars and texts need. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  package llm;
  message Dim { int64 size = 1; }
  message Shape { repeated Dim dim = 2; }
  message TensorProto { int32 dtype = 1; Shape tensor_shape = 2; repeated bytes string_val = 8; }
  message PluginData { string plugin_name = 1; }
  message Metadata { PluginData plugin_data = 1; }
  message Value { string tag = 1; oneof value { float simple_value = 2; TensorProto tensor = 8; } Metadata metadata = 9; }
  message Summary { repeated Value value = 1; }
  message Event { double wall_time = 1; int64 step = 2; oneof what { string file_version = 3; Summary summary = 5; } }
`, { keepCase: true });
const Event = root.lookupType('llm.Event');

/** TensorFlow's number for strings. */
const DT_STRING = 7;

export interface BoardEvent {
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly step: number;
  readonly scalars?: Readonly<Record<string, number>>;
  readonly texts?: Readonly<Record<string, string>>;
}

function encode(event: Record<string, unknown>): Uint8Array {
  return Event.encode(Event.fromObject(event)).finish();
}

/** The first record of every event file. */
export function versionEvent(wallTime: number): Uint8Array {
  return encode({ wall_time: wallTime, file_version: 'brain.Event:2' });
}

/** Values of one step as TensorBoard stores them. */
export function summaryEvent({ wallTime, step, scalars = {}, texts = {} }: BoardEvent): Uint8Array {
  const value = [
    ...Object.entries(scalars).map(([tag, simple_value]) => ({ tag, simple_value })),
    ...Object.entries(texts).map(([tag, text]) => ({
      tag,
      tensor: { dtype: DT_STRING, tensor_shape: { dim: [{ size: 1 }] }, string_val: [new TextEncoder().encode(text)] },
      metadata: { plugin_data: { plugin_name: 'text' } },
    })),
  ];
  return encode({ wall_time: wallTime, step, summary: { value } });
}

/** A record as a plain object, for tests. */
export function decodeEvent(data: Uint8Array): Record<string, unknown> {
  return Event.toObject(Event.decode(data), { longs: Number, enums: String, bytes: Array });
}
