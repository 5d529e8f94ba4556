import type { Activation } from '@llm/tensor';
import { float } from '../formats/float-data.ts';
import { add } from '../graph.ts';
import type { Build } from './frame.ts';

/** An activation of plain operators, in the order in which onnxruntime knows them again. */
export function addActivation({ graph, format: { type } }: Build, x: string, { activation, at }: { activation: Activation; at: string }): string {
  const step = (op: string, ...inputs: string[]): string => add(graph, op, inputs, { at });
  const number = (value: number): string => float(graph, value, type);
  switch (activation) {
    case 'none': return x;
    case 'relu': return step('Relu', x);
    case 'relu2': return step('Pow', step('Relu', x), number(2));
    case 'silu': return step('Mul', x, step('Sigmoid', x));
    case 'gelu': return step('Mul', step('Mul', x, step('Add', step('Erf', step('Div', x, number(Math.SQRT2))), number(1))), number(0.5));
    case 'geluTanh': {
      const inner = step('Add', x, step('Mul', step('Pow', x, number(3)), number(0.044715)));
      const outer = step('Add', step('Tanh', step('Mul', inner, number(Math.sqrt(2 / Math.PI)))), number(1));
      return step('Mul', step('Mul', x, number(0.5)), outer);
    }
  }
}
