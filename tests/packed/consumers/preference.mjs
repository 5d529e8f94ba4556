import * as it from '@llm/preference';
import { expect } from '../expect.mjs';

expect(typeof it === 'object', 'a module');
