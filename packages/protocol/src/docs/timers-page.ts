import * as timers from '../timers.ts';

/** The page of every timer and limit. */
export function timersPage(): string {
  const groups = Object.entries<Readonly<Record<string, number | readonly number[]>>>(timers);
  const sections = [
    '# Timers and limits',
    'Every number both ends have to agree on. The suffix of a name is its unit; a device follows the values a schedule or an answer brings where there are such.',
    ...groups.map(([name, values]) => `## ${name}\n\n${valueTable(values)}`),
  ];
  return `${sections.join('\n\n')}\n`;
}

function valueTable(values: Readonly<Record<string, number | readonly number[]>>): string {
  const rows = Object.entries(values).map(([name, value]) => `| ${name} | ${typeof value === 'number' ? value : value.join(', ')} |`);
  return ['| Name | Value |', '|---|---|', ...rows].join('\n');
}
