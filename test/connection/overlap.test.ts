import { expect, test } from 'vitest';
import { sharedHost } from '../../lib/connection/overlap.ts';
import { http, lambda } from '../kit/connection.ts';

const hosts = (...names: string[]) => http({ hosts: names });

test.each([
  [['api.test'], ['api.test'], 'api.test'],
  [['a.test', 'API.test'], ['b.test', 'api.test'], 'api.test'],
  [['*.shop.test'], ['api.shop.test'], 'shop.test'],
  [['api.shop.test'], ['*.shop.test'], 'api.shop.test'],
  [['*.eu.shop.test'], ['*.shop.test'], 'eu.shop.test'],
  [['*.shop.test'], ['*.shop.test'], 'shop.test'],
  [['http://api.test'], ['api.test'], 'api.test'],
  [['api.test'], ['api.test:8443'], undefined],
  [['shop.test'], ['*.shop.test'], undefined],
  [['a.test'], ['b.test'], undefined],
])('the hosts %j and %j share %s', (one, other, shared) => {
  expect(sharedHost(hosts(...one), hosts(...other))).toBe(shared);
});

test('a function shares no host', () => {
  expect(sharedHost(lambda(), hosts('api.test'))).toBeUndefined();
});
