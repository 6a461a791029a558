import type { ReactNode } from 'react';

/** Drawn for a field of 24 by 24, with strokes. */
const drawings = {
  home: <path d="M4 11 12 4l8 7v8a1 1 0 0 1-1 1h-4v-6H9v6H5a1 1 0 0 1-1-1z" />,
  camera: (
    <>
      <rect x="3" y="6" width="13" height="12" rx="2" />
      <path d="m16 10.5 5-3v9l-5-3" />
    </>
  ),
  person: (
    <>
      <circle cx="12" cy="8" r="4" />
      <path d="M4.5 20a7.5 7.5 0 0 1 15 0" />
    </>
  ),
  people: (
    <>
      <circle cx="9" cy="8.500" r="3.500" />
      <path d="M2.500 19.500a6.500 6.500 0 0 1 13 0M16 5.500a3.500 3.500 0 0 1 0 6.500M18 14.500a6 6 0 0 1 3.500 5" />
    </>
  ),
  share: <path d="M12 15V4M8 7.500 12 3.500l4 4M7 11H5.500v9h13v-9H17" />,
  plus: <path d="M12 5v14M5 12h14" />,
  minus: <path d="M5 12h14" />,
  sound: <path d="M4 9.5h3.5L12 6v12l-4.5-3.500H4zM15.5 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11" />,
  silent: <path d="M4 9.500h3.500L12 6v12l-4.5-3.500H4zM16 9.500l5 5M21 9.500l-5 5" />,
  microphone: (
    <>
      <rect x="9" y="3.500" width="6" height="11" rx="3" />
      <path d="M5.500 11.500a6.500 6.500 0 0 0 13 0M12 18v2.500M9 20.500h6" />
    </>
  ),
  picture: (
    <>
      <path d="M4 8.500A1.5 1.5 0 0 1 5.5 7H8l1.5-2.500h5L16 7h2.500A1.5 1.5 0 0 1 20 8.500v9a1.5 1.5 0 0 1-1.5 1.500h-13A1.5 1.5 0 0 1 4 17.500z" />
      <circle cx="12" cy="12.5" r="3.5" />
    </>
  ),
  grow: <path d="M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5" />,
  shrink: <path d="M4 9h5V4M20 9h-5V4M4 15h5v5M20 15h-5v5" />,
  window: (
    <>
      <rect x="3" y="5" width="18" height="14" rx="2" />
      <path d="M12 12h6v4h-6z" />
    </>
  ),
  left: <path d="m14.5 6-6 6 6 6" />,
  right: <path d="m9.5 6 6 6-6 6" />,
  up: <path d="m6 14.5 6-6 6 6" />,
  down: <path d="m6 9.5 6 6 6-6" />,
  play: <path d="M8 5.500v13l10.5-6.500z" />,
  pause: <path d="M8 5.500v13M16 5.500v13" />,
  back10: (
    <>
      <path d="M5.5 8A8 8 0 1 1 4 13M5 4v4.500h4.5" />
      <path d="M9.5 10.500v5M14 10.500c1 0 1.7.9 1.7 2.500s-.7 2.5-1.7 2.5-1.7-.9-1.7-2.5.7-2.5 1.7-2.5" strokeWidth="1.3" />
    </>
  ),
  forward10: (
    <>
      <path d="M18.5 8A8 8 0 1 0 20 13M19 4v4.500h-4.5" />
      <path d="M9.5 10.500v5M14 10.500c1 0 1.7.9 1.7 2.500s-.7 2.5-1.7 2.5-1.7-.9-1.7-2.5.7-2.5 1.7-2.5" strokeWidth="1.3" />
    </>
  ),
  pin: <path d="M7 4h10v16l-5-4-5 4z" />,
  film: <path d="M3.5 6h17v12h-17zM8 6v12M16 6v12M3.5 10H8M3.5 14H8M16 10h4.5M16 14h4.5" />,
  record: <path d="M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z" />,
  pencil: <path d="M4 20h4L19 9l-4-4L4 16zM13 7l4 4" />,
  bin: <path d="M5 7h14M10 7V4.500h4V7M7 7l1 12.500h8L17 7M10.5 10.500v6M13.5 10.500v6" />,
  copy: (
    <>
      <rect x="9" y="9" width="11" height="11" rx="2" />
      <path d="M15 9V5.500A1.5 1.5 0 0 0 13.5 4h-8A1.5 1.5 0 0 0 4 5.500v8A1.5 1.5 0 0 0 5.5 15H9" />
    </>
  ),
  check: <path d="m5 12.5 4.5 4.500L19 7.5" />,
  leave: <path d="M14 4.500H6.500A1.5 1.5 0 0 0 5 6v12a1.5 1.5 0 0 0 1.5 1.500H14M10 12h10M16.5 8.5 20 12l-3.5 3.5" />,
  save: <path d="M12 4v11M7.5 10.5 12 15l4.5-4.500M5 19.500h14" />,
  warning: <path d="M12 4 3 19.500h18zM12 10v4.500M12 17v.1" />,
  moon: <path d="M19.5 14.500A8 8 0 0 1 9.5 4.500a8 8 0 1 0 10 10z" />,
  shield: <path d="M12 3.5 5 6v5.500c0 4.5 3 7.5 7 9 4-1.5 7-4.5 7-9V6z" />,
  broken: (
    <path d="M3 3l18 18M8 6h6.500A1.5 1.5 0 0 1 16 7.500V14m0 2.500A1.5 1.5 0 0 1 14.5 18h-10A1.5 1.5 0 0 1 3 16.500v-9A1.5 1.5 0 0 1 4.5 6M16 10.500l5-3v9" />
  ),
} as const satisfies Record<string, ReactNode>;

export type IconName = keyof typeof drawings;

/** A picture without words: whatever it stands in says what it means. */
export function Icon({ name, size = 22 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {drawings[name]}
    </svg>
  );
}
