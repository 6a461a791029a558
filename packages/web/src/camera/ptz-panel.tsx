import { type CSSProperties, type PointerEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isAtEnd, problemKey } from '../api/problem-text.ts';
import { Icon, type IconName } from '../parts/icon.tsx';
import { HoldButton } from './hold-button.tsx';
import { still, type Velocity } from './ptz-driver.ts';
import styles from './ptz-panel.module.css';
import { ringVector } from './ring-vector.ts';
import type { Ptz } from './use-ptz.ts';

const STEP_SPEED = 0.5;
const RING_RADIUS = 86;

const steps = [
  { name: 'up', axis: 'tilt', sign: 1 },
  { name: 'left', axis: 'pan', sign: -1 },
  { name: 'right', axis: 'pan', sign: 1 },
  { name: 'down', axis: 'tilt', sign: -1 },
] as const;

const zooms = [
  { name: 'zoomIn', icon: 'plus', sign: 1 },
  { name: 'zoomOut', icon: 'minus', sign: -1 },
] as const;

/** A ring to drag, arrows and zoom buttons to hold. */
export function PtzPanel({ ptz }: { readonly ptz: Ptz }) {
  const { t } = useTranslation();
  const { driver, axes, problem } = ptz;
  const move = (velocity: Partial<Velocity>) => () => driver.steer({ ...still, ...velocity });
  const button = (name: 'up' | 'down' | 'left' | 'right' | 'zoomIn' | 'zoomOut', icon: IconName, velocity: Partial<Velocity>) => (
    <HoldButton
      key={name}
      label={t(`ptz.${name}`)}
      className={`${styles.step} ${styles[name] ?? ''}`}
      onHold={move(velocity)}
      onLetGo={() => driver.release()}
    >
      <Icon name={icon} />
    </HoldButton>
  );
  return (
    <div className={styles.panel}>
      <div className={styles.pad}>
        {(axes.includes('pan') || axes.includes('tilt')) && (
          <Ring onPull={(vector) => driver.steer({ ...still, ...vector })} onLetGo={() => driver.release()}>
            {steps
              .filter(({ axis }) => axes.includes(axis))
              .map(({ name, axis, sign }) => button(name, name, { [axis]: sign * STEP_SPEED }))}
          </Ring>
        )}
        {axes.includes('zoom') && (
          <div className={styles.zoom}>{zooms.map(({ name, icon, sign }) => button(name, icon, { zoom: sign * STEP_SPEED }))}</div>
        )}
      </div>
      <p className={`${styles.note} ${problem === undefined ? styles.keys : ''}`} role="status">
        {problem === undefined ? t('ptz.hint') : t(isAtEnd(problem) ? 'ptz.atEnd' : problemKey(problem))}
      </p>
    </div>
  );
}

interface RingProps {
  readonly onPull: (vector: { readonly pan: number; readonly tilt: number }) => void;
  readonly onLetGo: () => void;
  readonly children: React.ReactNode;
}

function Ring({ onPull, onLetGo, children }: RingProps) {
  const [pull, setPull] = useState<{ readonly x: number; readonly y: number }>();
  const follow = (event: PointerEvent<HTMLDivElement>): void => {
    const { left, top, width, height } = event.currentTarget.getBoundingClientRect();
    const x = event.clientX - left - width / 2;
    const y = event.clientY - top - height / 2;
    const length = Math.max(1, Math.hypot(x, y) / RING_RADIUS);
    setPull({ x: x / length / RING_RADIUS, y: y / length / RING_RADIUS });
    onPull(ringVector(x, y, RING_RADIUS));
  };
  const onPointerDown = (event: PointerEvent<HTMLDivElement>): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    follow(event);
  };
  const letGo = (): void => {
    setPull(undefined);
    onLetGo();
  };
  const style: CSSProperties & Record<`--${string}`, number> = { '--pull-x': pull?.x ?? 0, '--pull-y': pull?.y ?? 0 };
  return (
    <div
      className={styles.ring}
      style={style}
      data-active={pull === undefined ? undefined : true}
      onPointerDown={onPointerDown}
      onPointerMove={(event) => pull !== undefined && follow(event)}
      onLostPointerCapture={letGo}
    >
      <span className={styles.knob} />
      {children}
    </div>
  );
}
