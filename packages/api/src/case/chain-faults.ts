import type { SegmentLink } from '@cardea/protocol';
import type { CaseFault, JudgedSegment } from './verify-case.ts';

type Signed = JudgedSegment & { readonly chain: SegmentLink };

/** What the chain shows of segments in the order they are listed. */
export function chainFaults(listed: readonly JudgedSegment[]): readonly CaseFault[] {
  const faults: CaseFault[] = listed.flatMap(({ verdict, ...rest }) => (verdict === 'forged' ? [{ kind: 'forged', ...named(rest) }] : []));
  const { inOrder, reordered } = setRight(listed.filter(({ verdict }) => verdict !== 'forged'));
  faults.push(...reordered.map((segment): CaseFault => ({ kind: 'reordered', ...named(segment) })));
  let last: Signed | undefined;
  let unsigned: JudgedSegment[] = [];
  for (const segment of inOrder) {
    if (!isSigned(segment)) {
      unsigned.push(segment);
      continue;
    }
    // Whoever stands before a signed segment is named by it, signed or not.
    const unnamed = unsigned.filter((each, index) => index < unsigned.length - 1 || each.sha256 !== segment.chain.previous);
    faults.push(...unnamed.map((each): CaseFault => ({ kind: 'unsigned', ...named(each) })));
    if (last !== undefined) faults.push(...stepFaults(last, segment, unsigned.length));
    last = segment;
    unsigned = [];
  }
  return [...faults, ...unsigned.map((each): CaseFault => ({ kind: 'unsigned', ...named(each) }))];
}

/** What lies between two signed segments that follow on each other in the case, with `between` unsigned ones. */
function stepFaults(last: Signed, next: Signed, between: number): readonly CaseFault[] {
  const { number, previous } = next.chain;
  const first = last.chain.number + 1;
  if (number < first) return [{ kind: 'restarted', ...named(next) }];
  if (number === first) return previous === last.sha256 ? [] : [{ kind: 'replaced', ...named(last) }];
  return number - first > between ? [{ kind: 'absent', ...named(next), first, last: number - 1 }] : [];
}

/** The segments with those that stand behind later ones put where they belong, and which these are. */
function setRight(listed: readonly JudgedSegment[]): { readonly inOrder: readonly JudgedSegment[]; readonly reordered: readonly Signed[] } {
  const inOrder: JudgedSegment[] = [];
  const reordered: Signed[] = [];
  for (const segment of listed) {
    // A camera that begins a new chain goes on later; one that stands in the wrong place was recorded before.
    const isLater = (other: JudgedSegment): boolean =>
      isSigned(other) && isSigned(segment) && other.chain.number > segment.chain.number && other.startAt > segment.startAt;
    const index = inOrder.findIndex(isLater);
    if (index < 0 || !isSigned(segment)) inOrder.push(segment);
    else {
      inOrder.splice(index, 0, segment);
      reordered.push(segment);
    }
  }
  return { inOrder, reordered };
}

function isSigned(segment: JudgedSegment): segment is Signed {
  return segment.verdict === 'signed' && segment.chain !== undefined;
}

function named({ file }: Pick<JudgedSegment, 'file'>): { readonly file?: string } {
  return file === undefined ? {} : { file };
}
