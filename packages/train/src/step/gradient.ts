import { add, disposeTree, type Gradients, scope, type Tensor } from '@llm/tensor';

/** The losses of micro-batches and the sum of their gradients. */
export interface Accumulated {
  readonly losses: readonly Tensor[];
  readonly grads: Gradients;
}

/** Goes through the micro-batches of a step and adds up their gradients. */
export function accumulate<B>(group: readonly B[], gradient: (batch: B, index: number) => { value: Tensor; grads: Gradients }): Accumulated {
  const losses: Tensor[] = [];
  let grads: Gradients = {};
  try {
    group.forEach((batch, i) => {
      const found = scope(() => gradient(batch, i));
      losses.push(found.value);
      grads = i === 0 ? found.grads : sumOf(grads, found.grads);
    });
  } catch (error) {
    disposeTree(grads);
    for (const loss of losses) loss.dispose();
    throw error;
  }
  return { losses, grads };
}

/** a + b by path; both are used up. */
function sumOf(a: Gradients, b: Gradients): Gradients {
  const total: Gradients = { ...a };
  for (const [path, gradient] of Object.entries(b)) {
    const held = total[path];
    if (held === undefined) {
      total[path] = gradient;
      continue;
    }
    // Not kept: a step on the card frees its gradients with its scope.
    total[path] = add(held, gradient);
    held.dispose();
    gradient.dispose();
  }
  return total;
}
