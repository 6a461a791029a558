import type { FormEvent } from 'react';

/** Does `act` when a form is submitted, in place of what the browser would do. */
export function submitting(act: () => void): (event: FormEvent) => void {
  return (event) => {
    event.preventDefault();
    act();
  };
}
