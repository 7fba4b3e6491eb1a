/** The shape of one app the operator has reviewed. What a destination means: domain/catalog/entry.ts. */
import { z } from 'zod';
import { parseUrl } from '../domain/parse-url.ts';
import { report, text, yesNo } from './scalars.ts';

const destination = text(500).superRefine((value, context) => {
  if (value === 'loopback' || /^scheme:[a-z][a-z0-9+.-]*$/.test(value)) return;
  const url = parseUrl(value);
  const plain = url?.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === '';
  if (plain && (value === url.origin || value.startsWith(`${url.origin}/`))) return;
  report(
    context,
    'E106',
    `"${value}" is not a destination`,
    'write https://host, https://host/path, https://host/path/*, scheme:cursor or loopback, in normal form',
  );
});

export const catalogEntry = z
  .strictObject({
    id: text(64).describe('A key of yours.'),
    name: text(60).describe('What people call the app.'),
    aliases: z.array(text(60)).max(20).prefault([]).describe('Other names it registers under.'),
    destinations: z
      .array(destination)
      .min(1)
      .max(50)
      .describe(
        'Where it sends access: `https://host` (any path), `https://host/path`, `https://host/path/*`, `scheme:cursor`, `loopback`.',
      ),
    forwarders: z
      .array(destination)
      .max(50)
      .prefault([])
      .describe('Those of them that hand access on to an app on the device.'),
    client_ids: z
      .array(text(500))
      .max(50)
      .prefault([])
      .describe('Client ids that make a loopback or scheme destination count as reviewed.'),
    common_word: yesNo().prefault(false).describe('The name is an everyday word: only the whole name is protected.'),
  })
  .superRefine((entry, context) => {
    const stray = entry.forwarders.find((one) => !entry.destinations.includes(one));
    if (stray === undefined) return;
    report(context, 'E106', `the forwarder ${stray} is not among the destinations`, 'list it under destinations too');
  });
