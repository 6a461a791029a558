import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import cards from './cards.module.css';

/** Few enough to be asked for at once; React takes fifty answers that come together for a loop and gives up (error 185). */
const PORTION = 10;

export interface PortionsProps<T> {
  readonly items: readonly T[];
  readonly children: (item: T) => ReactNode;
  /** What the list is of; the items are entries (`li`) of it then. */
  readonly label?: string;
}

/** A list whose items each ask for something of their own: shows some, and more when wanted. */
export function Portions<T>({ items, children, label }: PortionsProps<T>) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(PORTION);
  const left = items.length - shown;
  return (
    <>
      {label === undefined ? (
        items.slice(0, shown).map(children)
      ) : (
        <ul className={cards.list} aria-label={label}>
          {items.slice(0, shown).map(children)}
        </ul>
      )}
      {left > 0 && (
        <Button variant="default" size="md" onClick={() => setShown(shown + PORTION)}>
          {t('app.more', { count: left })}
        </Button>
      )}
    </>
  );
}
