import * as it from '@llm/sft';
import { expect } from '../expect.mjs';

expect(typeof it === 'object', 'a module');
