import {
  abs, type Activation, add, argMax, cast, concat, deviceInUse, differentiable, div, embed, gated, type Leaf, linear, maximum, minimum, mul, reshape, softmax, split, sub,
  sum, type Tensor, tensor, zerosLike,
} from '@llm/tensor';

/** The matrices of one expert, a gated MLP. */
export interface Expert { readonly gate: Leaf; readonly up: Leaf; readonly down: Leaf }

/** What the router says of some tokens. */
export interface Routing {
  /** [tokens, experts], before the softmax. */
  readonly logits: Tensor;
  /** [tokens, experts], each row of sum 1. */
  readonly probabilities: Tensor;
  /** [tokens, experts]: 1 for the likeliest experts of each token, 0 for the others; a constant. */
  readonly chosen: Tensor;
  /** [tokens, experts]: what each expert's answer is multiplied by, 0 for those not chosen. */
  readonly weights: Tensor;
}

/**
 * Chooses the experts of each token.
 *
 *   p = softmax(x · Wᵀ);  weight_e = p_e where p_e is among the `perToken` largest, else 0;  normalised: divided by their sum
 *
 * x [tokens, width], router [experts, width]. Of equal probabilities the first is taken. Fedus et al. 2021, https://arxiv.org/abs/2101.03961
 */
export function route(x: Tensor, router: Leaf, { perToken, normalised }: { perToken: number; normalised: boolean }): Routing {
  const logits = linear(x, router);
  const probabilities = softmax(logits);
  const chosen = largest(probabilities, perToken);
  const kept = mul(probabilities, chosen);
  return { logits, probabilities, chosen, weights: normalised ? div(kept, sum(kept, -1, true)) : kept };
}

/** 1 where a number is among the `count` largest of its row, else 0, without a gradient. No value is read on the host. */
function largest(rows: Tensor, count: number): Tensor {
  const columns = rows.shape[1]!;
  return differentiable({
    inputs: { rows },
    forward: (save) => {
      save([rows]);
      const numbers = tensor(Float32Array.from({ length: columns }, (_, i) => i), [1, columns]);
      let [left, found] = [rows, zerosLike(rows)];
      for (let i = 0; i < count; i++) {
        const at = reshape(cast(argMax(left, -1), 'float32'), [rows.shape[0]!, 1]);
        const hit = sub(1, minimum(abs(sub(numbers, at)), 1));
        found = add(found, hit);
        // Probabilities are 1 at most, so this one is never the largest again.
        left = sub(left, mul(hit, 2));
      }
      return found;
    },
    backward: (_, [rows]) => ({ rows: () => zerosLike(rows!) }),
  });
}

/**
 * The answers of each token's experts, weighed and added up.
 *
 *   y = Σ_e weight_e · W_down (activation(W_gate x) · W_up x)
 *
 * x [tokens, width] → [tokens, width]. On `wasm` and `cpu` each expert runs the tokens that chose it; on a graphics card, where nobody
 * may look which these are while a step is recorded, every expert runs all.
 */
export function mixture(x: Tensor, { chosen, weights }: Pick<Routing, 'chosen' | 'weights'>, { experts, activation }: { experts: readonly Expert[]; activation: Activation }): Tensor {
  const answer = (x: Tensor, { gate, up, down }: Expert): Tensor => linear(gated(linear(x, gate), linear(x, up), { activation }), down);
  if (deviceInUse() !== 'webgpu') return gathered(x, { chosen, weights }, (x, i) => answer(x, experts[i]!));
  return split(weights, experts.length, 1).map((weight, i) => mul(answer(x, experts[i]!), weight)).reduce((a, b) => add(a, b));
}

/** The same where each expert runs only its own tokens: they are brought together, and what comes of them is brought back. */
function gathered(x: Tensor, { chosen, weights }: Pick<Routing, 'chosen' | 'weights'>, answer: (x: Tensor, expert: number) => Tensor): Tensor {
  const [tokens = 0, count = 0] = chosen.shape;
  const marks = chosen.dataSync();
  const rowsOf = Array.from({ length: count }, (): number[] => []);
  marks.forEach((mark, at) => { if (mark === 1) rowsOf[at % count]!.push(Math.floor(at / count)); });
  // By token: where its answers stand, and its weights, in the order of its experts.
  const [places, cells]: [number[][], number[][]] = [Array.from({ length: tokens }, () => []), Array.from({ length: tokens }, () => [])];
  let next = 0;
  rowsOf.forEach((rows, expert) => {
    for (const row of rows) {
      places[row]!.push(next++);
      cells[row]!.push(row * count + expert);
    }
  });
  const int = (values: readonly (readonly number[])[]): Tensor => tensor(Int32Array.from(values.flat()), [values.flat().length], 'int32');
  const together = split(embed(int(rowsOf), x), rowsOf.map(({ length }) => length), 0);
  const answers = concat(together.map(answer), 0);
  const perToken = next / tokens;
  const back = reshape(embed(int(places), answers), [tokens, perToken, answers.shape[1]!]);
  const factors = reshape(embed(int(cells), reshape(weights, [tokens * count, 1])), [tokens, perToken, 1]);
  return sum(mul(back, factors), 1);
}

/**
 * How often each expert was chosen and the sum of its probabilities, over the tokens that count: [2, experts]. `counted` [tokens] is 1 for
 * these and 0 for others, by default 1 for all.
 */
export function loadOf({ probabilities, chosen }: Pick<Routing, 'probabilities' | 'chosen'>, counted?: Tensor): Tensor {
  const total = (x: Tensor): Tensor => sum(counted === undefined ? x : mul(x, reshape(counted, [counted.size, 1])), 0, true);
  return concat([total(chosen), total(probabilities)], 0);
}

/** 1 for tokens of a segment from 0 on, 0 for the others, which are padding: int32 [...] → [...]. */
export function countedTokens(segments: Tensor): Tensor {
  return cast(minimum(maximum(add(segments, tensor(1, [], 'int32')), tensor(0, [], 'int32')), tensor(1, [], 'int32')), 'float32');
}

/**
 * The load-balancing loss of all layers together, least (and `perToken`) where every expert gets as many tokens and as much probability.
 *
 *   L = experts · Σ_e (choices of e / tokens) · (Σ p_e / tokens),  choices, probabilities and tokens added up over the layers
 *
 * `loads` are those of `loadOf`; `tokens` counts those of one layer. Fedus et al. 2021, equations 4 to 6.
 */
export function balanceLoss(loads: readonly Tensor[], tokens: number | Tensor): Tensor {
  const experts = loads[0]!.shape[1]!;
  const [choices, probabilities] = split(loads.reduce((a, b) => add(a, b)), 2, 0) as [Tensor, Tensor];
  const all = mul(tokens, loads.length);
  return mul(sum(mul(div(choices, all), div(probabilities, all))), experts);
}
