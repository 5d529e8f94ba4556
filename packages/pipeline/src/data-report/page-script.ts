/**
 * What the page computes by itself: how the documents of the sample would be decided under thresholds that are moved. It reads the one
 * block of data and the sliders, and writes text, heights and places; it makes no markup.
 */
export const PAGE_SCRIPT: string = `
(() => {
  const { rules, codes: text, documents, of, kept: before } = JSON.parse(document.getElementById('data').textContent);
  const width = rules.length + 1;
  const codes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const at = rules.map((rule) => rule.at);
  const fails = (bin, i, edge) => bin !== 255 && (rules[i].comparison === 'min' ? bin <= edge : bin > edge);
  const keeps = (n, edges) => {
    const fixed = codes[n * width];
    if (fixed) return fixed === 2;
    for (let i = 0; i < rules.length; i++) if (fails(codes[n * width + 1 + i], i, edges[i])) return false;
    return true;
  };
  const was = Array.from({ length: documents }, (_, n) => keeps(n, at));
  const group = (value) => String(Math.round(value)).replace(/\\B(?=(\\d{3})+(?!\\d))/g, ',');
  const amount = (value) => (documents === of ? '' : 'about ') + group(value * of / Math.max(1, documents));
  const figures = [...document.querySelectorAll('[data-rule]')];
  const summary = document.getElementById('summary');
  const command = document.getElementById('command');
  const reset = document.getElementById('reset');
  const show = () => {
    const kept = rules.map((rule) => new Array(rule.edges.length + 1).fill(0));
    const all = rules.map((rule) => new Array(rule.edges.length + 1).fill(0));
    let more = 0, fewer = 0;
    for (let n = 0; n < documents; n++) {
      const keep = keeps(n, at);
      more += keep && !was[n];
      fewer += !keep && was[n];
      for (let i = 0; i < rules.length; i++) {
        const bin = codes[n * width + 1 + i];
        if (bin === 255) continue;
        all[i][bin]++;
        kept[i][bin] += keep;
      }
    }
    const moved = rules.flatMap((rule, i) => (at[i] === rule.at ? [] : [i]));
    summary.textContent = group(before) + ' of ' + group(of) + ' documents are kept' + (moved.length === 0 ? '. Move a threshold to see what it would change.'
      : '; ' + (documents === of ? '' : 'about ') + group(before + (more - fewer) * of / Math.max(1, documents)) + ' would be: ' + amount(more) + ' more, ' + amount(fewer) + ' fewer.');
    command.textContent = moved.length === 0 ? '' : '--dry-run ' + moved.map((i) => rules[i].name + '=' + rules[i].edges[at[i]]).join(' ');
    reset.disabled = moved.length === 0;
    for (const figure of figures) {
      const i = Number(figure.dataset.rule);
      const { edges, comparison, at: first } = rules[i];
      const sign = comparison === 'min' ? '\\u2265 ' : '\\u2264 ';
      const input = figure.querySelector('input');
      input.value = String(at[i]);
      input.setAttribute('aria-valuetext', sign + edges[at[i]]);
      figure.querySelector('output').textContent = sign + edges[at[i]];
      const [left, span, base, high] = figure.dataset.box.split(' ').map(Number);
      const x = left + span * (at[i] + 1) / (edges.length + 1);
      figure.querySelector('path.threshold').setAttribute('d', 'M' + x + ' 0V' + base);
      const most = Math.max(1, ...all[i]);
      const rects = figure.querySelectorAll('rect');
      for (let bin = 0; bin <= edges.length; bin++) {
        const whole = high * all[i][bin] / most, part = high * kept[i][bin] / most;
        rects[2 * bin].setAttribute('y', base - part);
        rects[2 * bin].setAttribute('height', part);
        rects[2 * bin + 1].setAttribute('y', base - whole);
        rects[2 * bin + 1].setAttribute('height', whole - part);
        rects[2 * bin + 1].setAttribute('class', fails(bin, i, at[i]) ? 'dropped' : 'other');
      }
      let only = 0;
      const edge = at[i] === first ? -1 : at[i];
      if (edge >= 0) {
        const alone = rules.map((rule, j) => (j === i ? at[i] : rule.at));
        for (let n = 0; n < documents; n++) only += keeps(n, alone) - was[n];
      }
      figure.querySelector('.effect').textContent = edge < 0 ? '' : 'This alone: ' + amount(Math.abs(only)) + (only < 0 ? ' fewer' : ' more') + ' kept.';
    }
  };
  for (const figure of figures) {
    const i = Number(figure.dataset.rule);
    figure.querySelector('.slide').hidden = false;
    figure.querySelector('input').addEventListener('input', (event) => { at[i] = Number(event.target.value); show(); });
  }
  reset.addEventListener('click', () => { rules.forEach((rule, i) => { at[i] = rule.at; }); show(); });
  document.getElementById('try').hidden = false;
  show();
})();
`.trim();
