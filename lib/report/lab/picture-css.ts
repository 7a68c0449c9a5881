/**
 * The style of the lab's pictures. Plain colours in classes and no variables: what turns SVG into other formats often
 * knows nothing of those.
 */

import { type Colours, dark, inkOn, light } from './colours.ts'

const dashes = ['', '7 3', '2 3', '9 3 2 3', '12 4', '4 2', '1 2', '9 3 2 3 2 3']

const shapes = `text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.title{font-size:14px;font-weight:650}
.small{font-size:11px}
.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;font-size:11px}
.strong{font-weight:700}
.line{fill:none;stroke-width:2;stroke-linejoin:round}
.mark{stroke-width:1.5}
.grid,.gap,.event{fill:none;stroke-width:1}
.gap{stroke-dasharray:2 3}
.event{stroke-dasharray:4 3}
.freed{stroke-width:1}
.in{font-size:10px;text-anchor:middle}
${dashes.map((dash, at) => (dash === '' ? '' : `.l${at}{stroke-dasharray:${dash}}`)).join('')}`

function coloured(colours: Colours): string {
  const { paper, ink, soft, rule, faint, accent, lines, fills, ramp } = colours
  return [
    `.paper{fill:${paper}}text{fill:${ink}}.soft{fill:${soft}}.faint{fill:${faint}}`,
    `.grid,.unknown{stroke:${rule}}.gap,.event{stroke:${soft}}.bar{fill:${accent}}.hatch{stroke:${soft}}`,
    `.page{fill:${ink}}.shared{fill:${soft}}.edge{stroke:${ink}}.changed{fill:${ink}}.on-changed{fill:${paper}}`,
    ...lines.map((colour, at) => `.l${at},.m${at}{stroke:${colour}}.m${at}{fill:${paper}}`),
    ...fills.map((colour, at) => `.f${at}{fill:${colour}}.o${at}{stroke:${colour}}.t${at}{fill:${inkOn(colour)}}`),
    ...ramp.map((colour, at) => `.q${at}{fill:${colour}}.o-q${at}{stroke:${colour}}.on-q${at}{fill:${inkOn(colour)}}`),
  ].join('')
}

/** The whole style sheet. */
export const pictureStyle = `${shapes}
${coloured(light)}
@media (prefers-color-scheme:dark){${coloured(dark)}}`
