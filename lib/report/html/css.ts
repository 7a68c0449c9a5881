/** The page's style sheet: colours for light and dark, the frame of the page, its tables. Pictures have their own. */

import { pictureCss } from './picture-css.ts'

/** The page's colours, which pictures of their own take from here. */
export const lightColours = `--bg:#f7f8fa;--card:#fff;--ink:#1a1f26;--soft:#56606c;--rule:#d9dee5;--faint:#eef1f5;--link:#0b5cc4;
--better:#12703a;--worse:#b3261e;--same:#0c6386;--open:#8a5800;--band:#dfe6ee;--noise:#9aa7b5;
--h0:#4b5563;--h1:#0b6bcb;--h2:#c2410c;--h3:#15803d;--h4:#9333ea;--h5:#b0127b;--h6:#0e7490;--h7:#a16207;`
/** The same for dark. */
export const darkColours = `--bg:#0e1116;--card:#161b22;--ink:#e6ebf1;--soft:#9da8b5;--rule:#2d3640;--faint:#1d242d;--link:#6cb2ff;
--better:#57ca84;--worse:#ff8b81;--same:#65c1e4;--open:#e2b251;--band:#2a3542;--noise:#64748b;
--h0:#a3afbd;--h1:#5aa9ff;--h2:#ff9257;--h3:#54cf7f;--h4:#c08bff;--h5:#ff7cc8;--h6:#4ccfe0;--h7:#e3b341;`

const colours = `:root{color-scheme:light;${lightColours}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${darkColours}}}
:root[data-theme=dark]{color-scheme:dark;${darkColours}}`

const frame = `*{box-sizing:border-box}
html{font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;background:var(--bg);color:var(--ink);-webkit-text-size-adjust:100%;scroll-behavior:smooth}
body{margin:0;overflow-wrap:anywhere}
.wrap{max-width:1200px;margin:0 auto;padding:0 24px}
.skip{position:absolute;left:-999px}
.skip:focus{left:16px;top:8px;background:var(--card);padding:8px 12px;z-index:9}
.top{display:flex;flex-wrap:wrap;gap:8px 16px;align-items:center;padding:16px 24px}
.brand{font-weight:650;letter-spacing:.01em}
.brand small{font-weight:400;color:var(--soft);font-size:.875rem}
.tools{margin-left:auto;display:flex;gap:8px}
h1,h2,h3{line-height:1.25;font-weight:650;margin:0;text-wrap:balance}
h1{font-size:1rem;color:var(--soft);font-weight:500}
h2{font-size:1.375rem;margin:0 0 12px}
h3{font-size:1.125rem}
p{margin:.5em 0}
a{color:var(--link)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:.875em}
.verdict-box{background:var(--card);border:1px solid var(--rule);border-left:5px solid var(--same);border-radius:10px;padding:20px 24px;margin:0 0 16px}
.verdict-box.has-winner{border-left-color:var(--better)}
.verdict-box.is-undecided{border-left-color:var(--open)}
.verdict-box p{margin:.4em 0 0;max-width:75ch}
.verdict-box .answer{font-size:1.375rem;line-height:1.35;font-weight:600;text-wrap:pretty}
.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0 0;padding:0}
.tiles div{background:var(--faint);border-radius:8px;padding:8px 14px;min-width:9rem}
.tiles dt{font-size:.8125rem;color:var(--soft)}
.tiles dd{margin:0;font-size:1.5rem;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.tiles .bounds{display:block;font-size:.8125rem;font-weight:400}
.toc ul{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;padding:0;margin:0 0 24px;font-size:.9375rem}
section{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:20px 24px;margin:0 0 20px}
section section{border:0;border-top:1px solid var(--rule);border-radius:0;padding:20px 0 4px;margin:16px 0 0}
#pairing{margin-top:0}
footer section{margin-bottom:40px}
button,select{font:inherit;font-size:.9375rem;color:inherit;background:var(--card);border:1px solid var(--rule);border-radius:7px;padding:5px 11px;min-height:34px;max-width:100%}
button{cursor:pointer}
button:hover,select:hover{border-color:var(--soft)}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
[hidden]{display:none!important}
.filters{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;font-size:.9375rem;margin:0 0 4px;color:var(--soft)}
.filters label{display:flex;gap:6px;align-items:center;max-width:100%}
.filters select{max-width:13rem;color:var(--ink)}
.howto{margin:10px 0 0;font-size:.9375rem;color:var(--soft)}
summary{cursor:pointer}
.howto summary{width:fit-content;color:var(--link)}
.howto p{max-width:75ch}
.more{margin-top:12px}
.note{display:block;color:var(--soft);font-size:.8125rem;margin:.2em 0 0;font-weight:400}
.warnings{padding-left:20px;margin:0}
.warnings li{margin:.4em 0;max-width:80ch}
.warnings li::marker{content:"!  ";color:var(--open);font-weight:700}
.failure{margin:14px 0}
.failure ul{padding-left:20px;margin:6px 0}
pre{background:var(--faint);border-radius:7px;padding:10px 14px;overflow:auto;max-height:22rem;white-space:pre-wrap}
dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:10px 24px;margin:16px 0}
dt{font-size:.8125rem;color:var(--soft)}
dd{margin:0}
.scroll{overflow-x:auto;max-width:100%;position:relative}
@media print{.tools,.filters,.toc,.skip{display:none}section{break-inside:avoid}}
@media (prefers-reduced-motion:reduce){*{transition:none!important;animation:none!important;scroll-behavior:auto!important}}`

