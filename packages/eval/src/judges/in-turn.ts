/** The results for items in their order, so many of them under way at once. */
export async function inTurn<T, R>(items: readonly T[], run: (item: T, index: number) => Promise<R>, { concurrency }: { readonly concurrency: number }): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await run(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker));
  return results;
}
