// An HTTP server that answers each request with a photo of another size, made by sharp: what image services do.
//
//   node examples/services/sharp/server.mjs PORT

import { createServer } from 'node:http'
import sharp from 'sharp'

// By itself sharp takes one thread under glibc and as many as there are cores under jemalloc, which would compare
// threads instead of allocators. And what its cache keeps is no fragmentation.
sharp.concurrency(2)
sharp.cache(false)

const noise = { type: 'gaussian', mean: 128, sigma: 60 }
const photo = await sharp({ create: { width: 2000, height: 1500, channels: 3, background: 'black', noise } })
  .blur(3)
  .jpeg()
  .toBuffer()

let served = 0
const server = createServer(async (_request, response) => {
  const width = 100 + ((served++ * 137) % 900)
  const image = await sharp(photo).resize(width).sharpen().jpeg().toBuffer()
  response.setHeader('content-type', 'image/jpeg')
  response.end(image)
})
server.listen(Number(process.argv[2] ?? 7402), '127.0.0.1', () => console.log('ready'))
process.on('SIGTERM', () => {
  server.close(() => console.log(`served ${served}`))
  server.closeAllConnections()
})