const tables = `table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);font-size:.9375rem;padding:4px 0 8px}
th,td{text-align:left;padding:4px 12px 4px 0;border-bottom:1px solid var(--rule);vertical-align:middle;font-weight:400}
tbody tr:last-child>*{border-bottom:0}
thead th{font-size:.8125rem;color:var(--soft);vertical-align:bottom;white-space:nowrap}
thead button{all:unset;cursor:pointer;color:inherit;font-size:.8125rem;padding:4px 0}
thead button:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:4px}
thead button::after{content:" ↕" / "";opacity:.5}
[aria-sort=ascending] button::after{content:" ↑" / "";opacity:1}
[aria-sort=descending] button::after{content:" ↓" / "";opacity:1}
.cells{table-layout:fixed}
.cells .group{width:15%}
.cells .heap{width:15%;font-weight:600}
.cells .median{width:7.75rem;text-align:right;white-space:nowrap}
.cells .ratio{width:13.5rem}
.cells .verdict{width:8.25rem;padding-right:0}
.cells thead .heap{font-weight:400}
.cells tbody tr:hover{background:var(--faint)}
.ratio strong{display:inline-block;min-width:3.6em;text-align:right;font-weight:650}
.bounds{color:var(--soft);white-space:nowrap}
.median{padding-right:14px}
.small-group{display:none;color:var(--soft);font-size:.8125rem;font-weight:400}
.chip{display:inline-block;white-space:nowrap;border-radius:99px;padding:1px 10px;font-size:.875rem;border:1px solid currentColor;color:var(--soft)}
.chip.is-baseline{border-color:transparent;padding:1px 0}
.chip.is-better{color:var(--better)}.chip.is-better::before{content:"✓ " / ""}
.chip.is-worse,.chip.is-failed,.chip.is-not-active{color:var(--worse)}
.chip.is-worse::before,.chip.is-failed::before,.chip.is-not-active::before{content:"✗ " / ""}
.chip.is-same{color:var(--same)}.chip.is-same::before{content:"= " / ""}
.chip.is-inconclusive,.chip.is-not-run{color:var(--open)}.chip.is-inconclusive::before,.chip.is-not-run::before{content:"? " / ""}
.state-active{color:var(--better)}.state-partial,.state-not-run{color:var(--open)}.state-inactive{color:var(--worse)}
.numbers,.facts{font-size:.9375rem}
.numbers{white-space:nowrap}
.number{text-align:right}
.facts{margin-bottom:14px}
.facts th,.facts td{vertical-align:top;padding-right:18px}
.facts th,.facts td:not(.path){white-space:nowrap}
.facts .note{white-space:normal;min-width:14rem}
.facts th{font-weight:600}.facts thead th{font-weight:400}
.path{min-width:12rem}
.hash{display:block;color:var(--soft);font-size:.75rem}`

const narrow = `@media (max-width:860px){.cells .median{display:none}.cells .ratio{width:7.5rem}.ratio strong{display:block;min-width:0;text-align:left}.bounds{font-size:.8125rem}.cells .heap{width:21%}}
@media (max-width:600px){.wrap,.top{padding-left:12px;padding-right:12px}section,.verdict-box{padding:14px 12px}section section{padding-left:0;padding-right:0}
.verdict-box .answer{font-size:1.125rem}.tools{margin-left:0}
.cells .group{display:none}.small-group{display:block}.cells .heap{width:27%;font-size:.875rem}.if-wide{display:none}.cells .ratio{width:6.4rem}.cells .verdict{width:2rem}
.cells th,.cells td{padding-right:8px}
.cells thead .verdict .title,.cells thead .verdict button{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cells .chip{font-size:0;padding:0 6px;border:0}.cells .chip::before{font-size:1.125rem}
.tiles div{flex:1 1 8rem}.filters select{max-width:11rem}}`

/** The whole style sheet. */
export const css = [colours, frame, tables, pictureCss, narrow].join('\n')
