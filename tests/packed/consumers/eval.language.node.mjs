import { loadLanguage } from '@llm/eval/node';
import { expect } from '../expect.mjs';

expect((await loadLanguage())('Le vieux pont traverse la rivière.') === 'fr', 'French');
