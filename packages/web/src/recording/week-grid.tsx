import { type KeyboardEvent, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { hourText, weekdayText } from '../time-text.ts';
import { cellOf, DAYS, HOURS, painted, type WeekCells } from './week-cells.ts';
import styles from './week-grid.module.css';

export interface WeekGridProps {
  readonly cells: WeekCells;
  readonly onChange: (cells: WeekCells) => void;
}

const days = Array.from({ length: DAYS }, (_, day) => day);
const hours = Array.from({ length: HOURS }, (_, hour) => hour);

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
};

/**
 * Hours of a week to choose from: a tap for an hour, its day or its time on all days; a mouse paints. With the keyboard the arrows
 * move and, with Shift held, take the choice along.
 */
export function WeekGrid({ cells, onChange }: WeekGridProps) {
  const { t } = useTranslation();
  const [focused, setFocused] = useState(0);
  const table = useRef<HTMLTableElement>(null);
  const stroke = useRef<{ readonly from: number; readonly on: boolean; readonly before: WeekCells }>(undefined);
  /** A mouse paints from where it is pressed on; the click that follows says nothing new. */
  const painting = useRef(false);

  const toggle = (corners: readonly [number, number]): void => onChange(painted(cells, corners, !cells.has(corners[0])));
  const onKeyDown = (event: KeyboardEvent, day: number, hour: number): void => {
    painting.current = false;
    const [dayStep, hourStep] = steps[event.key] ?? [];
    if (dayStep === undefined || hourStep === undefined) return;
    event.preventDefault();
    const next = cellOf((day + dayStep + DAYS) % DAYS, (hour + hourStep + HOURS) % HOURS);
    if (event.shiftKey) onChange(painted(cells, [next, next], cells.has(cellOf(day, hour))));
    setFocused(next);
    table.current?.querySelector<HTMLElement>(`[data-cell="${next}"]`)?.focus();
  };
  const press = (cell: number, isMouse: boolean): void => {
    painting.current = isMouse;
    if (!isMouse) return;
    stroke.current = { from: cell, on: !cells.has(cell), before: cells };
    window.addEventListener('pointerup', () => (stroke.current = undefined), { once: true });
    toggle([cell, cell]);
  };
  const click = (cell: number): void => {
    if (!painting.current) toggle([cell, cell]);
    painting.current = false;
  };
  const drawTo = (cell: number): void => {
    const drawn = stroke.current;
    if (drawn !== undefined) onChange(painted(drawn.before, [drawn.from, cell], drawn.on));
  };
  return (
    <table className={styles.grid} ref={table} aria-label={t('recording.week')}>
      <thead>
        <tr>
          <td />
          {days.map((day) => (
            <th key={day} scope="col">
              <button
                type="button"
                className={styles.head}
                aria-label={t('recording.wholeDay', { day: weekdayText(day, 'long') })}
                onClick={() => toggle([cellOf(day, 0), cellOf(day, HOURS - 1)])}
              >
                {weekdayText(day, 'short')}
              </button>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {hours.map((hour) => (
          <tr key={hour}>
            <th scope="row">
              <button
                type="button"
                className={styles.head}
                aria-label={t('recording.everyDay', { time: timeText(hour) })}
                onClick={() => toggle([cellOf(0, hour), cellOf(DAYS - 1, hour)])}
              >
                {timeText(hour)}
              </button>
            </th>
            {days.map((day) => {
              const cell = cellOf(day, hour);
              return (
                <td key={day}>
                  <button
                    type="button"
                    className={styles.cell}
                    data-cell={cell}
                    tabIndex={cell === focused ? 0 : -1}
                    aria-pressed={cells.has(cell)}
                    aria-label={t('recording.hour', { day: weekdayText(day, 'long'), time: timeText(hour) })}
                    onFocus={() => setFocused(cell)}
                    onKeyDown={(event) => onKeyDown(event, day, hour)}
                    onPointerDown={({ pointerType }) => press(cell, pointerType === 'mouse')}
                    onPointerEnter={() => drawTo(cell)}
                    onClick={() => click(cell)}
                  />
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The hour of the day as clocks of the place show it, whatever the zone of whoever looks. */
function timeText(hour: number): string {
  return hourText(hour * 3_600_000, { timeZone: 'UTC' });
}
