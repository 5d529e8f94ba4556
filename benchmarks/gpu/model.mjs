import { batches, packDocuments } from '@llm/pretrain';
import { tensor, unflatten } from '@llm/tensor';
import { randomValues } from './card.mjs';

/** Numbers of N(0, 1) that stand for all: a whole model drawn one by one would take longer than its training. */
const TABLE = 1 << 20;
let table;

function normals() {
  if (table !== undefined) return table;
  const uniform = randomValues(2 * TABLE, 7);
  table = new Float32Array(TABLE);
  for (let i = 0; i < TABLE; i++) table[i] = Math.sqrt(-2 * Math.log(Math.max(1e-7, Math.abs(uniform[2 * i])))) * Math.cos(Math.PI * uniform[2 * i + 1]);
  return table;
}

/** Initial values by name as the model wants them distributed: stretches of one table. */
export function initialValues({ parameters }) {
  const random = normals();
  let at = 0;
  return parameters.map(({ name, shape, initial }) => {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
    if (initial === 'ones') values.fill(1);
    else if (initial !== 'zeros') {
      for (let i = 0; i < values.length; i++, at = at + 1 === TABLE ? 0 : at + 1) values[i] = random[at] * initial;
      at = (at + 4099) % TABLE;
    }
    return { name, shape, values };
  });
}

export const paramsOf = (model) => unflatten(initialValues(model).map(({ name, shape, values }) => [name, tensor(values, shape)]));

/** Batches of random tokens without end: what is in them does not change the work. */
export function randomBatches({ config: { vocabSize }, batch, length }) {
  const random = randomValues(8 * batch * length, 3);
  const documents = Array.from({ length: 8 * batch }, (_, row) => Array.from(random.subarray(row * length, (row + 1) * length), (value) => Math.floor((value + 1) / 2 * vocabSize)));
  return batches(packDocuments(documents, { length }), { batch, seed: 1 });
}

/** The sizes of a model as the peer takes them. */
export const torchConfig = ({ vocabSize, hiddenSize, intermediateSize, layers, heads, maxPositions }) => ({ vocabulary: vocabSize, width: hiddenSize, inner: intermediateSize, layers, heads, positions: maxPositions });

export const parameterCount = ({ parameters }) => parameters.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);

export const millions = (model) => `${Number((parameterCount(model) / 1e6).toPrecision(3))} M parameters`;
