/** The style of a flame graph's page, on top of that of all pages. */

import { css } from './css.ts'

const own = `.wide{max-width:none}
#choice{align-items:end;gap:8px 12px}
#choice label{display:flex;flex-direction:column;gap:2px;align-items:stretch;font-size:.8125rem}
#choice label.tick{flex-direction:row;align-items:center;gap:6px;min-height:34px;font-size:.9375rem}
#choice input[type=search]{font:inherit;font-size:.9375rem;color:var(--ink);background:var(--card);border:1px solid var(--rule);border-radius:7px;padding:5px 11px;min-height:34px;width:14rem;max-width:100%}
#choice select{max-width:15rem}
#choice input[type=checkbox]{width:18px;height:18px;margin:0;accent-color:var(--link)}
#found{font-size:.9375rem;min-height:1.5em;margin:4px 0}
#detail{border:1px solid var(--rule);border-radius:7px;background:var(--faint);padding:8px 12px;margin:8px 0;height:6.4rem;overflow:auto;font-size:.9375rem}
#detail p{margin:0}
#detail .name{font-weight:650}
#detail .place{color:var(--soft)}
#flame{position:relative;overflow-x:hidden;overflow-y:auto;border:1px solid var(--rule);border-radius:7px;background:var(--card)}
#flame canvas{display:block;position:sticky;top:0;left:0;cursor:pointer;float:left}
#flame .spacer{width:1px;margin-left:-1px;float:right}
.top-list{table-layout:fixed}
.top-list td,.top-list th{vertical-align:top}
.top-list .amount{width:15rem;font-variant-numeric:tabular-nums}
.top-list .name{font-weight:600}
@media (max-width:600px){#choice label:not(.tick),#choice select,#choice input[type=search]{width:100%;max-width:none}#detail{height:8.5rem}.top-list .amount{width:8rem}.top-list .rest{display:none}}`

/** The whole style sheet. */
export const flameCss = `${css}\n${own}`
