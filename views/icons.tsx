/**
 * The icons, drawn for this project: 24 by 24, one line width, the colour of the text beside them.
 *
 * Decorative only: every one is hidden from assistive technology, and its meaning always stands in text as well.
 */
import type { Child } from 'hono/jsx';

export type IconName =
  | 'eye'
  | 'pencil'
  | 'bolt'
  | 'unknown'
  | 'globe'
  | 'computer'
  | 'device'
  | 'server'
  | 'network'
  | 'shield'
  | 'question'
  | 'warning'
  | 'done'
  | 'person'
  | 'clock';

const PATHS: Readonly<Record<IconName, Child>> = {
  eye: (
    <>
      <path d="M2.5 12C4.6 8 8 6 12 6s7.4 2 9.5 6c-2.1 4-5.5 6-9.5 6s-7.4-2-9.5-6Z" />
      <circle cx="12" cy="12" r="2.75" />
    </>
  ),
  pencil: (
    <>
      <path d="M4.5 19.5l1.1-4.4L16 4.7a1.8 1.8 0 0 1 2.5 0l.8.8a1.8 1.8 0 0 1 0 2.5L8.9 18.4Z" />
      <path d="M13.8 6.9l3.3 3.3" />
    </>
  ),
  bolt: <path d="M13.5 3L5.5 13.5h5.2L10 21l8.5-11h-5.4Z" />,
  unknown: (
    <>
      <path d="M6 3.75h8l4 4v12.5H6Z" />
      <path d="M10 11.2a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M12 17.2v.1" />
    </>
  ),
  globe: (
    <>
      <circle cx="12" cy="12" r="8.75" />
      <path d="M3.25 12h17.5M12 3.25c2.6 2.5 3.7 5.4 3.7 8.75s-1.1 6.25-3.7 8.75c-2.6-2.5-3.7-5.4-3.7-8.75S9.4 5.75 12 3.25Z" />
    </>
  ),
  computer: (
    <>
      <rect x="3.5" y="4.5" width="17" height="11.5" rx="1.75" />
      <path d="M8.5 20h7M12 16v4" />
    </>
  ),
  device: (
    <>
      <rect x="6.5" y="2.75" width="11" height="18.5" rx="2.25" />
      <path d="M10.5 18h3" />
    </>
  ),
  server: (
    <>
      <rect x="3.75" y="4" width="16.5" height="6.75" rx="1.5" />
      <rect x="3.75" y="13.25" width="16.5" height="6.75" rx="1.5" />
      <path d="M7.25 7.4v.1M7.25 16.6v.1M10.5 7.4h6M10.5 16.6h6" />
    </>
  ),
  network: (
    <>
      <rect x="9" y="3.5" width="6" height="5" rx="1.25" />
      <rect x="3.25" y="15.5" width="6" height="5" rx="1.25" />
      <rect x="14.75" y="15.5" width="6" height="5" rx="1.25" />
      <path d="M12 8.5V12M6.25 15.5V12h11.5v3.5" />
    </>
  ),
  shield: (
    <>
      <path d="M12 3.25l7 2.5v5.5c0 4.4-2.8 7.6-7 9.5-4.2-1.9-7-5.1-7-9.5v-5.5Z" />
      <path d="M9 11.9l2.2 2.2 4-4.3" />
    </>
  ),
  question: (
    <>
      <circle cx="12" cy="12" r="8.75" />
      <path d="M9.6 9.7a2.45 2.45 0 1 1 3.6 2.2c-.8.4-1.2.9-1.2 1.8M12 16.6v.1" />
    </>
  ),
  warning: (
    <>
      <path d="M12 3.75L21.5 20h-19Z" />
      <path d="M12 10v4.5M12 17.2v.1" />
    </>
  ),
  done: (
    <>
      <circle cx="12" cy="12" r="8.75" />
      <path d="M8.2 12.3l2.6 2.6 5-5.4" />
    </>
  ),
  person: (
    <>
      <circle cx="12" cy="8" r="4" />
      <path d="M4.5 20.25c.9-3.7 3.7-5.5 7.5-5.5s6.6 1.8 7.5 5.5" />
    </>
  ),
  clock: (
    <>
      <circle cx="12" cy="12" r="8.75" />
      <path d="M12 7v5.2l3.4 2" />
    </>
  ),
};

export function Icon(props: { readonly name: IconName }): Child {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true" focusable="false">
      {PATHS[props.name]}
    </svg>
  );
}
