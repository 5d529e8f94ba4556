import { describe, expect, test } from 'vitest';
import { SafetensorsError } from './errors.ts';
import type { SafetensorsErrorCode } from './errors.ts';
import { parseHeader } from './header.ts';
import type { SafetensorsHeader } from './header.ts';
import { checkShards, parseIndex } from './shard-index.ts';
import { writeSafetensors } from './write.ts';

const index = (map: Record<string, unknown>, metadata: unknown = { total_size: 8 }): string => JSON.stringify({ metadata, weight_map: map });

function expectRefusal(run: () => unknown, code: SafetensorsErrorCode, message: RegExp): void {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(SafetensorsError);
  expect(thrown).toMatchObject({ code, message: expect.stringMatching(message) as string });
}

describe('the index', () => {
  test('gives every tensor its shard and every shard once', () => {
    const parsed = parseIndex(index({ a: 'model-00002-of-00002.safetensors', b: 'model-00001-of-00002.safetensors', c: 'model-00002-of-00002.safetensors' }));
    expect(parsed.totalBytes).toBe(8);
    expect(parsed.shardNames).toEqual(['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors']);
    expect(parsed.weightMap.get('c')).toBe('model-00002-of-00002.safetensors');
  });

  test('may lack a size or print it as a float, as writers in the wild do', () => {
    expect(parseIndex('{"weight_map":{}}').totalBytes).toBeUndefined();
    expect(parseIndex('{"metadata":{"total_size":1.6e10},"weight_map":{}}').totalBytes).toBe(16e9);
  });

  test('must be an object with a weight_map of strings and a size in bytes', () => {
    expectRefusal(() => parseIndex('['), 'E_INDEX', /found the end at character 1/);
    expectRefusal(() => parseIndex('[]'), 'E_INDEX', /found no object/);
    expectRefusal(() => parseIndex('{"metadata":{}}'), 'E_INDEX', /no "weight_map" object/);
    expectRefusal(() => parseIndex(index({ a: 3 })), 'E_INDEX', /no file name for "a"/);
    for (const size of [-1, 0.5, '8', null, []]) expectRefusal(() => parseIndex(index({}, { total_size: size })), 'E_INDEX', /"total_size" that is no number of bytes/);
    expectRefusal(() => parseIndex('{"metadata":{"total_size":1e999},"weight_map":{}}'), 'E_INDEX', /total_size/);
  });

  test('may not place a tensor in two shards', () => {
    expectRefusal(() => parseIndex('{"weight_map":{"a":"x.safetensors","a":"y.safetensors"}}'), 'E_SHARD_DUPLICATE', /found "a" twice in the index/);
  });

  test('may not reach a prototype', () => {
    expectRefusal(() => parseIndex('{"weight_map":{"__proto__":"x.safetensors"}}'), 'E_NAME', /prototype/);
  });

  test('may not list shards without end', () => {
    expectRefusal(() => parseIndex(index(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`t${i}`, `s${i}.safetensors`])))), 'E_INDEX', /more than 10000 shards/);
  });
});

describe('the name of a shard', () => {
  test.each([
    ['../x.safetensors', /leaves its folder/],
    ['a/../../x.safetensors', /leaves its folder/],
    ['a/./x.safetensors', /leaves its folder/],
    ['a//x.safetensors', /leaves its folder/],
    ['%2e%2e/x.safetensors', /leaves its folder/],
    ['%252e%252e%252fx.safetensors', /leaves its folder/],
    ['%25252525252e%25252525252e/x.safetensors', /percent-encoded more than 5 times|leaves its folder/],
    ['..\\x.safetensors', /leaves its folder/],
    ['a\\x.safetensors', /something else on another system/],
    ['x.safetensors:stream.safetensors', /something else on another system/],
    ['/etc/x.safetensors', /is absolute/],
    ['%2fetc/x.safetensors', /is absolute/],
    ['\\x.safetensors', /is absolute/],
    ['C:\\x.safetensors', /names a drive/],
    ['c:x.safetensors', /names a drive/],
    ['\\\\host\\share\\x.safetensors', /names another machine/],
    ['//host/share/x.safetensors', /names another machine/],
    ['x\0.safetensors', /control character/],
    ['x%00.safetensors', /control character/],
    ['', /leaves its folder/],
    ['..', /leaves its folder/],
    ['x.py', /not a .safetensors file/],
  ])('%j is refused', (name, message) => {
    expectRefusal(() => parseIndex(index({ w: name })), 'E_SHARD_NAME', message);
  });

  test('of a pickle is refused with the way to convert it', () => {
    expectRefusal(() => parseIndex(index({ w: 'pytorch_model-00001-of-00002.bin' })), 'E_PICKLE', /Convert it to safetensors/);
  });

  test('may hold spaces, percent signs and folders below its own', () => {
    const names = ['my model.safetensors', '100%.safetensors', 'a%20b.safetensors', 'unet/x.safetensors', '模型.safetensors'];
    expect(parseIndex(index(Object.fromEntries(names.map((name, i) => [`t${i}`, name])))).shardNames.length).toBe(5);
  });
});

describe('the shards together', () => {
  const header = (...names: string[]): SafetensorsHeader =>
    parseHeader(writeSafetensors(names.map((name) => [name, { dtype: 'U8', shape: [1], data: new Uint8Array(1) }] as const)));
  const parsed = parseIndex(index({ a: '1.safetensors', b: '2.safetensors' }));

  test('hold exactly what the index says', () => {
    expect(checkShards(parsed, new Map([['1.safetensors', header('a')], ['2.safetensors', header('b')]]))).toBeUndefined();
  });

  test('missing, extra, with a tensor twice, without one, with one in another place, or with one too many are refused', () => {
    const check = (shards: Record<string, SafetensorsHeader>) => () => checkShards(parsed, new Map(Object.entries(shards)));
    expectRefusal(check({ '1.safetensors': header('a') }), 'E_SHARD_MISSING', /expected the shard "2.safetensors" of the index/);
    expectRefusal(check({ '1.safetensors': header('a'), '2.safetensors': header('b'), '3.safetensors': header('c') }), 'E_SHARD_EXTRA', /found "3.safetensors" too/);
    expectRefusal(check({ '1.safetensors': header('a', 'b'), '2.safetensors': header('b') }), 'E_SHARD_DUPLICATE', /"b" in one shard but found it in "1.safetensors" and in "2.safetensors"/);
    expectRefusal(check({ '1.safetensors': header('a'), '2.safetensors': header() }), 'E_SHARD_TENSOR', /"b" in "2.safetensors" but found it nowhere/);
    expectRefusal(check({ '1.safetensors': header('b'), '2.safetensors': header('a') }), 'E_SHARD_TENSOR', /"a" in "1.safetensors" but found it in "2.safetensors"/);
    expectRefusal(check({ '1.safetensors': header('a'), '2.safetensors': header('b', 'c') }), 'E_SHARD_TENSOR', /found "c" in "2.safetensors"/);
  });
});
