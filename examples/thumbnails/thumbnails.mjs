// Makes thumbnails with sharp: the well-known case of a Node service whose memory grows under glibc and not under other
// allocators, because libvips works in many threads and each keeps an arena of freed memory.
//
//   node examples/thumbnails/thumbnails.mjs [images] [at a time]
//
// Draws one picture, then resizes it 64 times, 8 at a time, as a server under load would. Prints images per second.

import sharp from 'sharp'

const images = Number(process.argv[2] ?? 64)
const atATime = Number(process.argv[3] ?? 8)

const width = 2400
const height = 1600
const pixels = Buffer.alloc(width * height * 3)
for (let i = 0; i < pixels.length; i++) pixels[i] = (i * 2654435761) >>> 24
const photo = await sharp(pixels, { raw: { width, height, channels: 3 } })
  .jpeg({ quality: 90 })
  .toBuffer()

const started = performance.now()
let next = 0
let bytes = 0
async function worker() {
  while (next < images) {
    const size = 160 + (next++ % 8) * 40
    const thumbnail = await sharp(photo).resize(size, size, { fit: 'cover' }).sharpen().webp().toBuffer()
    bytes += thumbnail.length
  }
}
await Promise.all(Array.from({ length: atATime }, worker))
const seconds = (performance.now() - started) / 1000
console.log(`${images} thumbnails, ${bytes} bytes`)
console.log(`images per second: ${(images / seconds).toFixed(2)}`)
