import { adamw, startTraining } from '@llm/train';
import { freeBytes, latestCheckpoint, loadCheckpoint, lockRun, nodeFs, resumeTraining, saveCheckpoint, saveTraining } from '@llm/train/node';
import { tensor, useDevice } from '@llm/tensor';
import { expect } from '../expect.mjs';

await useDevice('cpu');
expect(await freeBytes('.') > 0, 'room on the disk');
const lock = await lockRun('run');
const { path } = await saveCheckpoint('run', { step: 1, files: { 'note.txt': 'hello' }, fs: nodeFs });
expect((await latestCheckpoint('run')).path === path, 'the checkpoint just saved');
const { files } = await loadCheckpoint(path);
expect(new TextDecoder().decode(files.get('note.txt')) === 'hello', 'the file that was saved');
await lock.release();

const optimizer = adamw({ lr: 1e-3 });
const params = { w: tensor([1, 2]) };
await saveTraining('training', { params, state: startTraining(params, optimizer), config: { lr: 1e-3 } });
const other = { w: tensor([0, 0]) };
const resumed = await resumeTraining('training', { params: other, optimizer, config: { lr: 1e-3 } });
expect(resumed.step === 0 && other.w.dataSync().join() === '1,2', 'what was saved is restored');
