/** The states of the page of an app that waits for an administrator. */
import { FORM, REFERENCE } from './fixture-facts.ts';
import type { Fixture } from './fixtures.ts';
import type { Frame } from './models.ts';
import { WaitingPage } from './waiting-page.tsx';

export const waitingFixtures = (frame: Frame): readonly Fixture[] => {
  const shared = { frame, reference: REFERENCE, maxLength: 500, againUrl: '#again' };
  return [
    { name: 'waiting', page: (text) => WaitingPage({ ...shared, form: FORM }, text) },
    { name: 'waiting-asked', page: (text) => WaitingPage({ ...shared, form: undefined }, text) },
  ];
};
