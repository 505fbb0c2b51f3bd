/**
 * The report's style sheet: light and dark, narrow and wide, screen and print.
 *
 * Knows: the page's classes, the theme. May not know: results.
 */
import { declarePaints, fontFamily } from "./theme.js";

const screen = `
*{box-sizing:border-box}
html{color-scheme:light dark;background:var(--page);color:var(--ink);font:16px/1.5 ${fontFamily};-webkit-text-size-adjust:100%}
body{margin:0}
header,main,footer{max-width:1240px;margin:0 auto;padding:0 20px}
header{padding-top:24px}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.25rem;margin:0 0 10px}
h3{font-size:1rem;margin:0 0 4px;overflow-wrap:anywhere}
p{margin:0 0 10px;max-width:75ch}
nav ul{display:flex;flex-wrap:wrap;gap:0 18px;list-style:none;margin:6px 0 18px;padding:0}
nav a{display:inline-block;padding:10px 0;color:var(--s1)}
a:focus-visible,button:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:2px solid var(--s1);outline-offset:2px}
section{margin:0 0 36px;scroll-margin-top:12px}
.note,.key,.sub{color:var(--muted)}
.note,.key{font-size:.9rem}
.verdict{font-size:1.3rem;line-height:1.4;font-weight:600;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:12px;margin:16px 0}
.tile,figure,.card{background:var(--card);border:1px solid var(--grid);border-radius:8px}
.tile{padding:10px 14px}
.tile dt{font-size:.85rem;color:var(--muted)}
.tile dd{margin:0;overflow-wrap:anywhere}
.tile strong{display:block;font-size:1.2rem}
.tile span{display:block;font-size:.8rem;color:var(--muted)}
.warnings{padding-left:20px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:16px;align-items:start}
.figures.narrow{grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr))}
figure{margin:0;padding:16px;min-width:0}
figcaption p{font-size:.95rem;overflow-wrap:anywhere}
.card{padding:16px;min-width:0}
.card h3{margin-top:14px}
.card h3:first-child{margin-top:0}
.plot svg{display:block;width:100%;height:auto;margin:0 auto}
.empty{padding:24px;text-align:center;color:var(--muted);border:1px dashed var(--grid)}
summary{cursor:pointer;padding:10px 0;color:var(--s1)}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;font-size:.875rem;background:var(--card)}
th,td{padding:6px 8px;border-bottom:1px solid var(--grid);text-align:right;white-space:nowrap}
th:first-child{text-align:left;font-weight:500}
thead th{font-weight:600;color:var(--muted);vertical-align:bottom;white-space:normal}
thead th button{all:unset;cursor:pointer;font:inherit;min-height:24px}
thead th button::after{content:"\\a0\\2195"}
th[aria-sort=ascending] button::after{content:"\\a0\\2191"}
th[aria-sort=descending] button::after{content:"\\a0\\2193"}
table.sortable{width:100%}
td.bar{background:linear-gradient(90deg,color-mix(in srgb,var(--s1) 28%,transparent) var(--w),transparent var(--w)) no-repeat left center/100% 70%;min-width:80px;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.sentences{padding-left:20px;margin:0 0 14px}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:20px 32px;align-items:start}
.columns>div{min-width:0}
.facts{margin:0;font-size:.875rem}
.facts div{display:grid;grid-template-columns:minmax(0,2fr) minmax(0,3fr);gap:12px;padding:4px 0;border-bottom:1px solid var(--grid)}
.facts dt{color:var(--muted);overflow-wrap:anywhere}
.facts dd{margin:0;overflow-wrap:anywhere}
code,pre{font-family:ui-monospace,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.85rem}
pre{background:var(--card);border:1px solid var(--grid);border-radius:8px;padding:12px;margin:0 0 16px;white-space:pre;overflow-x:auto}
footer{padding-bottom:32px;color:var(--muted);font-size:.85rem}
@media (max-width:600px){header,main,footer{padding-left:12px;padding-right:12px}figure{padding:12px}.tiles{grid-template-columns:repeat(2,1fr)}.verdict{font-size:1.15rem}}
@media print{nav,summary{display:none}html{background:#fff;font-size:12px}section,figure,.tile{break-inside:avoid}#layers,#configuration,#provenance{break-inside:auto}.scroll{overflow:visible}pre{white-space:pre-wrap;overflow-wrap:anywhere}table{font-size:9px}th,td{padding:3px 5px}td.bar{min-width:0}.figures{grid-template-columns:1fr 1fr}}
@media (forced-colors:active){.tile,figure{border:1px solid}}
`;

/** Print is always light. */
export const pageStyle = `:root{${declarePaints("light")}}
@media screen and (prefers-color-scheme:dark){:root{${declarePaints("dark")}}}${screen}`;
