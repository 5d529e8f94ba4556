import { median } from '../statistics.mjs';
import { NO_PEER } from './peer.mjs';

/**
 * Measures arms in turns, so that a change of clocks meets all alike. An arm is { name, prepare, sample, finish }: `prepare` may
 * return facts, `sample` returns seconds per unit of work. The first round is thrown away. An arm that fails says so and the others
 * go on; when the time is up no further round begins, but three are always made.
 */
export async function compare(arms, { rounds, mostSeconds }) {
  const found = {};
  for (const arm of arms) {
    found[arm.name] = { samples: [] };
    await attempt(found[arm.name], async () => { found[arm.name].facts = await arm.prepare?.(); });
  }
  const started = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round >= 3 && performance.now() - started > mostSeconds * 1000) break;
    for (const arm of arms) {
      const result = found[arm.name];
      if (result.failed !== undefined) continue;
      await attempt(result, async () => {
        const seconds = await arm.sample();
        if (!(seconds > 0)) throw new Error(`expected a time above zero but found ${seconds}`);
        if (round > 0) result.samples.push(seconds);
      });
    }
  }
  for (const arm of arms) {
    const result = found[arm.name];
    await attempt(result, async () => { Object.assign(result, { end: await arm.finish?.() }); });
    if (result.samples.length > 0) Object.assign(result, { seconds: median(result.samples), least: Math.min(...result.samples), most: Math.max(...result.samples) });
  }
  return found;
}

async function attempt(result, act) {
  try {
    await act();
  } catch (error) {
    result.failed ??= messageOf(error);
  }
}

export const messageOf = (error) => (error instanceof Error ? error.message : String(error)).split('\n')[0].slice(0, 400);

/**
 * One line of the table: ours beside a peer's. `figure` turns seconds per unit into what is shown, `higher` says that more is
 * better, and the ratio is then ours / theirs, else theirs / ours: above one we are ahead.
 */
export function versus(name, [ours, theirs], { unit, figure, higher = true, digits = 3, note = '', peer }) {
  const shown = (arm) => (arm?.failed === undefined && arm?.seconds !== undefined ? figure(arm.seconds) : undefined);
  const [mine, others] = [shown(ours), shown(theirs)];
  const notes = [note];
  if (ours?.failed !== undefined) notes.push(`ours failed: ${ours.failed}`);
  if (theirs?.failed !== undefined && theirs.failed !== NO_PEER) notes.push(`${peer} failed: ${theirs.failed}`);
  if (mine !== undefined) notes.push(`±${Math.round(50 * (ours.most - ours.least) / ours.seconds)} %, ${ours.samples.length} samples`);
  if (ours?.facts?.check !== undefined) notes.push(ours.facts.check);
  const ratio = mine === undefined || others === undefined ? undefined : higher ? mine / others : others / mine;
  return {
    name, unit, ours: mine, peer: theirs?.failed === NO_PEER ? undefined : peer, theirs: others, ratio, digits, note: notes.filter((text) => text !== '').join('; '),
    ...(ours?.failed === undefined ? {} : { failed: ours.failed }), arms: { ours, theirs },
  };
}
