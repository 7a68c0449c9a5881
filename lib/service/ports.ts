/**
 * Who listens on a port: before a server is started nobody may, and it is ready only when it is a process of its own
 * tree that does. Otherwise the load would measure whoever was there before.
 */

import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { Alloc8Error } from '../errors.ts'
import type { Readiness } from '../types.ts'
import { commandOf, holds, type Listener, listeners, processIds } from './proc.ts'

/** Where a service is to listen. `addresses` is null where any will do. */
export interface Endpoint {
  port: number
  addresses: readonly string[] | null
}

const everyAddress = ['0.0.0.0', '::']

/** Where on this machine a readiness expects a listener; null for a line, and for a URL that leads elsewhere. */
export async function endpointOf(ready: Readiness): Promise<Endpoint | null> {
  if ('line' in ready) return null
  if ('port' in ready) {
    const addresses = ready.host === undefined ? null : await addressesOf(ready.host)
    return { port: ready.port, addresses }
  }
  const { hostname, port, protocol } = new URL(ready.url)
  const addresses = await addressesOf(hostname.replace(/^\[|\]$/g, ''))
  const own = addresses.filter(isOwn)
  const usual = protocol === 'https:' ? 443 : 80
  return own.length === 0 ? null : { port: port === '' ? usual : Number(port), addresses: own }
}

/** Those that listen there now. */
export function listenersAt({ port, addresses }: Endpoint): Listener[] {
  return listeners().filter((each) => {
    if (each.port !== port) return false
    return addresses === null || everyAddress.includes(each.address) || addresses.includes(each.address)
  })
}

/**
 * @throws Alloc8Error PORT_IN_USE: somebody listens there already; names who, where that can be told
 */
export function refuseTaken(endpoint: Endpoint): void {
  const [first] = listenersAt(endpoint)
  if (first === undefined) return
  const pid = processIds().find((each) => holds(each, [first]) === true)
  const who = pid === undefined ? 'a process that may not be looked at' : `process ${pid} (${commandOf(pid)})`
  const where = `${first.address.includes(':') ? `[${first.address}]` : first.address}:${first.port}`
  const end = pid === undefined ? 'sudo ss -ltnp names it; end it' : 'end it'
  throw new Alloc8Error('PORT_IN_USE', `port ${endpoint.port} is in use: ${who} listens on ${where}`, {
    hint: `${end}, or give the service another port`,
  })
}

/** Whose a port is: the tree's, somebody else's, nobody's; `unknown` where no process of the tree may be looked at. */
export function ownerAmong(endpoint: Endpoint, members: readonly number[]): 'tree' | 'other' | 'nobody' | 'unknown' {
  const sockets = listenersAt(endpoint)
  if (sockets.length === 0) return 'nobody'
  const answers = members.map((pid) => holds(pid, sockets))
  if (answers.includes(true)) return 'tree'
  return answers.includes(null) ? 'unknown' : 'other'
}

/** The ports on which processes of a tree listen, in order. */
export function portsOf(members: readonly number[]): number[] {
  const own = listeners().filter((socket) => members.some((pid) => holds(pid, [socket]) === true))
  return [...new Set(own.map(({ port }) => port))].sort((a, b) => a - b)
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch (cause) {
    throw new Alloc8Error('USAGE', `ready: the host ${JSON.stringify(host)} is not known`, {
      hint: 'for a server on this machine write 127.0.0.1 or localhost',
      cause,
    })
  }
}

function isOwn(address: string): boolean {
  const own = Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map((one) => one.address))
  return own.includes(address) || everyAddress.includes(address) || address.startsWith('127.')
}
