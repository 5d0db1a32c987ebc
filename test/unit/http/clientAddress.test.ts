import { describe, expect, it } from 'vitest';
import { createClientAddress } from '../../../src/http/clientAddress.ts';

const proxies = ['10.0.0.0/8', '2001:db8:1::/48', '127.0.0.1'];
const of = (headers: Record<string, string>, peer = '10.0.0.1', trusted: readonly string[] = proxies) =>
  createClientAddress(trusted)({ headers }, peer);

describe('the address of a client', () => {
  it('is that of the connection where no proxy is configured, or the peer is none of them', () => {
    const headers = { 'x-forwarded-for': '192.0.2.1', forwarded: 'for=192.0.2.1' };
    expect(of(headers, '10.0.0.1', [])).toBe('10.0.0.1');
    expect(of(headers, '203.0.113.5')).toBe('203.0.113.5');
    expect(of({}, '10.0.0.1')).toBe('10.0.0.1');
    expect(of(headers, 'unknown')).toBe('unknown');
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['192.0.2.1, 10.1.1.1', '192.0.2.1'],
    ['6.6.6.6, 192.0.2.1, 10.1.1.1,10.2.2.2', '192.0.2.1'],
    ['10.1.1.1', '10.1.1.1'],
    ['192.0.2.1:5678', '192.0.2.1'],
    ['[2001:db8::7]:443, 2001:db8:1::1', '2001:db8::7'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['6.6.6.6, unknown', '10.0.0.1'],
    ['6.6.6.6, , 10.1.1.1', '10.1.1.1'],
    ['6.6.6.6, 192.0.2.1 <script>', '10.0.0.1'],
    ['', '10.0.0.1'],
    [`6.6.6.6,${'10.1.1.1,'.repeat(40)}10.2.2.2`, '10.1.1.1'],
  ])('behind X-Forwarded-For: %s', (list, address) => {
    expect(of({ 'x-forwarded-for': list })).toBe(address);
  });

  it.each([
    ['for=192.0.2.1', '192.0.2.1'],
    ['For="192.0.2.1:47011";proto=https;by=203.0.113.43', '192.0.2.1'],
    ['for=6.6.6.6, for="[2001:db8::7]:4711" , for=10.1.1.1', '2001:db8::7'],
    ['for=6.6.6.6, for=_hidden', '10.0.0.1'],
    ['for=6.6.6.6, proto=https', '10.0.0.1'],
    ['for=192.0.2.1;host="a, for=6.6.6.6"', '192.0.2.1'],
    ['for="6.6.6.6, for=192.0.2.1', '10.0.0.1'],
    ['192.0.2.1', '10.0.0.1'],
  ])('behind Forwarded: %s', (header, address) => {
    expect(of({ forwarded: header })).toBe(address);
  });

  it('is that of the proxy where two headers disagree, because a client can have sent one of them', () => {
    expect(of({ forwarded: 'for=6.6.6.6', 'x-forwarded-for': '192.0.2.1' })).toBe('10.0.0.1');
    expect(of({ forwarded: 'for=192.0.2.1', 'x-forwarded-for': '192.0.2.1' })).toBe('192.0.2.1');
  });

  it('is recognized as a proxy in whatever form the system tells it', () => {
    expect(of({ 'x-forwarded-for': '192.0.2.1' }, '::ffff:10.0.0.1')).toBe('192.0.2.1');
    expect(of({ 'x-forwarded-for': '192.0.2.1' }, '2001:db8:1::5')).toBe('192.0.2.1');
  });
});
