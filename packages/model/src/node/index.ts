export { loadEncoderDecoder, loadPretrained, type Pretrained } from './load-pretrained.ts';
export { savePretrained, type SavePretrainedOptions } from './save-pretrained.ts';
