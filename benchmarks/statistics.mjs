/** The middle of the values. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

/** Milliseconds of each of `times` runs of `fn`. */
export function clock(fn, times) {
  return Array.from({ length: times }, () => {
    const start = performance.now();
    fn();
    return performance.now() - start;
  });
}

/** Starts to count: the function gives the seconds since, or the seconds that the processor worked for this process. */
export function stopwatch(cpu) {
  const [start, used] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    return cpu ? (user + system) / 1e6 : (performance.now() - start) / 1e3;
  };
}
