import { muonUpdate, slice, type Tensor } from '@llm/tensor';
import { adamw, type AdamwOptions } from './adamw.ts';
import { checkBeta, checkNotNegative } from './check-options.ts';
import { checkedRate, type LearningRate, rateAt } from './learning-rate.ts';
import { decaysByDefault, type Optimizer, stateOf, zeroState } from './optimizer.ts';

export interface MuonOptions {
  readonly lr: LearningRate;
  /** For what is no hidden matrix: embeddings, head, norms, biases. */
  readonly adamw: AdamwOptions;
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  /** Which parameters decay; default: matrices that are not embeddings. */
  readonly decays?: (path: string, param: Tensor) => boolean;
  /** Newton–Schulz iterations; default 5. */
  readonly iterations?: number;
  /** Factor on the rate by shape; default `originalFactor`. */
  readonly factor?: (rows: number, columns: number) => number;
  /** Which parameters get Muon; default: matrices that are neither embedding nor head. */
  readonly hidden?: (path: string, param: Tensor) => boolean;
}

/** √(max(1, rows / columns)), as Muon was published; the rows are the outputs of a matrix [out, in]. */
export function originalFactor(rows: number, columns: number): number {
  return Math.sqrt(Math.max(1, rows / columns));
}

/** 0.2 · √(max(rows, columns)): updates as large as AdamW's, so that its rate and decay carry over. Liu et al. 2025, https://arxiv.org/abs/2502.16982 */
export function matchAdamwFactor(rows: number, columns: number): number {
  return 0.2 * Math.sqrt(Math.max(rows, columns));
}

function isHidden(path: string, { rank }: Tensor): boolean {
  return rank === 2 && !/embed|wte|wpe|lm_head|score/.test(path);
}

/**
 * Muon for the hidden matrices, AdamW for everything else: the momentum of a matrix is replaced by the nearest semi-orthogonal one.
 *
 *   b ← μ b + (1 − μ) g;  p ← p (1 − lr · decay) − lr · factor · orthogonalize(nesterov ? (1 − μ) g + μ b : b)
 *
 * Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/
 *
 * @example
 * ```ts
 * import { matchAdamwFactor, muon } from '@llm/train';
 * const optimizer = muon({ lr: 3e-4, factor: matchAdamwFactor, weightDecay: 0.1, adamw: { lr: 3e-4 } });
 * if (optimizer.lr(0) !== 3e-4) throw new Error('wrong rate');
 * ```
 */
export function muon(options: MuonOptions): Optimizer {
  const {
    lr, momentum = 0.95, nesterov = true, weightDecay = 0.1, decays = decaysByDefault, iterations = 5, factor = originalFactor, hidden = isHidden,
  } = options;
  checkedRate('muon', lr);
  checkBeta('muon', 'momentum', momentum);
  checkNotNegative('muon', { weightDecay });
  if (!Number.isSafeInteger(iterations) || iterations < 1) throw new RangeError(`muon: expected iterations to be a whole number from 1 on but found ${iterations}.`);
  const rest = adamw(options.adamw);
  const takes = (path: string, param: Tensor): boolean => {
    if (!hidden(path, param)) return false;
    if (param.rank !== 2) throw new RangeError(`muon: expected a matrix at ${path} but found shape [${param.shape.join(', ')}]. Leave it to AdamW with \`hidden\`.`);
    return true;
  };
  return {
    name: 'muon',
    lr: (step) => rateAt(lr, step),
    init(params) {
      const [matrices, others] = divide(params, (path) => takes(path, params[path]!));
      return { ...zeroState(matrices, ['momentum']), ...rest.init(others) };
    },
    rates: (step) => [rateAt(lr, step), ...rest.rates!(step)],
    update({ params, grads, state, step, scale, rates }) {
      const rate = rates === undefined ? rateAt(lr, step) : 1;
      const [matrices, others] = divide(grads, (path) => takes(path, params[path]!));
      const entries = Object.entries(matrices).map(([path, grad]) => {
        const param = params[path]!;
        const [rows = 0, columns = 0] = param.shape;
        return {
          param, grad, momentum: stateOf(state, `momentum/${path}`), lr: rate, weightDecay: decays(path, param) ? weightDecay : 0, factor: factor(rows, columns),
        };
      });
      muonUpdate(entries, { momentum, nesterov, iterations, gradScale: scale, rates: rates === undefined ? undefined : slice(rates, [0], [1]) });
      rest.update({ params, grads: others, state, step, scale, ...(rates === undefined ? {} : { rates: slice(rates, [1], [-1]) }) });
    },
  };
}

function divide(tensors: Readonly<Record<string, Tensor>>, first: (path: string) => boolean): [Record<string, Tensor>, Record<string, Tensor>] {
  const entries = Object.entries(tensors);
  return [Object.fromEntries(entries.filter(([path]) => first(path))), Object.fromEntries(entries.filter(([path]) => !first(path)))];
}
