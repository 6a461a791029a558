import type { KeyboardEvent, PointerEvent, ReactNode } from 'react';

export interface HoldButtonProps {
  readonly label: string;
  readonly className: string | undefined;
  readonly children: ReactNode;
  readonly onHold: () => void;
  readonly onLetGo: () => void;
}

/** A button that acts while it is held, by pointer or by Enter and the space bar. */
export function HoldButton({ label, className, children, onHold, onLetGo }: HoldButtonProps) {
  const onPointerDown = (event: PointerEvent<HTMLButtonElement>): void => {
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    onHold();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    if (!event.repeat) onHold();
  };
  return (
    <button
      type="button"
      className={className}
      aria-label={label}
      title={label}
      onPointerDown={onPointerDown}
      onLostPointerCapture={onLetGo}
      onKeyDown={onKeyDown}
      onKeyUp={onLetGo}
      onBlur={onLetGo}
      onContextMenu={(event) => event.preventDefault()}
    >
      {children}
    </button>
  );
}
