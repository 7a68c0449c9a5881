/** The part of the style sheet that is about pictures. */

const heaps = Array.from({ length: 8 }, (_, heap) => `.heap-${heap}{--own:var(--h${heap})}`).join('')

/** Whiskers, plots, and the card that shows the runs of a cell. */
export const pictureCss = `${heaps}
svg text{font-size:12px;fill:var(--soft);font-family:inherit}
.whisker,.scale{display:block}
.scale{overflow:visible}
.scale .unity{font-weight:700;fill:var(--ink)}
.whisker .threshold{fill:var(--band)}
.whisker .noise{fill:url(#hatch)}
.whisker .one{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 2}
.whisker,.card{--own:var(--soft)}
.is-better{--own:var(--better)}.is-worse,.is-failed,.is-not-active{--own:var(--worse)}.is-same{--own:var(--same)}.is-inconclusive,.is-not-run{--own:var(--open)}
.whisker .bar{stroke:var(--own);stroke-width:2}
.whisker .mark{fill:var(--own)}
#hatch path{stroke:var(--noise);stroke-width:1.2}
td.chart{position:relative}
button.runs{display:block;width:100%;padding:0;border:0;background:none;min-height:28px;border-radius:4px}
.card{position:absolute;z-index:5;right:0;top:100%;width:min(430px,calc(100vw - 32px));background:var(--card);border:1px solid var(--soft);border-radius:10px;padding:12px 14px;box-shadow:0 8px 28px rgb(0 0 0/.22);text-align:left;font-weight:400}
.card h4{margin:0 0 2px;font-size:.9375rem}
.card p{margin:2px 0;font-size:.8125rem;color:var(--soft)}
.card svg{display:block;width:100%;height:170px;overflow:visible}
.card .dot{fill:var(--own)}
.card .beside{fill:none;stroke:var(--soft);stroke-width:1.5}
.card .lost{stroke:var(--worse);stroke-width:2}
.card .median{stroke-width:1;stroke-dasharray:4 3;stroke:var(--soft)}
.card .median.own{stroke:var(--own)}
.card .key{display:inline-block;width:10px;height:10px;border-radius:50%;margin-right:5px;border:1.5px solid var(--soft)}
.card .key.own{background:var(--own);border-color:var(--own)}
figure{margin:0 0 16px;max-width:760px}
figcaption{font-weight:600;margin:0 0 6px}
.pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,28rem),1fr));gap:20px 28px}
.plot{padding:0 16px 0 66px}
.area{display:block;overflow:visible}
.area .frame{fill:none;stroke:var(--rule)}
.area .grid{stroke:var(--rule);stroke-width:1}
.axis-y,.axis-x{font-size:.8125rem;color:var(--soft);margin:0 0 8px}
.axis-y{margin-left:-66px}
.axis-x{margin:26px 0 0;text-align:right}
.point .bar{stroke:var(--own);stroke-width:1.5;opacity:.65}
.point circle{fill:var(--card);stroke:var(--own);stroke-width:2}
.point.is-best circle{fill:var(--own)}
.front{stroke:var(--soft);stroke-width:1.5;stroke-dasharray:5 4}
svg .name{fill:var(--ink);paint-order:stroke;stroke:var(--card);stroke-width:4px;stroke-linejoin:round}
svg .name.is-best{font-weight:700}
.rss{fill:none;stroke:var(--own);stroke-width:1.2;opacity:.35}
.rss.is-middle{stroke-width:2.4;opacity:1}
.rss.is-second{stroke-dasharray:7 4}
.load{fill:var(--faint)}
.legend{list-style:none;padding:0;margin:8px 0 0;font-size:.875rem;display:grid;gap:2px}
.swatch{display:inline-block;width:11px;height:11px;border-radius:50%;border:2px solid var(--own);margin-right:8px;flex:none}
.swatch.is-best{background:var(--own)}
.swatch.is-line{width:18px;height:0;border-radius:0;border-width:2px 0 0;vertical-align:middle}`
