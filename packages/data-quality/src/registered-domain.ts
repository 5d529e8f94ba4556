/** Host of an address, without user, port and dots at its end. Lenient: a scheme is not needed. */
export function hostOf(url: string): string {
  const rest = url.trim().replace(/^(?:[a-z][a-z0-9+.-]*:)?\/\//i, '');
  const authority = rest.split(/[/?#]/, 1)[0] as string;
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  let end = host.length;
  while (end > 0 && host[end - 1] === '.') end--;
  return host.slice(0, end);
}

export interface SuffixRules {
  /** How many labels at the end of the host are its public suffix; 0 where no rule fits. */
  suffixLabels(labels: readonly string[]): number;
}

/** Rules in the form of the Public Suffix List: `com`, `co.uk`, `*.ck`, `!www.ck`; comments and empty lines are passed over. */
export function suffixRules(list: readonly string[]): SuffixRules {
  const rules = new Set(list.map((line) => line.trim().toLowerCase()).filter((line) => line !== '' && !line.startsWith('//')));
  const longest = [...rules].reduce((most, rule) => Math.max(most, rule.split('.').length), 0);
  return {
    suffixLabels(labels) {
      // The longest rule wins, so the first that fits does.
      for (let start = Math.max(0, labels.length - longest); start < labels.length; start++) {
        const name = labels.slice(start).join('.');
        if (rules.has(`!${name}`)) return labels.length - start - 1;
        if (rules.has(name) || rules.has(['*', ...labels.slice(start + 1)].join('.'))) return labels.length - start;
      }
      return 0;
    },
  };
}
