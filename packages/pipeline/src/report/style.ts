/** The whole style of a report: light and dark, down to 360 pixels. */
export const STYLE: string = `
:root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--soft:#5b6570;--line:#d9dee4;--card:#f5f7f9;--c0:#0b62c4;--c1:#b3470a;--c2:#1d7a3a;--c3:#7a3fb0}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e9ec;--soft:#9aa5b1;--line:#343b43;--card:#1d2226;--c0:#6cb0ff;--c1:#ff9a5c;--c2:#6ad18c;--c3:#c79bff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:.5rem 0}h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
p.soft,figcaption,dt{color:var(--soft)}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.5rem;margin:1rem 0}
.cards div{background:var(--card);border-radius:.5rem;padding:.6rem .8rem}.cards b{display:block;font-size:1.25rem;font-variant-numeric:tabular-nums}.cards span{color:var(--soft);font-size:.85rem}
figure{margin:1rem 0}svg{width:100%;max-width:44rem;height:auto;display:block}svg text{fill:var(--soft);font:11px system-ui,sans-serif}
.grid{stroke:var(--line);fill:none}.mark{stroke:var(--soft);stroke-dasharray:4 4;fill:none}
path.line{fill:none;stroke-width:2;stroke-linejoin:round}path.faint{fill:none;stroke:var(--soft);opacity:.35}
path.c0{stroke:var(--c0)}path.c1{stroke:var(--c1)}path.c2{stroke:var(--c2)}path.c3{stroke:var(--c3)}circle.dot{fill:var(--c0)}
.legend span{font-size:.85rem;margin-right:1rem}.legend .c0{color:var(--c0)}.legend .c1{color:var(--c1)}.legend .c2{color:var(--c2)}.legend .c3{color:var(--c3)}.legend .faint{color:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}thead th{color:var(--soft);font-weight:normal}tbody th{font-weight:normal}
pre{white-space:pre-wrap;background:var(--card);border-radius:.5rem;padding:.6rem .8rem;margin:.3rem 0;font:13px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
pre b{color:var(--soft);font-weight:normal}details{margin:.5rem 0}summary{cursor:pointer}
`.trim();
