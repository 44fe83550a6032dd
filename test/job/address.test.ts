import { expect, it } from 'vitest';
import { addressReach } from '../../lib/job/address.ts';

it.each([
  ...['93.184.215.14', '2606:2800:21f:cb07::1', '::ffff:93.184.215.14', '64:ff9b::5db8:d70e'].map((ip) => [
    ip,
    'public',
  ]),
  ...['127.0.0.1', '10.0.0.1', '192.168.1.1', '100.64.0.1', '::1', 'fd12::1', '::ffff:127.0.0.1', '64:ff9b::a00:1'].map(
    (ip) => [ip, 'private'],
  ),
  ...[
    '169.254.169.254',
    'fd00:ec2::254',
    '224.0.0.1',
    '0.0.0.0',
    '240.0.0.1',
    '2002:7f00:1::',
    'fe80::1',
    '100::1',
  ].map((ip) => [ip, 'special']),
  // The old compatible form is not taken for a public address.
  ['::8.8.8.8', 'special'],
  ...['', 'localhost', '127.1', '::8.8.8.8.8', '93.184.215.14:80'].map((text) => [text, 'special']),
])('the address "%s" is %s', (address, reach) => {
  expect(addressReach(address)).toBe(reach);
});
