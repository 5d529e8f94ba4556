/** What the data report adds to the style of all reports. */
export const PAGE_STYLE: string = `
.rules{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1rem}
.rule{margin:0;background:var(--card);border-radius:.5rem;padding:.6rem .8rem}
.rule figcaption{color:var(--fg)}.rule code{font-weight:600}
.rule svg{max-width:none;margin:.3rem 0}
rect.kept,.key.kept{fill:var(--c2);background:var(--c2)}rect.dropped,.key.dropped{fill:var(--c1);background:var(--c1)}rect.other,.key.other{fill:var(--soft);background:var(--soft);opacity:.45}
.key{display:inline-block;width:.8rem;height:.8rem;border-radius:.2rem;vertical-align:-.1rem;margin:0 .3rem 0 .6rem}.key.kept{margin-left:0}
path.threshold{stroke:var(--fg);stroke-width:2;fill:none}path.was{stroke:var(--soft);stroke-dasharray:3 3;fill:none}
.slide[hidden],.try[hidden]{display:none}.slide input{display:block;margin:0;min-width:0;accent-color:var(--c0)}
.rule figcaption{display:grid;grid-template-columns:1fr auto;column-gap:.6rem}.rule output{font-variant-numeric:tabular-nums;white-space:nowrap}.rule small{color:var(--soft)}
.effect{margin:.2rem 0 0;font-size:.85rem;color:var(--soft);min-height:1.3em}
.try{position:sticky;bottom:0;z-index:1;background:var(--bg);border-top:1px solid var(--line);padding:.6rem 0;margin-top:1rem}
.try p{margin:.2rem 0}.try code{font-size:.8rem;overflow-wrap:anywhere}
button{font:inherit;color:var(--fg);background:var(--card);border:1px solid var(--line);border-radius:.4rem;padding:.3rem .8rem;cursor:pointer}
button:disabled{opacity:.5;cursor:default}:focus-visible{outline:2px solid var(--c0);outline-offset:2px}
.bar{display:inline-block;height:.7rem;min-width:1px;background:var(--c0);border-radius:.15rem;vertical-align:baseline}
td,thead th{overflow-wrap:normal}td:not(:last-child){white-space:nowrap}tbody th{min-width:7rem}td:last-child{overflow-wrap:anywhere;min-width:5rem}.warn{border-left:.25rem solid var(--c1);padding-left:.6rem}
ul.plain{padding-left:1.2rem;margin:.3rem 0}nav a{margin-right:.8rem}a{color:var(--c0)}
`.trim();
