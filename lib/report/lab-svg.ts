/**
 * The lab's pictures as SVG: one file each that needs nothing else, the same for the same data, readable light and dark, in
 * grey, and at 320 pixels.
 */

import type { LabPicture } from '../types.ts'
import { barsSvg } from './lab/bars.ts'
import { bytesSvg } from './lab/bytes.ts'
import { linesSvg } from './lab/lines.ts'
import { mapSvg } from './lab/map.ts'
import type { MapColour } from './lab/map-colours.ts'
import { matrixSvg } from './lab/matrix.ts'

/** How a picture is drawn. */
export interface PictureOptions {
  /** In pixels, from 320 on; 480 unless given, so that letters can still be read where it is shrunk to 320. */
  width?: number | undefined
  /** By what the blocks of a map are coloured; by thread unless given. */
  colour?: MapColour | undefined
}

/** The whole file. */
export function pictureSvg(picture: LabPicture, options: PictureOptions = {}): string {
  const { width = 480, colour = 'thread' } = options
  switch (picture.kind) {
    case 'map':
      return mapSvg(picture, width, colour)
    case 'matrix':
      return matrixSvg(picture, width)
    case 'bars':
      return barsSvg(picture, width)
    case 'lines':
      return linesSvg(picture, width)
    case 'bytes':
      return bytesSvg(picture, width)
  }
}
