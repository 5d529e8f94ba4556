import { logOf } from './exp-log.ts';
import { repeatedStrings } from './repeated-strings.ts';

/**
 * The pieces to begin with: every character by how often it occurs, then the strings that repeat by how many characters of the distinct words
 * they cover; as log-probabilities.
 */
export async function seedPieces(
  words: ReadonlyMap<string, number>, { maxPieceLength, seedSize, pause }: { maxPieceLength: number; seedSize: number; pause: () => Promise<void> | undefined },
): Promise<[piece: string, score: number][]> {
  const characters = new Map<string, number>();
  for (const [word, count] of words) for (const char of word) if (char !== '\0') characters.set(char, (characters.get(char) ?? 0) + count);
  const seeds: [string, number][] = [...characters].sort((a, b) => b[1] - a[1] || b[0].codePointAt(0)! - a[0].codePointAt(0)!);
  const { codes, places, lengths, counts } = await repeatedStrings(words.keys(), { longest: maxPieceLength, pause });
  const scores = Uint32Array.from(counts, (count, i) => count * lengths[i]!);
  // One of the longer ones is taken in any case.
  const wanted = Math.max(1, seedSize - seeds.length);
  const least = wanted < scores.length ? scores.slice().sort()[scores.length - wanted]! : 0;
  // The higher score first; of equals the one whose characters come later.
  const chosen = Uint32Array.from(scores.keys()).filter((i) => scores[i]! >= least).sort((a, b) => scores[b]! - scores[a]! || compare(b, a));
  for (const i of chosen.subarray(0, wanted)) seeds.push([String.fromCodePoint(...codes.subarray(places[i]!, places[i]! + lengths[i]!)), scores[i]!]);
  const logSum = logOf(seeds.reduce((sum, [, score]) => sum + score, 0));
  return seeds.map(([piece, score]) => [piece, logOf(score) - logSum]);

  function compare(a: number, b: number): number {
    for (let at = 0; at < Math.min(lengths[a]!, lengths[b]!); at++) {
      const difference = codes[places[a]! + at]! - codes[places[b]! + at]!;
      if (difference !== 0) return difference;
    }
    return lengths[a]! - lengths[b]!;
  }
}
