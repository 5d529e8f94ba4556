import { linearCrossEntropy, tensor, useDevice, valueAndGrad } from '@llm/tensor';
import { gpuArm, randomValues, tensorCard } from '../card.mjs';
import { compare, versus } from '../compare.mjs';
import { torchArm } from '../peer.mjs';

const MEBIBYTE = 2 ** 20;

/** The head with its loss and gradients: memory beyond inputs and gradients, beside that of all logits, and its time. */
export async function memoryCase({ sizes, peer, report }) {
  const { rows, width, vocab } = sizes.memory;
  await useDevice('webgpu');
  const { gpu, settle } = tensorCard();
  const scale = (values, by) => values.map((value) => value * by);
  const inputs = { hidden: tensor(randomValues(rows * width, 1), [rows, width]), weight: tensor(scale(randomValues(vocab * width, 2), 0.03), [vocab, width]) };
  const targets = tensor(Int32Array.from({ length: rows }, (_, i) => (i * 7919) % vocab), [rows], 'int32');
  const gradient = valueAndGrad((p) => linearCrossEntropy(p.hidden, p.weight, targets, { denominator: rows }));
  const once = () => {
    const { value, grads } = gradient(inputs);
    for (const each of [value, ...Object.values(grads)]) each.dispose();
  };
  const arm = gpuArm('ours', {
    settle,
    run: once,
    async prepare() {
      const { usedBytes, peakBytes } = gpu.stats();
      const { value, grads } = gradient(inputs);
      const [loss] = await value.data();
      for (const each of [value, ...Object.values(grads)]) each.dispose();
      if (!(Math.abs(loss - Math.log(vocab)) < 1)) throw new Error(`expected a loss near ln(vocabulary) = ${Math.log(vocab).toFixed(2)} but found ${loss}`);
      return { check: `loss ${loss.toFixed(3)}`, extraBytes: peakBytes - usedBytes - (rows + vocab) * width * 4 };
    },
  }, sizes.timing);
  const found = await compare([arm, torchArm(peer, 'torch', { case: 'crossEntropy', rows, width, vocab, ...sizes.timing })], sizes.timing);
  const name = `head and cross-entropy with gradients, ${rows} rows, vocabulary ${vocab}, f32`;
  report(versus(name, [found.ours, found.torch], { unit: 'ms', figure: (seconds) => seconds * 1000, higher: false, digits: 4, peer: 'PyTorch fp32' }));
  const full = rows * vocab * 4;
  const [ours, theirs] = [found.ours.facts?.extraBytes, found.torch.facts?.extraBytes];
  report({
    name: `${name}: memory beyond inputs and gradients`, unit: 'MiB', ours: ours && ours / MEBIBYTE, peer: 'PyTorch fp32', theirs: theirs && theirs / MEBIBYTE,
    ratio: theirs / ours || undefined, digits: 4, note: ours === undefined ? '' : `${(ours / full).toFixed(3)} of the logits (${(full / MEBIBYTE).toFixed(0)} MiB)`,
    ...(ours === undefined ? { failed: found.ours.failed ?? 'not measured' } : {}),
  });
}
