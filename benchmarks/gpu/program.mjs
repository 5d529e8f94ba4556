// One group of cases in a process of its own, so that whatever happens to it, the others are measured. Started by run.mjs, which it
// sends rows to as they come.
import { readFileSync } from 'node:fs';
import { findAdapter } from '@llm/kernels';
import { cardFacts, openCard } from './card.mjs';
import { attentionCase } from './cases/attention.mjs';
import { decodeCase } from './cases/decode.mjs';
import { matmulCase } from './cases/matmul.mjs';
import { memoryCase } from './cases/memory.mjs';
import { tfjsCase } from './cases/tfjs.mjs';
import { trainCase } from './cases/train.mjs';
import { messageOf } from './compare.mjs';
import { peerOfParent } from './peer.mjs';
import { FULL, QUICK } from './sizes.mjs';

const cases = { matmul: matmulCase, train: trainCase, attention: attentionCase, decode: decodeCase, memory: memoryCase, tfjs: tfjsCase };

const send = (message) => new Promise((resolve) => { process.send(message, undefined, {}, resolve); });

/** Which card this environment leads to. */
async function probe() {
  try {
    const { software, description, adapter } = await findAdapter();
    return { software, description, vendor: adapter.info.vendor };
  } catch (error) {
    return { failed: messageOf(error) };
  }
}

async function facts() {
  const card = await openCard();
  const found = cardFacts(card.gpu);
  card.close();
  return { ...found, build: JSON.parse(readFileSync(new URL('build.json', import.meta.url), 'utf8')) };
}

async function measure({ group, quick, torch, batch }) {
  const sizes = structuredClone(quick ? QUICK : FULL);
  if (batch !== undefined) sizes.train.batch = batch;
  const peer = torch ? peerOfParent() : undefined;
  const rows = [];
  const names = new Set();
  const report = ({ failed, ...row }) => {
    // Without a peer, rows that set ours beside several of them say the same.
    if (!torch && names.has(row.name)) return;
    names.add(row.name);
    const finished = { group, ...row, ...(failed === undefined ? {} : { failed: messageOf(failed) }) };
    rows.push(send({ row: finished }));
  };
  try {
    await cases[group]({ sizes, peer, report });
  } catch (error) {
    report({ name: group, failed: error });
    console.error(error);
  }
  await Promise.all(rows);
  await send({ done: true });
}

process.once('message', async (request) => {
  if (request.ask === 'probe') await send(await probe());
  else if (request.ask === 'facts') await send(await facts().catch((error) => ({ failed: messageOf(error) })));
  else await measure(request);
  process.exit(0);
});
