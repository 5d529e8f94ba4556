import { matMul, pad, reshape, slice, sum, type Tensor, transpose, tidy } from '@tensorflow/tfjs-core';

/** A tensor whose axes have letters, each letter once. */
interface Term {
  readonly tensor: Tensor;
  readonly letters: readonly string[];
}

/**
 * Einstein summation, differentiable: letters that the output does not name are summed.
 *
 *   einsum('bij,bjk->bik', a, b)_bik = Σ_j a_bij b_bjk
 *
 * One letter per axis; a letter twice in one operand takes its diagonal. Without `->` the output has the letters that occur
 * once, in alphabetical order. More than two operands are contracted from left to right. Every contraction is one batched
 * matrix product. RangeError where sizes and letters do not fit.
 *
 * @example
 * ```ts
 * import { einsum, tensor, useDevice } from '@llm/tensor';
 * await useDevice('cpu');
 * const trace = einsum('ii->', tensor([[1, 2], [3, 4]]));
 * if (trace.dataSync()[0] !== 5) throw new Error('wrong trace');
 * ```
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const { inputs, output } = parse(equation, operands);
  return tidy(() => {
    let result = diagonal({ tensor: operands[0]!, letters: inputs[0]! });
    for (let i = 1; i < operands.length; i++) {
      const later = new Set([...output, ...inputs.slice(i + 1).flat()]);
      result = contract(result, diagonal({ tensor: operands[i]!, letters: inputs[i]! }), later);
    }
    const { tensor, letters } = sumOut(result, new Set(output));
    return arrange({ tensor, letters }, output);
  });
}

function parse(equation: string, operands: readonly Tensor[]): { inputs: string[][]; output: string[] } {
  const match = /^([a-zA-Z]*(?:,[a-zA-Z]*)*)(?:->([a-zA-Z]*))?$/.exec(equation.replaceAll(' ', ''));
  if (match === null) throw new RangeError(`einsum: expected letters, commas and at most one -> but found ${JSON.stringify(equation)}. Write every axis as a letter.`);
  const inputs = match[1]!.split(',').map((term) => [...term]);
  if (inputs.length !== operands.length) throw new RangeError(`einsum: expected ${inputs.length} operands for ${equation} but found ${operands.length}`);
  const sizes = new Map<string, number>();
  inputs.forEach((letters, i) => {
    const { shape } = operands[i]!;
    if (letters.length !== shape.length) {
      throw new RangeError(`einsum: expected operand ${i} to have the axes ${letters.join('') || '(none)'} but found [${shape.join(', ')}]`);
    }
    letters.forEach((letter, axis) => {
      const known = sizes.get(letter) ?? shape[axis]!;
      if (known !== shape[axis]) throw new RangeError(`einsum: expected ${letter} = ${known} in operand ${i} of ${equation} but found ${shape[axis]}`);
      sizes.set(letter, known);
    });
  });
  const all = inputs.flat();
  const output = match[2] === undefined ? [...sizes.keys()].filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter)).sort() : [...match[2]];
  for (const letter of output) {
    if (!sizes.has(letter) || output.indexOf(letter) !== output.lastIndexOf(letter)) {
      throw new RangeError(`einsum: expected each letter of the output once, and in an operand, but found ${letter} in ${equation}`);
    }
  }
  return { inputs, output };
}

const size = (shape: readonly number[]): number => shape.reduce((product, length) => product * length, 1);

/** The same with each repeated letter left once: its diagonal. */
function diagonal({ tensor, letters }: Term): Term {
  const letter = letters.find((one, i) => letters.indexOf(one) !== i);
  if (letter === undefined) return { tensor, letters };
  const first = letters.indexOf(letter);
  const second = letters.indexOf(letter, first + 1);
  const rest = letters.map((_, axis) => axis).filter((axis) => axis !== first && axis !== second);
  const restShape = rest.map((axis) => tensor.shape[axis]!);
  const n = tensor.shape[first]!;
  // The diagonal of [n, n] is the first column of [n, n + 1], once n numbers stand behind it.
  const flat = reshape(transpose(tensor, [...rest, first, second]), [size(restShape), n * n]);
  const sheared = reshape(pad(flat, [[0, 0], [0, n]]), [size(restShape), n, n + 1]);
  const column = reshape(slice(sheared, [0, 0, 0], [size(restShape), n, 1]), [...restShape, n]);
  return diagonal({ tensor: column, letters: [...rest.map((axis) => letters[axis]!), letter] });
}

/** Sums over every letter that is not wanted. */
function sumOut({ tensor, letters }: Term, wanted: ReadonlySet<string>): Term {
  const axes = letters.map((_, axis) => axis).filter((axis) => !wanted.has(letters[axis]!));
  return axes.length === 0 ? { tensor, letters } : { tensor: sum(tensor, axes), letters: letters.filter((letter) => wanted.has(letter)) };
}

/** The axes in the order of `letters`. */
function arrange(term: Term, letters: readonly string[]): Tensor {
  const order = letters.map((letter) => term.letters.indexOf(letter));
  return order.every((axis, i) => axis === i) ? term.tensor : transpose(term.tensor, order);
}

/** The product of two terms, summed over the letters that nobody needs later. */
function contract(left: Term, right: Term, later: ReadonlySet<string>): Term {
  const a = sumOut(left, new Set([...later, ...right.letters]));
  const b = sumOut(right, new Set([...later, ...left.letters]));
  const shared = a.letters.filter((letter) => b.letters.includes(letter));
  const batch = shared.filter((letter) => later.has(letter));
  const inner = shared.filter((letter) => !later.has(letter));
  const rows = a.letters.filter((letter) => !shared.includes(letter));
  const cols = b.letters.filter((letter) => !shared.includes(letter));
  const lengths = (term: Term, letters: readonly string[]): number[] => letters.map((letter) => term.tensor.shape[term.letters.indexOf(letter)]!);
  const [batches, m, n, k] = [size(lengths(a, batch)), size(lengths(a, rows)), size(lengths(b, cols)), size(lengths(a, inner))];
  const product = matMul(
    reshape(arrange(a, [...batch, ...rows, ...inner]), [batches, m, k]),
    reshape(arrange(b, [...batch, ...inner, ...cols]), [batches, k, n]),
  );
  return {
    tensor: reshape(product, [...lengths(a, batch), ...lengths(a, rows), ...lengths(b, cols)]),
    letters: [...batch, ...rows, ...cols],
  };
}
