// A decoder with a cache in onnxruntime-node, driven by hand.

/** Opens a file; `step` runs rows of ids behind what was run before and returns their logits. */
export async function openSession(ort, file, { shape, half, threads = 2 }) {
  const session = await ort.InferenceSession.create(file, { intraOpNumThreads: threads, logSeverityLevel: 3 });
  const int = (values, dims) => new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims);
  const { layers, kvHeads, headDim } = shape;
  // Where there is a Float16Array onnxruntime-node makes one of whatever it is given, and then takes none.
  const taken = (value) => {
    if (half) value.cpuData = new Uint16Array(value.cpuData.buffer, value.cpuData.byteOffset, value.cpuData.length);
    return value;
  };
  let cache;
  let mask;
  return {
    session,
    reset(rows = 1) {
      const empty = () => taken(half ? new ort.Tensor('float16', new Uint16Array(0), [rows, kvHeads, 0, headDim]) : new ort.Tensor('float32', new Float32Array(0), [rows, kvHeads, 0, headDim]));
      cache = Object.fromEntries(Array.from({ length: layers }, (_, i) => ['key', 'value'].map((part) => [`past_key_values.${i}.${part}`, empty()])).flat());
      mask = Array.from({ length: rows }, () => []);
    },
    /** `seen[row][i]` is 0 for padding; default all seen. */
    async step(ids, seen = ids.map((row) => row.map(() => 1))) {
      mask = mask.map((row, i) => [...row, ...seen[i]]);
      const [rows, length] = [ids.length, ids[0].length];
      const positions = mask.map((row) => {
        let next = 0;
        return row.map((one) => (one === 1 ? next++ : 1)).slice(-length);
      });
      const { logits, ...present } = await session.run({
        input_ids: int(ids.flat(), [rows, length]), attention_mask: int(mask.flat(), [rows, mask[0].length]), position_ids: int(positions.flat(), [rows, length]), ...cache,
      });
      cache = Object.fromEntries(Object.entries(present).map(([name, value]) => [name.replace('present', 'past_key_values'), taken(value)]));
      return logits.data;
    },
    release: () => session.release(),
  };
}
