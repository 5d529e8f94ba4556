import { tensorsFromParams, writeConfig } from '@llm/model';
import { writeSafetensors } from '@llm/tensor';
import { tokenizerToText } from '@llm/tokenizer';
import { type Zippable, zipSync } from 'fflate';
import { END_OF_TEXT } from './prepare.ts';
import type { Session } from './session.ts';

const NAME = 'my-language-model';

/** The model as the Hugging Face folder that `savePretrained` writes in Node, in a zip. */
export async function zippedFolder({ prepared: { model, tokenizer, endId }, params }: Session): Promise<Uint8Array<ArrayBuffer>> {
  const special = { bos_token: END_OF_TEXT, eos_token: END_OF_TEXT };
  const texts = {
    'config.json': jsonText(writeConfig(model.config, { dtype: 'F32' })),
    'generation_config.json': jsonText({ bos_token_id: endId, eos_token_id: endId, pad_token_id: null, do_sample: true, temperature: 0.8, top_k: 40, top_p: 0.95 }),
    'tokenizer.json': tokenizerToText(tokenizer),
    'tokenizer_config.json': jsonText({ tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: model.shape.maxPositions, clean_up_tokenization_spaces: false, ...special }),
    'special_tokens_map.json': jsonText(special),
  };
  const files: Zippable = {};
  for (const [name, text] of Object.entries(texts)) files[`${NAME}/${name}`] = new TextEncoder().encode(text);
  // Weights hardly compress: stored as they are.
  files[`${NAME}/model.safetensors`] = [writeSafetensors(await tensorsFromParams(model, params), { metadata: { format: 'pt' } }), { level: 0 }];
  return Uint8Array.from(zipSync(files));
}

/** JSON as Hugging Face lays it out; the base of the rotation keeps a decimal point, since transformers 4 warns of a whole number. */
function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2).replaceAll(/"rope_theta": (\d+)(?=[,\n])/g, '"rope_theta": $1.0')}\n`;
}
