import * as it from '@llm/lora';
import { expect } from '../expect.mjs';

expect(typeof it === 'object', 'a module');
