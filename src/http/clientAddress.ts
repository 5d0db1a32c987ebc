import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, isIPv4 } from 'node:net';

/** Most steps that are looked at: a longer way is not one through proxies that somebody has configured. */
const maxHops = 32;

/**
 * Who sent a request, as far as the configured proxies vouch for it. `Forwarded` (RFC 7239) and `X-Forwarded-For` are read from the
 * right, as each proxy writes behind what it was sent: the first address that is none of the proxies is the client. What a stranger
 * wrote in front of it is never reached. Where both headers are there and name different clients, or the one that is there cannot be
 * read, the address is that of the last proxy: a client may so hide behind its proxy, but never behind somebody else.
 *
 * @param trustedProxies addresses, and networks in CIDR form
 */
export function createClientAddress(trustedProxies: readonly string[]) {
  const trusted = listOf(trustedProxies);
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

  /** @param peer who the connection, or the platform, says has sent the request */
  return ({ headers }: Pick<IncomingMessage, 'headers'>, peer: string): string => {
    const nearest = isIPv4(peer) ? peer : plainAddress(peer);
    if (nearest === undefined) return peer;
    if (trustedProxies.length === 0 || !isTrusted(nearest)) return nearest;
    const { forwarded, 'x-forwarded-for': list } = headers;
    const ways = [
      ...(forwarded === undefined ? [] : [forwardedFor(forwarded)]),
      ...(list === undefined ? [] : [[list].flat().join(',').split(',')]),
    ].map((way) => firstStranger(way, nearest, isTrusted));
    return new Set(ways).size === 1 ? (ways[0] as string) : nearest;
  };
}

function firstStranger(
  way: readonly string[],
  nearest: string,
  isTrusted: (address: string) => boolean,
): string {
  let vouched = nearest;
  for (const node of way.slice(-maxHops).reverse()) {
    const address = plainAddress(node);
    // `unknown`, a made-up name (RFC 7239 section 6.3) or nonsense.
    if (address === undefined) return vouched;
    if (!isTrusted(address)) return address;
    vouched = address;
  }
  return vouched;
}

/** The `for` of each element in turn; empty where the header does not keep to the grammar: then no part of it says anything. */
function forwardedFor(header: string): string[] {
  const pair = /\s*([\w!#$%&'*+.^`|~-]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]+))\s*([;,]|$)/y;
  const nodes: string[] = [];
  let node = '';
  while (pair.lastIndex < header.length) {
    const match = pair.exec(header);
    if (match === null) return [];
    const [, name = '', quoted, plain = '', end] = match;
    if (name.toLowerCase() === 'for') node = quoted ?? plain;
    if (end === ';') continue;
    nodes.push(node);
    node = '';
  }
  return nodes;
}

/** Without port, brackets and zone, and IPv4 in its own form where it came mapped into IPv6; undefined for what is no address. */
function plainAddress(node: string): string | undefined {
  const text = node.trim();
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text) ?? [];
  const [, dotted] = /^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  const address = (bracketed ?? dotted ?? text).replace(/%.*$/, '').replace(/^::ffff:(?=[\d.]+$)/i, '');
  return isIP(address) === 0 ? undefined : address;
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
