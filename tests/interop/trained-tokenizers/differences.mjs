// How two trained files differ.

/** Nothing where two files are the same to the byte, else in words. */
export function fileDifference(ours, theirs, { tiktoken }) {
  if (ours === theirs) return undefined;
  const [a, b] = [ours, theirs].map((text) => (tiktoken ? text.split('\n') : tokensOf(JSON.parse(text))));
  const at = a.findIndex((token, i) => token !== b[i]);
  const others = new Set(b);
  const only = a.filter((token) => !others.has(token)).length;
  if (at < 0 && a.length === b.length) return 'the same tokens, but other bytes';
  return `${only} tokens are not theirs, ${a.length} and ${b.length} in all; the first that differs is ${at < 0 ? Math.min(a.length, b.length) : `${at}: ${JSON.stringify(a[at])}, there ${JSON.stringify(b[at])}`}`;
}

function tokensOf({ model: { vocab } }) {
  return Object.entries(vocab).sort((a, b) => a[1] - b[1]).map(([token]) => token);
}

/**
 * How two Unigram files differ: pieces of the one that the other lacks, the most that two scores of a piece are apart, and whether all around
 * them is the same. Characters that no piece was left of are compared as a set: the reference gives them the lowest score, the lowest + 0.0001,
 * and so on, in the order of a hash table.
 */
export function unigramDifference(one, other) {
  const [a, b] = [one, other].map((text) => readUnigram(JSON.parse(text)));
  const scores = new Map(b.pieces);
  const only = a.pieces.filter(([piece]) => !scores.has(piece)).map(([piece]) => piece);
  const lost = [...a.missing].filter((char) => !b.missing.has(char)).length + [...b.missing].filter((char) => !a.missing.has(char)).length;
  const apart = a.pieces.reduce((most, [piece, score]) => Math.max(most, Math.abs(score - (scores.get(piece) ?? score))), 0);
  return { only, lost, apart, sizes: [a.pieces.length + a.missing.size, b.pieces.length + b.missing.size], around: a.around === b.around };
}

function readUnigram({ model: { vocab, ...model }, ...head }) {
  const special = head.added_tokens.length;
  const pieces = vocab.slice(special);
  const least = pieces.at(-1)?.[1] ?? 0;
  // Scores of real pieces lie on no such grid.
  const isMissing = ([piece, score]) => Array.from(piece).length === 1 && Math.abs((score - least) / 1e-4 - Math.round((score - least) / 1e-4)) < 1e-6;
  return { pieces: pieces.filter((each) => !isMissing(each)), missing: new Set(pieces.filter(isMissing).map(([piece]) => piece)), around: JSON.stringify([head, model, vocab.slice(0, special)]) };
}
