import type { Budget } from './budget.ts';
import { equal } from './compare-values.ts';
import { functionOf, listOf, orUndefined, refused, type HostObject, type Value } from './values.ts';

/** Returns the `loop` of each iteration over `items`. */
export function loopObject(items: readonly Value[], budget: Budget): (index: number) => HostObject {
  let last: Value | undefined;
  const changed = functionOf('changed', ({ positional }) => {
    const now = listOf(positional);
    const differs = last === undefined || !equal(last, now, budget);
    last = now;
    return differs;
  });
  return (index) => {
    const get = (field: string): Value | undefined => {
      switch (field) {
        case 'index': return index + 1;
        case 'index0': return index;
        case 'revindex': return items.length - index;
        case 'revindex0': return items.length - index - 1;
        case 'first': return index === 0;
        case 'last': return index === items.length - 1;
        case 'length': return items.length;
        case 'depth': return 1;
        case 'depth0': return 0;
        case 'previtem': return orUndefined(items[index - 1], 'there is no previous item');
        case 'nextitem': return orUndefined(items[index + 1], 'there is no next item');
        case 'changed': return changed;
        case 'cycle': return functionOf('cycle', ({ positional }) => {
          const choice = positional[index % positional.length];
          if (choice === undefined) throw refused('loop.cycle: expected something to choose from but found nothing. Pass values.');
          return choice;
        });
        default: return undefined;
      }
    };
    return { kind: 'object', name: 'loop', get };
  };
}
